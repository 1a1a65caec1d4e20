import Foundation
import TestSupport
import Testing
import Topics

@testable import Workload

/// A trace of four minutes from 08:00, small enough to check by hand:
/// `f1` (timer of app a1) 1 a minute, `f2` (http, a1) 0, 3, 0, 2, `g` (queue of app b1) 0, 0, 5, 0.
func smallTrace() throws -> AzureTrace {
    try AzureTrace(
        invocations: [file("invocations.csv", smallInvocations)],
        durations: [file("durations.csv", smallDurations)],
        memory: [file("memory.csv", smallMemory)])
}

func file(_ name: String, _ text: String) -> AzureTrace.File { (name, Array(text.utf8)) }

let smallInvocations = """
    HashOwner,HashApp,HashFunction,Trigger,480,481,482,483
    a,a1,f1,timer,1,1,1,1
    a,a1,f2,http,0,3,0,2
    b,b1,g,queue,0,0,5,0

    """
let smallDurations = """
    HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,\
    percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,\
    percentile_Average_99,percentile_Average_100
    a,a1,f1,100,9,10,1000,10,10,50,100,200,900,1000
    a,a1,f2,30000,9,0,200000,0,0,20000,30000,40000,90000,200000
    b,b1,g,5,9,5,5,5,5,5,5,5,5,5

    """
let smallMemory = """
    HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,\
    AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,\
    AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,\
    AverageAllocatedMb_pct100
    a,a1,9,100,80,90,95,100,105,110,120,130
    b,b1,9,200,200,200,200,200,200,200,200,200

    """

func smallReplay(seed: UInt64 = 1) throws -> TraceReplay {
    try TraceReplay(try smallTrace(), seed: seed, workerMemoryMb: 16_384)
}

func generated(
    seed: UInt64 = 1, functions: Int = 8, days: Int? = 1
) -> GeneratedFleet {
    var parameters = GeneratedFleet.Parameters()
    parameters.seed = seed
    parameters.functions = functions
    parameters.days = days
    return GeneratedFleet(parameters)
}

/// An event as it goes to its partition.
struct Sent: Hashable {
    let partition: Int32
    let sequence: Workload.Sequence
    let text: String
}

/// All invocations of a stream, up to a number.
func sent(_ stream: EventStream, limit: Int = .max, partitions: Int32 = 4) -> [Sent] {
    var stream = stream
    let writer = InvocationWriter(run: stream.run)
    var all: [Sent] = []
    while all.count < limit, let event = stream.next() {
        guard case .ended(let execution) = event else { continue }
        let profile = stream.profile(of: execution)
        var bytes: [UInt8] = []
        writer.write(execution, of: profile, worker: nil, to: &bytes)
        all.append(
            Sent(
                partition: Topics.partition(ofKey: profile.id.service.path, among: partitions),
                sequence: execution.sequence, text: String(decoding: bytes, as: UTF8.self)))
    }
    return all
}

/// A day of sixteen functions, some of them new.
let wholeDay = sent(EventStream(generated(seed: 3, functions: 16)))

/// Kept beside the repository, never in it.
let azureFolder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("../shared/traces/azure2019_functions").standardized.path
let hasAzureTrace = FileManager.default.fileExists(atPath: azureFolder + "/invocations.csv")

func withFile<Value>(
    _ bytes: some Swift.Sequence<UInt8>, _ name: String, _ body: (String) throws -> Value
) throws -> Value {
    try withTemporaryFolder { folder in
        try Data(bytes).write(to: URL(filePath: folder + "/" + name))
        return try body(folder + "/" + name)
    }
}

func withFile<Value>(
    _ text: String, _ name: String, _ body: (String) throws -> Value
) throws -> Value {
    try withFile(Data(text.utf8), name, body)
}

/// By Debian's gzip, so that what is read is not what we packed.
func gzip(_ text: String) throws -> [UInt8] {
    try withFile(text, "plain") { file in
        let made = try ChildProcess.run("/bin/gzip", ["--keep", file], within: .seconds(30))
        #expect(made.error == "")
        return Array(try Data(contentsOf: URL(filePath: file + ".gz")))
    }
}
