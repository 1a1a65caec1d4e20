internal import Numerics
internal import Topics

extension ServiceState {
    /// What is foretold of the service by all that is known up to `endMs`.
    /// - Parameter tail: of the success rate's interval, at each side.
    func prediction(
        of id: ServiceID, asOfMs endMs: Int64, prior: FleetPrior, tail: Double
    ) -> Prediction {
        let success = success(of: id, atMs: endMs, prior: prior)
        let forecast = forecast(untilMs: endMs, prior: prior)
        let hours = hours(of: forecast, from: endMs / Clock.hourMs)
        let milliCpu = forecast.milliCpuPerHourlyInvocation
        return Prediction(
            id, asOfMs: endMs, tier: announced?.tier ?? .bestEffort, trigger: trigger,
            memoryMb: newest?.memoryMb ?? announced?.memoryMb,
            deadlineMs: newest?.deadlineMs ?? announced?.deadlineMs,
            success: Prediction.SuccessRate(
                rate: Prediction.Interval(success.distribution, tail: tail), samples: outcomesEver,
                level: success.level.rawValue, baseline: prior.baseline, drift: outcomes.drift),
            invocationsPerHour: hours,
            milliCpu: Prediction.Forecast(
                startMs: hours.startMs, expected: hours.expected.map { $0 * milliCpu },
                low: hours.low.map { $0 * milliCpu }, high: hours.high.map { $0 * milliCpu }),
            popularityPerDay: Prediction.Interval(forecast.day),
            seasonality: Prediction.Seasonality(
                hourOfDay: forecast.hourFactors, dayOfWeek: forecast.weekFactors),
            demandSamples: slots,
            teachesMost: canary(success, requests: hours.expected.reduce(0, +)))
    }

    private func hours(of forecast: DemandForecast, from first: Int64) -> Prediction.Forecast {
        let counts = (0..<Clock.horizonHours).map {
            Prediction.Interval(forecast.count(hour: first + Int64($0)))
        }
        return Prediction.Forecast(
            startMs: first * Clock.hourMs, expected: counts.map(\.expected),
            low: counts.map(\.low), high: counts.map(\.high))
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

    fileprivate init(_ count: GammaPoisson) {
        self.init(expected: count.mean, low: count.quantile(0.05), high: count.quantile(0.95))
    }
}
