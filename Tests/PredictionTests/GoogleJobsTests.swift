import Foundation
import Numerics
import Testing

@testable import Prediction

/// Production jobs of a Google cluster in 2011: services recur, and new ones come every day.
private let jobs = "../shared/traces/google2011_jobs/jobs.csv.gz"

@Suite(
    .enabled(
        if: FileManager.default.fileExists(atPath: jobs), "needs real traces in ../shared/traces"))
struct `Success of services never seen before` {
    /// History: the first three days. Services first seen on the fourth, each outcome foretold from
    /// the k before it. The lab measured, with 20 days of history and later services, a log-loss of
    /// .452, .335 and .262 at k = 0, 1 and 3 for a like method, .68, .64 and .65 for the global
    /// rate, and .68, .75 and .35 for the raw rate.
    @Test func `is foretold better than by the fleet's rate or the service's own`() throws {
        let splitS = 3 * 86_400
        let services = try readServices(beforeS: 4 * 86_400)
        let old = services.filter { $0.firstS < splitS }
        let new = services.filter { $0.firstS >= splitS }
        let parts = old.compactMap { $0.part(beforeS: splitS) }
        let success = FleetPrior([PriorContribution(of: parts, beside: [])]).success
        // Each service once: the strongest form of the trivial line for services.
        let rates = parts.map { Double($0.successesEver) / Double($0.outcomesEver) }
        let fleet = rates.reduce(0, +) / Double(rates.count)
        #expect(new.count > 300)
        for k in [0, 1, 3] {
            var ours = 0.0
            var global = 0.0
            var raw = 0.0
            for service in new where service.outcomes.count > k {
                let known = service.outcomes[..<k].count { $0.success }
                let estimate = SuccessEstimate(
                    success.prior(service.group), successes: known, of: k)
                let outcome = service.outcomes[k].success
                ours += loss(estimate.distribution.mean, outcome)
                global += loss(fleet, outcome)
                raw += loss(k == 0 ? fleet : Double(known) / Double(k), outcome)
            }
            #expect(ours < 0.8 * global)
            #expect(ours < 0.9 * raw)
        }
    }

    private func loss(_ rate: Double, _ success: Bool) -> Double {
        let rate = min(max(rate, 1e-3), 1 - 1e-3)
        return -log(success ? rate : 1 - rate)
    }
}

private struct JobService {
    var group: SuccessHierarchy.Group
    var firstS: Int
    var outcomes: [(endS: Int, success: Bool)] = []

    func part(beforeS splitS: Int) -> PriorContribution.Part? {
        let known = outcomes.filter { $0.endS < splitS }
        guard !known.isEmpty else { return nil }
        let successes = known.count { $0.success }
        return PriorContribution.Part(
            group: group, successesEver: successes, outcomesEver: known.count,
            demand: DemandHistory(firstSlotMs: 0), cluster: nil)
    }
}

/// Services by name, with outcomes in order of submission.
private func readServices(beforeS endS: Int) throws -> [JobService] {
    let gzip = Process()
    gzip.executableURL = URL(filePath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", jobs]
    let pipe = Pipe()
    gzip.standardOutput = pipe
    try gzip.run()
    defer {
        try? pipe.fileHandleForReading.close()
        gzip.waitUntilExit()
    }
    var services: [String: JobService] = [:]
    var rest: [UInt8] = []
    reading: while let chunk = try pipe.fileHandleForReading.read(upToCount: 1 << 20) {
        rest += chunk
        let lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for line in lines.dropLast() {
            let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 9, let submitS = Int(fields[1]), let end = Int(fields[3]),
                submitS > 0, end > 0, !fields[4].isEmpty
            else { continue }
            if submitS >= endS { break reading }
            let group = SuccessHierarchy.Group(trigger: fields[6], customer: fields[5])
            services[fields[8], default: JobService(group: group, firstS: submitS)].outcomes
                .append((end, fields[4] == "FINISH"))
        }
        rest = Array(lines.last ?? [])
    }
    return services.sorted { $0.key < $1.key }.map(\.value)
}
