import Foundation
import TestSupport
import Topics

@testable import Workload

extension Target {
    /// Files of outcomes that operators give us, plain and packed.
    static let outcomeTables: [Target] = [
        Target(
            "tables of outcomes", inputsUsually: 2_000,
            mutator: {
                Mutator(
                    corpus: outcomeCorpus,
                    dictionary: [
                        "\n", "\r\n", ",", ",,", "\"", "-1", "-600", "1e308", "nan", "0x1p9",
                        "FINISH", "success", "job_id", "\u{FEFF}",
                    ])
            }, read: isOutcomes)
    ]

    private static let outcomeCorpus: [[UInt8]] = {
        let jobs = """
            job_id,submit_s,sched_s,end_s,final,user,cls,jobname,logical
            7,-600,-600,90,FINISH,u,3,x,batch
            8,10,12,9000,KILL,u,3,x,batch
            12,80,85,-1,,v,2,x,running

            """
        let requests = "time,customer,service,outcome\n10,a,web,success\n70.25,b,mail,0\n"
        return [jobs, jobs, requests, requests].map { Array($0.utf8) } + [packedRequests]
    }()

    /// "time,customer,service,outcome\n1,a,b,ok\n" by gzip.
    private static let packedRequests: [UInt8] = Array(
        Data(
            base64Encoded:
                "H4sIAAAAAAACAyvJzE3VSS4tLsnPTS3SKU4tKstMTtXJLy1JBgpwGeok6iTp5GdzAQB0exd7JwAAAA==")
            ?? Data())
}

/// What is taken can be replayed, and every event is one that the featurizer takes.
private func isOutcomes(_ input: [UInt8]) throws -> Bool {
    let trace: RecordedTrace
    do {
        trace =
            String(decoding: input.prefix(100), as: UTF8.self).contains("job_id")
            ? RecordedTrace(try read(input, GoogleJobs()).runs, kind: "gj", originMs: 0)
            : RecordedTrace(try read(input, RequestLog()).runs, kind: "rq", originMs: 0)
    } catch is TraceError { return false } catch is Inflation.Failure { return false }
    let replay = RecordedReplay(trace, seed: 1)
    try hold(
        replay.peakDemands.allSatisfy { $0.milliCpu >= 0 && $0.milliCpu.isFinite }, "demands")
    var stream = EventStream(replay)
    for _ in 0..<50 {
        guard let event = stream.next() else { break }
        switch event {
        case .announced(let service, _): try service.validate()
        case .ended(let execution):
            try execution.invocation(of: stream.profile(of: execution), run: stream.run).validate()
        }
    }
    return true
}

private func read<Taker: TakesRows>(_ input: [UInt8], _ taker: Taker) throws -> Taker {
    var table = StreamedTable(file: "outcomes.csv", taker)
    if Inflation.isGzip(input) {
        try Inflation().unpack(input) { piece in try table.take(piece) }
    } else {
        try table.take(input)
    }
    return try table.finished()
}
