internal import Numerics
internal import Topics

extension ServiceState {
    /// What is foretold of the service by all that is known up to `endMs`.
    /// - Parameter tail: of the success rate's interval, at each side.
    func prediction(
        of id: ServiceID, asOfMs endMs: Int64, prior: FleetPrior, tail: Double
    ) -> Prediction {
        let success = success(of: id, atMs: endMs, prior: prior)
        let rate = Prediction.Interval(success.distribution, tail: tail)
        let inTime = inTime(of: id, atMs: endMs, prior: prior).map {
            // Who is in time has succeeded; each is learnt by itself, so the one may come out above.
            Prediction.Interval($0, tail: tail).within(rate)
        }
        let forecast = forecast(untilMs: endMs, prior: prior)
        let firstHour = endMs / Clock.hourMs
        let weekOfYear = prior.weekOfYear(trigger: trigger ?? "")
        let plan = DemandPlan(
            forecast, hourly: hours(before: firstHour), model: prior.hourly,
            firstHour: firstHour, weekOfYear: weekOfYear)
        let day = plan.hours.expected.prefix(Clock.cpuHorizonHours)
        let milliCpu = forecast.milliCpuPerHourlyInvocation
        func cpu(_ hours: [Double]) -> [Double] {
            hours.prefix(Clock.cpuHorizonHours).map { significant($0 * milliCpu) }
        }
        var prediction = Prediction(
            id, asOfMs: endMs, tier: announced?.tier ?? .bestEffort, trigger: trigger,
            memoryMb: newest?.memoryMb ?? announced?.memoryMb,
            deadlineMs: newest?.deadlineMs ?? announced?.deadlineMs,
            success: Prediction.SuccessRate(
                rate: rate, samples: outcomesEver, level: success.level.rawValue,
                baseline: prior.baseline, drift: outcomes.drift, inTime: inTime),
            invocationsPerHour: plan.hours,
            milliCpu: Prediction.Forecast(
                startMs: plan.hours.startMs, expected: cpu(plan.hours.expected),
                low: cpu(plan.hours.low), high: cpu(plan.hours.high)),
            popularityPerDay: Prediction.Interval(forecast.day),
            seasonality: Prediction.Seasonality(
                hourOfDay: forecast.hourFactors, dayOfWeek: forecast.weekFactors,
                weekOfYear: weekOfYear?.map(significant)),
            demandSamples: slots,
            teachesMost: canary(success, requests: day.reduce(0, +)))
        prediction.popularityByDay = plan.days
        prediction.popularChance = popularChance(forecast, prior: prior)
        return prediction
    }

    /// A gain of less than this, in nats over a day, is none.
    private static let gainMin = 1e-6

    private func canary(_ success: SuccessEstimate, requests: Double) -> Prediction.Canary? {
        let gain = success.gainOfOneMore * requests
        guard gain >= Self.gainMin else { return nil }
        let evidence =
            switch success.level {
            case .service: "mostly its own"
            case .customer: "mostly of its customer's other services"
            case .trigger: "mostly of services with its trigger"
            case .fleet: "mostly of the fleet"
            }
        return Prediction.Canary(
            gain: gain,
            why: "\(outcomesEver) outcomes known, \(Int(requests.rounded())) invocations expected"
                + " in a day; the evidence is \(evidence)")
    }
}

extension Prediction.Interval {
    fileprivate init(_ rate: RateDistribution, tail: Double) {
        self.init(expected: rate.mean, low: rate.quantile(tail), high: rate.quantile(1 - tail))
    }

    /// Nowhere above another.
    fileprivate func within(_ other: Self) -> Self {
        Self(
            expected: min(expected, other.expected), low: min(low, other.low),
            high: min(high, other.high))
    }
}
