internal import Numerics
internal import Processing
internal import Topics

extension PredictorStage {
    /// Ranks the services of which one more outcome would teach most, for every task.
    mutating func rankCanaries(_ effects: inout Effects<PredictorRow>) {
        guard let watermarkMs else { return }
        let prior = prior()
        let endMs = watermarkMs + FunctionShape.slotMs
        let known = services.sorted { $0.key < $1.key }.filter { $0.value.isKnown }
            .map { id, service in Worth(of: id, service, atMs: endMs, prior: prior) }
        for task in CanaryTask.allCases {
            let candidates = known.map { worth in
                CanaryCandidate(
                    customer: worth.id.customer, outcomes: Double(worth.outcomes),
                    gain: worth.gain, weight: worth.weight(task))
            }
            let ranked = CanaryRanking.ranked(candidates, count: CanaryList.entriesMax)
            let entries = ranked.map { place in
                let weight = candidates[place].weight
                return CanaryList.Entry(
                    service: known[place].id, outcomes: known[place].outcomes,
                    gain: known[place].gain * weight, weight: weight)
            }
            effects.save(
                .canaries(
                    CanaryList(partition: partition, task: task, asOfMs: endMs, entries: entries)))
        }
    }

    private struct Worth {
        let id: ServiceID
        let outcomes: Int
        let gain: Double
        /// A day, expected.
        let requests: Double
        let money: Double

        init(of id: ServiceID, _ service: ServiceState, atMs: Int64, prior: FleetPrior) {
            self.id = id
            outcomes = service.outcomesEver
            gain = service.success(of: id, atMs: atMs, prior: prior).gainOfOneMore
            let forecast = service.forecast(untilMs: atMs, prior: prior)
            requests = forecast.day.mean
            let memoryMb = service.newest?.memoryMb ?? service.announced?.memoryMb ?? 0
            money = requests * forecast.milliCpuPerHourlyInvocation * memoryMb
        }

        func weight(_ task: CanaryTask) -> Double {
            switch task {
            case .requests: requests
            case .money: money
            case .equal: 1
            }
        }
    }
}
