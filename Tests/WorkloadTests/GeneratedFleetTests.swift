import Foundation
import Testing
import Topics

@testable import Workload

/// The mix of Shahrad et al., "Serverless in the Wild" (USENIX ATC 2020).
@Suite struct `A generated fleet` {
    /// Shares of functions by trigger. A service's functions share one, and a service has about
    /// 2.7 of them (at most 20): 10,000 functions are some 3,700 services, and the standard error
    /// of a share s is near sqrt(s (1 - s) sum n^2) / sum n < 0.02; 0.06 is three of them.
    @Test func `has the published mix of triggers`() {
        let profiles = profiles(of: generated(seed: 11, functions: 10_000))
        for (trigger, share) in zip(Population.triggers, Population.triggerWeights) {
            let got = Double(profiles.count { $0.trigger == trigger }) / 10_000
            #expect(abs(got - share) < 0.06)
        }
    }

    /// 45 % at most hourly, 81 % at most every minute. Timers, 15.6 % of functions, fire at most
    /// every minute, so that 0.844 x 0.81 + 0.156 = 0.84 stay under it, and 0.844 x 0.45 +
    /// 0.156 x 0.45 / 0.81 = 0.47 under the other.
    @Test func `has the published spread of rates`() {
        let perDay = generated(seed: 12, functions: 10_000).lawsPerDay
        #expect(abs(share(perDay) { $0 <= 24.5 } - 0.47) < 0.03)
        #expect(abs(share(perDay) { $0 <= 1_440 } - 0.84) < 0.03)
        // Eight orders of magnitude: from one in ten days to 10^7 a day.
        #expect((perDay.min() ?? 1) < 0.2)
        #expect((perDay.max() ?? 0) > 5e6)
        // The busiest 18.6 % bring 99.6 % of the invocations.
        let sorted = perDay.sorted(by: >)
        let busiest = sorted.prefix(1_860).reduce(0, +) / sorted.reduce(0, +)
        #expect(busiest > 0.99)
    }

    /// Log-normal with log-mean -0.38 (s): the median is 0.68 s, and 56 % are under a second
    /// (normal(0.38 / 2.36) = 0.564); what is busy is cut shorter, so a little more.
    @Test func `has the published spread of durations`() {
        let medians = profiles(of: generated(seed: 13, functions: 10_000)).map {
            $0.durationMs.value(at: 0.5)
        }
        #expect((0.54...0.66).contains(share(medians) { $0 < 1_000 }))
        #expect(share(medians) { $0 < 10 } > 0.01)
        #expect(share(medians) { $0 > 60_000 } > 0.01)
    }

    /// The Burr's median is 107.083 ((0.5)^(-1/0.221) - 1)^(1/11.652) = 139.6 MB; 90 % stay under
    /// 107.083 (0.1^(-1/0.221) - 1)^(1/11.652) = 261.8 MB.
    @Test func `has the published spread of memory`() {
        let medians = profiles(of: generated(seed: 14, functions: 10_000)).map {
            $0.memoryPeakMb.value(at: 0.5)
        }
        #expect(abs(share(medians) { $0 < 139.6 } - 0.5) < 0.02)
        #expect(abs(share(medians) { $0 < 261.8 } - 0.9) < 0.02)
    }

    /// 54 % of apps have one function, 95 % at most ten.
    @Test func `has the published sizes of services`() {
        let sizes = Dictionary(
            grouping: profiles(of: generated(seed: 15, functions: 10_000)), by: \.id.service
        ).values.map { Double($0.count) }
        #expect(abs(share(sizes) { $0 == 1 } - 0.56) < 0.04)
        #expect(abs(share(sizes) { $0 <= 10 } - 0.95) < 0.02)
    }

    @Test func `works by day in offices and by night in batches`() {
        let office = Rhythm.office.hourWeights(utcOffset: 1)
        let batch = Rhythm.nightBatch.hourWeights(utcOffset: 1)
        // Monday 07:00 UTC is 08:00 one hour east; Saturday is free.
        #expect(office[6] < 0.5 && office[7] > 1 && office[16] > 1 && office[17] < 0.5)
        #expect(office[5 * 24 + 10] < 0.5)
        let mean = zip(office, batch).reduce(0) { $0 + ($1.0 - 1) * ($1.1 - 1) }
        #expect(mean < 0)
        for rhythm in Rhythm.allCases {
            #expect(abs(rhythm.hourWeights(utcOffset: -8).reduce(0, +) - 168) < 1e-9)
        }
    }

    @Test func `fires timers exactly`() {
        for minuteMs in [Int64(60_000), 300_000, 86_400_000] {
            let law = ArrivalLaw.timer(periodMs: minuteMs, phaseMs: minuteMs / 2 + 1_000)
            var starts: [Int64] = []
            for minute in 0..<3 * 1_440 {
                law.starts(
                    minute: minute, opensMs: 1_767_571_200_000 + Int64(minute) * 60_000, seed: 1,
                    into: &starts)
            }
            #expect(Int64(starts.count) == 3 * 86_400_000 / minuteMs)
            #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == minuteMs })
        }
    }

    /// Three in four customers break 3 % of their services, one in four 35 %: 11 % on the whole.
    @Test func `is mostly healthy, and broken in a few places`() {
        let services = Dictionary(
            grouping: profiles(of: generated(seed: 16, functions: 10_000)), by: \.id.service
        ).values.map { $0[0].failures.rate }
        #expect(abs(share(services) { $0 >= 0.5 } - 0.11) < 0.04)
        #expect(share(services) { $0 <= 0.005 } > 0.7)
    }

    @Test func `breaks by deploys for some hours, and recovers`() {
        let law = FailureLaw(rate: 0.001, deploySeed: 7)
        let broken = (0..<400 * 1_440).count { law.rate(minute: $0) == FailureLaw.brokenRate }
        // 400 days x 0.02 x 210 minutes = 1,680; of 8 deploys, three deviations are 8.5.
        #expect(broken > 0 && broken < 1_680 * 3)
    }

    @Test func `gets new services all the time, and loses some again`() {
        var fleet = generated(seed: 4, functions: 60, days: 30)
        let start = fleet.advance(to: 0).count
        var later = 0
        for minute in 1..<30 * 1_440 { later += fleet.advance(to: minute).count }
        // A fifth of the start's number a day, thirty days: within four deviations of a Poisson.
        let expected = Double(start) * 0.2 * 30
        #expect(abs(Double(later) - expected) < 4 * expected.squareRoot())
        #expect(fleet.peakDemands.count < 60 + 20 * later)
    }

    @Test func `allots no more than a worker has`() {
        var parameters = GeneratedFleet.Parameters()
        parameters.functions = 5_000
        parameters.workerMemoryMb = 1_024
        let profiles = profiles(of: GeneratedFleet(parameters))
        #expect(profiles.allSatisfy { $0.memoryMb <= 1_024 })
        #expect(profiles.allSatisfy { $0.durationMs.mean > 0 && $0.deadlineMs <= 900_000 })
    }

    private func profiles(of fleet: GeneratedFleet) -> [FunctionProfile] {
        (0..<fleet.peakDemands.count).map { fleet.profile($0) }
    }

    private func share(_ values: [Double], _ isCounted: (Double) -> Bool) -> Double {
        Double(values.count(where: isCounted)) / Double(values.count)
    }
}
