import Settings
import TestSupport
import Topics

@testable import HTTP
@testable import Pages
@testable import Workload

extension Target {
    /// Files that operators give us.
    static let tables: [Target] = [
        Target(
            "a trace's tables", inputsUsually: 2_000,
            mutator: {
                Mutator(
                    corpus: traces,
                    dictionary: [
                        "\u{1E}", "\n", "\r\n", ",", ",,", "\"", "HashApp", "1440", "4294967296",
                    ])
            }, read: isTrace)
    ]

    /// What browsers and shells send.
    static let web: [Target] = [
        Target(
            "targets of HTTP requests", inputsUsually: 8_000,
            mutator: {
                Mutator(
                    corpus: [
                        "/functions/acme/shop%2F1/pay?hours=24&sort=-demand",
                        "/at?part=workers&part=..&cell=3", "http://host/load.csv#x",
                        "/workers/w%C3%A9",
                    ].map { Array($0.utf8) },
                    dictionary: [
                        "%", "%00", "%ff", "&", "=", "?", "#", "+", "//", "/../", "http://",
                    ])
            }, read: isTarget),
        Target(
            "addresses of names", inputsUsually: 8_000,
            mutator: { Mutator(corpus: ["acme", "..", "a/b", "é"].map { Array($0.utf8) }) },
            read: isAddressed),
        Target(
            "command lines", inputsUsually: 4_000,
            mutator: {
                Mutator(
                    corpus: [
                        "--rows-max=5\u{1E}DIR",
                        "run\u{1E}--share\u{1E}0.5\u{1E}--mode=fast\u{1E}DIR",
                        "\u{1E}--help",
                    ].map { Array($0.utf8) },
                    dictionary: [
                        "\u{1E}", "--", "-", "=", "--help", "--share", "--rows-max", "NaN",
                    ])
            }, read: isCommandLine),
    ]

    private static let traces: [[UInt8]] = {
        let minutes = (1...1_440).map(String.init).joined(separator: ",")
        let counts = (1...1_440).map { $0 % 7 == 0 ? "3" : "0" }.joined(separator: ",")
        let short = """
            HashOwner,HashApp,HashFunction,Trigger,480,481,482
            o1,a1,f1,http,0,2,5
            o1,a1,f2,timer,1,1,1
            \u{1E}HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,\
            percentile_Average_0,percentile_Average_1,percentile_Average_25,\
            percentile_Average_50,percentile_Average_75,percentile_Average_99,percentile_Average_100
            o1,a1,f1,120,30,0,900,0,10,60,100,150,800,900
            \u{1E}HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,\
            AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,\
            AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,\
            AverageAllocatedMb_pct100
            o1,a1,10,120,90,95,100,110,120,140,150,160

            """
        let whole = "HashOwner,HashApp,HashFunction,Trigger,\(minutes)\no,a,f,queue,\(counts)\n"
        return [Array(short.utf8), Array(short.utf8), Array(short.utf8), Array(whole.utf8)]
    }()
}

/// Invocations, durations and memory, one table behind the other; what is taken can be replayed.
private func isTrace(_ input: [UInt8]) throws -> Bool {
    let parts = input.split(separator: 0x1E, omittingEmptySubsequences: false).map { Array($0) }
    let trace: AzureTrace
    do throws(TraceError) {
        trace = try AzureTrace(
            invocations: [(name: "invocations.csv", bytes: parts[0])],
            durations: parts.count > 1 ? [(name: "durations.csv", bytes: parts[1])] : [],
            memory: parts.count > 2 ? [(name: "memory.csv", bytes: parts[2])] : [])
    } catch { return false }
    let replay: TraceReplay
    do throws(OversizedFunction) {
        replay = try TraceReplay(trace, seed: 1, workerMemoryMb: 10_240)
    } catch { return false }
    _ = replay.peakDemands
    var stream = EventStream(replay)
    for _ in 0..<50 { guard stream.next() != nil else { break } }
    return true
}

/// What is taken has a decoded path without what a path must not have.
private func isTarget(_ input: [UInt8]) throws -> Bool {
    let request: Request
    do throws(Request.Refusal) {
        request = try Request(
            method: .get, target: input,
            headers: [.init(name: "If-None-Match", value: String(decoding: input, as: UTF8.self))])
    } catch { return false }
    try hold(request.path.utf8.first == UInt8(ascii: "/"), "path \(request.path)")
    try hold(request.path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "path \(request.path)")
    try hold(request.queryItems.count <= HTTP.Limits.queryItems, "\(request.queryItems.count)")
    _ = request.query("cell")
    return true
}

/// The address of a name leads back to it.
private func isAddressed(_ input: [UInt8]) throws -> Bool {
    let half = input.count / 2
    let names = [input[..<half], input[half...]].map { String(decoding: $0, as: UTF8.self) }
    // What messages may hold; a zero byte, say, is in no name.
    let isName = names.allSatisfy { name in
        !name.isEmpty && name.utf8.count <= 256
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
    guard isName else { return false }
    let address = Address("workers", names[0], names[1])
    let request = try Request(target: address.text)
    let found =
        request.segments == ["at"]
        ? request.queryItems.filter { $0.name == Address.part }.map(\.value) : request.segments
    try hold(
        found.map { Array($0.utf8) } == (["workers"] + names).map { Array($0.utf8) },
        "\(address.text) leads to \(found)")
    return true
}

private let command = Command(
    name: "program", summary: "does something",
    settings: [Setting("rows.max", default: 10, in: 1...1_000_000, "rows")],
    subcommands: [
        Command(
            name: "run", summary: "runs", positional: [Positional("DIR", count: 0...2, "a folder")],
            settings: [Setting("share", default: 0.5, in: 0...1, "a share")])
    ])

private func isCommandLine(_ input: [UInt8]) throws -> Bool {
    let words = input.split(separator: 0x1E, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    let variable = ["ROWS_MAX": words[0], "SHARE": words.last ?? ""]
    do throws(SettingsError) {
        _ = try command.parse(arguments: words, environment: variable)
    } catch {
        try hold(!"\(error)".isEmpty, "a refusal without a word")
        return false
    }
    return true
}
