internal import Foundation
internal import Numerics
internal import Topics

// What follows from a drawn function once its place in the fleet is known.

extension Population.NewFunction {
    /// No function runs more than this many executions at a time on average: durations and rates
    /// are drawn apart, and what is both busiest and slowest is not found in traces.
    static let concurrencyMax = 8.0
    /// Busier functions sum up many sources, and those smooth one another.
    static let burstsPerDayMax = 50_000.0
    /// A new service does not start among the busiest.
    static let newQuantileMax = 0.98
    static let timerPeriodSeconds: [Double] = [
        60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 604_800,
    ]

    /// - Parameter quantiles: the last is taken for the rate; where there is none, one is drawn.
    ///   Timers take none: 95 % of them fire at most every minute (Shahrad et al., 3.2).
    func law(in service: Population.NewService, _ quantiles: inout [Double]) -> ArrivalLaw {
        var random = SeededRandom(seed: seed, for: "law")
        guard trigger != "timer" else { return timer(&random) }
        let drawn = random.openUniform() * Self.newQuantileMax
        let perDay = invocationsPerDay(quantile: quantiles.popLast() ?? drawn)
        let follows = trigger == "http" || random.chance(0.7)
        let isSteady = perDay > Self.burstsPerDayMax
        let burst = burst(&random)
        let trend = 0.3 * random.normal()
        return .random(
            RandomArrivals(
                perMinute: perDay / Double(dayMinutes),
                hourWeights: follows ? service.hourWeights : steadyWeek,
                burst: isSteady ? nil : burst,
                trendPerDay: service.retiresMinute == nil ? 0 : trend,
                bornMinute: service.bornMinute))
    }

    private func timer(_ random: inout SeededRandom) -> ArrivalLaw {
        let perDay = invocationsPerDay(quantile: random.openUniform() * 0.81)
        let wanted = log(86_400 / perDay)
        let seconds = Self.timerPeriodSeconds.min { abs(log($0) - wanted) < abs(log($1) - wanted) }
        let periodMs = Int64(seconds ?? 60) * 1_000
        // Half of them at the full hour, or whatever divides the period; most at a full minute.
        let minutes = Int(periodMs / minuteMs)
        let minute = random.chance(0.5) ? 0 : random.integer(below: minutes)
        let second = random.chance(0.7) ? 0 : random.integer(below: 60)
        return .timer(
            periodMs: periodMs, phaseMs: Int64(minute) * minuteMs + Int64(second) * 1_000)
    }

    /// Workflows fan out; queues fill while others wait; sites are linked to.
    private func burst(_ random: inout SeededRandom) -> RandomArrivals.Burst? {
        let u = random.uniform()
        return switch trigger {
        case "orchestration": .init(factor: 20, probability: 0.03, blockMinutes: 5)
        case "http": u < 0.15 ? .init(factor: 20, probability: 0.01, blockMinutes: 15) : nil
        default: u < 0.5 ? .init(factor: 8, probability: 0.08, blockMinutes: 10) : nil
        }
    }

    func profile(
        number: Int, in service: Population.NewService, perDay: Double, memoryMbMax: Double
    ) -> FunctionProfile {
        var random = SeededRandom(seed: seed, for: "deadline")
        let overMedian = exp(durationSigma * durationSigma / 2)
        let affordableMs = Self.concurrencyMax * 86_400_000 / perDay / overMedian
        let median = max(1, min(medianMs, affordableMs))
        let p99 = median * exp(normalQuantile(0.99) * durationSigma)
        let slack = deadlineSlack(isStrict: service.customer.isStrict, &random)
        let deadline = min(Limits.generatedDurationMsMax, (p99 * slack / 100).rounded(.up) * 100)
        let used = min(usedMb, memoryMbMax * 0.8)
        return FunctionProfile(
            number: number,
            id: FunctionID(
                customer: service.customer.name, service: service.name, function: name),
            trigger: trigger, runtime: service.runtime,
            memoryMb: allotment(for: used * 1.2, most: memoryMbMax), deadlineMs: deadline,
            utilisation: utilisation, seed: seed,
            durationMs: .logNormal(median: median, sigma: durationSigma),
            memoryPeakMb: .logNormal(median: used, sigma: 0.08),
            initMs: .logNormal(median: service.initMedianMs, sigma: 0.74),
            failures: service.failures)
    }
}

private let steadyWeek = Rhythm.steady.hourWeights(utcOffset: 0)
