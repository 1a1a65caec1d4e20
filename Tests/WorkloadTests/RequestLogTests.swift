import Foundation
import TestSupport
import Testing
import Topics

@testable import Workload

@Suite struct `A file of requests` {
    static let rows = """
        time,customer,service,outcome
        10,a,web,success
        70.25,b,mail,timeout
        70.25,a,web,0
        30,a,web,True
        200,b,mail,exploded

        """

    private func trace(_ text: String) throws -> RecordedTrace {
        try withFile(text, "requests.csv") { try RecordedTrace(requests: $0) }
    }

    @Test func `happens when it did, and comes out as it did`() throws {
        let replay = RecordedReplay(try trace(Self.rows), seed: 1, startMs: 1_000_000)
        let seen = invocations(EventStream(replay)).map {
            "\($0.functionID.path) \($0.startedAtMs - 1_000_000) \($0.durationMs) \($0.outcome)"
        }
        #expect(
            seen == [
                "a/web/web 10000 0.0 success", "a/web/web 30000 0.0 success",
                "a/web/web 70250 0.0 error", "b/mail/mail 70250 0.0 timeout",
                "b/mail/mail 200000 0.0 error",
            ])
    }

    @Test func `counts the words that it does not know`() throws {
        #expect(try trace(Self.rows).remarks.unknownOutcomes == 1)
    }

    @Test(arguments: [
        ("success", Outcome.success), ("error", .error), ("timeout", .timeout),
        ("out_of_memory", .outOfMemory), ("throttled", .throttled), ("killed", .killed),
        ("1", .success), ("0", .error), ("true", .success), ("FALSE", .error), ("Ok", .success),
        ("fail", .error), ("whatever", .error),
    ])
    func `knows outcomes by their words`(word: String, outcome: Outcome) throws {
        let text = "time,customer,service,outcome\n1,a,b,\(word)\n"
        #expect(try trace(text).runs.map(\.outcome) == [outcome])
    }

    @Test func `is the same in whatever order its rows come`() throws {
        let lines = Self.rows.split(separator: "\n")
        var random = TestRandom(seed: 7)
        let whole = RecordedReplay(try trace(Self.rows), seed: 1)
        for _ in 0..<10 {
            let shuffled = [lines[0]] + lines.dropFirst().shuffled(using: &random)
            let replay = RecordedReplay(
                try trace(shuffled.joined(separator: "\n")), seed: 1)
            #expect(replay.run == whole.run)
            #expect(sent(EventStream(replay)) == sent(EventStream(whole)))
        }
    }

    @Test func `may count from 1970, name its columns in any order, and have more of them`() throws
    {
        let text = "\u{FEFF}id,outcome,service,time,customer\n9,ok,web,1612130402.5,a\n"
        let all = invocations(EventStream(RecordedReplay(try trace(text), seed: 1)))
        #expect(all.map(\.startedAtMs) == [1_612_130_402_500])
    }

    @Test(arguments: [
        ("time,customer,service\n", 1, "outcome"),
        ("time,customer,service,outcome\n\n1,a,b,ok\nx,a,b,ok\n", 4, "time"),
        ("time,customer,service,outcome\n-1,a,b,ok\n", 2, "time"),
        ("time,customer,service,outcome\n1612130402500,a,b,ok\n", 2, "time"),
        ("time,customer,service,outcome\n1,,b,ok\n", 2, "customer"),
        ("time,customer,service,outcome\n1,a,b\u{1}c,ok\n", 2, "service"),
        ("time,customer,service,outcome\n1,a,b,\n", 2, "outcome"),
        ("time,customer,service,outcome\n1,a,b\n", 2, "line"),
        ("time,customer,service,outcome\n1,a,\"b,c\",ok\n", 2, "line"),
        ("time,customer,service,outcome\n1,a,b,ok\n400000000,a,b,ok\n", 3, "time"),
        ("", 1, "header"),
    ])
    func `that is none says where`(text: String, line: Int, column: String) throws {
        let error = #expect(throws: TraceError.self) { try trace(text) }
        #expect(error?.file == "requests.csv")
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test func `may be packed, in several members`() throws {
        let halves = [Self.rows.prefix(60), Self.rows.dropFirst(60)].map(String.init)
        let packed = try halves.map(gzip).joined()
        let read = try withFile(Data(packed), "requests.csv.gz") { try RecordedTrace(requests: $0) }
        #expect(read.runs == (try trace(Self.rows)).runs)
    }

    @Test(arguments: [1, 9, 30])
    func `says when what was packed is cut off or damaged`(lost: Int) throws {
        let packed = try gzip(Self.rows)
        #expect(throws: TraceFolderError.self) {
            try withFile(packed.dropLast(lost), "r.csv.gz") { try RecordedTrace(requests: $0) }
        }
        var damaged = packed
        damaged[packed.count / 2] ^= 0xFF
        #expect(throws: (any Error).self) {
            try withFile(damaged, "r.csv.gz") { try RecordedTrace(requests: $0) }
        }
    }

    @Test func `needs a file, not a folder`() throws {
        #expect(throws: TraceFolderError.self) { try RecordedTrace(requests: "/nowhere") }
        let error = try withFile("", "r.csv") { file in
            let folder = URL(filePath: file).deletingLastPathComponent().path
            return #expect(throws: TraceFolderError.self) { try RecordedTrace(requests: folder) }
        }
        #expect(error?.detail.contains("expected a file") == true)
    }
}
