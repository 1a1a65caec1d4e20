internal import Numerics
public import Processing
public import Topics

/// Foretells success and demand of the services of one partition.
///
/// Services are announced, show their shape, and are represented, in any order. Predictions go out
/// at an announcement, at every quarter of an hour of event time for services whose inputs changed,
/// and at every hour for all: by then the fleet has learnt. Each partition releases its own part of
/// what the fleet knows, as a model, and reads those of all others.
public struct PredictorStage: Stage {
    let partition: Int32
    var services: [ServiceID: ServiceState] = [:]
    /// The newest slot read, of any service; nil before the first.
    var watermarkMs: Int64?
    /// By day since 1970, of the last days.
    var scores: [Int64: PredictionScore] = [:]
    /// Sums over all days.
    var scored: PredictionScore
    /// How well each way of forgetting foretold.
    var losses = ServiceState.Lessons()
    /// By how much intervals are cut at each side.
    var tail = IntervalTail()
    /// This partition's part of the prior, as it was last released.
    var own = PriorContribution()
    /// The watermark at that time.
    var ownReleasedMs: Int64?
    /// By partition: the parts of all others. They are read whole at every start, so not kept.
    var others: [Int32: OtherPart] = [:]

    /// All parts together; nil when they changed and nothing asked since.
    var combined: FleetPrior?
    /// What all days taught of demand; nil when that changed and nothing asked since.
    var taught: FleetDemand?
    /// Whose inputs changed since they were last published.
    var dirty: Set<ServiceID> = []
    /// Days whose scores changed since they were last written.
    var dirtyScores: Set<Int64> = []
    /// Whether everything known was published after the last input.
    var isSettled = false
    /// Keys of state entries to write.
    var changed: Set<String> = []

    struct OtherPart {
        var version: Int
        var fittedToMs: Int64
        var contribution: PriorContribution
    }

    public init(partition: Int32) {
        self.partition = partition
        scored = PredictionScore(partition: partition, dayStartMs: 0)
    }

    public mutating func process(
        _ input: PredictorInput, nowMs: Int64, _ effects: inout Effects<PredictorRow>
    ) throws(Rejection) {
        switch input {
        case .announced(let announced): take(announced, &effects)
        case .withdrawn(let id): withdraw(id, &effects)
        case .shape(let shape): take(shape, &effects)
        case .representation(let representation): take(representation, &effects)
        case .model(let model): try take(model, &effects)
        }
    }

    /// Publishes what is pending when nothing more comes; what comes later supersedes it.
    public mutating func advance(
        nowMs: Int64, quietMs: Int64, _ effects: inout Effects<PredictorRow>
    ) {
        guard quietMs >= Clock.quietMs, !isSettled else { return }
        contribute(&effects)
        combined = nil
        publish(services.keys.sorted(), &effects)
        isSettled = true
    }

    private mutating func take(
        _ announced: ServiceAnnounced, _ effects: inout Effects<PredictorRow>
    ) {
        let id = announced.serviceID
        guard admit(id, &effects) else { return }
        // A repeat changes nothing.
        if services[id]?.announced == announced { return }
        services[id]?.announced = announced
        touch(id)
        publish([id], &effects)
    }

    private mutating func withdraw(
        _ id: ServiceID, _ effects: inout Effects<PredictorRow>
    ) {
        guard services[id] != nil else { return }
        services[id]?.announced = nil
        touch(id)
        if services[id]?.isKnown == false { forget(id, &effects) }
    }

    private mutating func take(
        _ shape: FunctionShape, _ effects: inout Effects<PredictorRow>
    ) {
        let startMs = shape.slotStartMs
        if let watermarkMs, startMs < watermarkMs - Clock.correctableForMs {
            effects.count("shapes_too_late_total")
            return
        }
        let id = shape.serviceID
        guard admit(id, &effects) else { return }
        if startMs > watermarkMs ?? -1 {
            if let watermarkMs { pass(from: watermarkMs, to: startMs, &effects) }
            watermarkMs = startMs
            changed.insert(Self.partitionKey)
        }
        // By what is settled its drift is known: by slots alone, whatever came between them.
        if let oldestMs = services[id]?.recent.first?.startMs, let watermarkMs,
            oldestMs < watermarkMs - Clock.correctableForMs
        {
            settle(id)
        }
        let prior = prior()
        guard var service = services[id] else { return }
        let foretold = service.foretold(of: id, atMs: startMs, prior: prior)
        guard service.take(shape, foretold: foretold, baseline: prior.baseline) else {
            effects.count("shapes_ignored_total")
            return
        }
        // A repeat changes nothing.
        guard service != services[id] else { return }
        services[id] = service
        touch(id)
    }

    private mutating func take(
        _ representation: Representation, _ effects: inout Effects<PredictorRow>
    ) {
        let id = representation.serviceID
        guard admit(id, &effects), var service = services[id] else { return }
        let isNew = service.clusters[representation.function] == nil
        guard !isNew || service.clusters.count < Limits.functionsPerService else {
            effects.count("representations_ignored_total")
            return
        }
        service.clusters[representation.function] = ServiceState.Membership(
            cluster: Cluster(
                modelVersion: representation.modelVersion, number: representation.cluster),
            slots: representation.slots, nearest: Self.nearest(representation))
        guard service != services[id] else { return }
        services[id] = service
        touch(id)
    }

    /// The services of the nearest functions; what is no name or score is nothing to us.
    private static func nearest(_ representation: Representation) -> [ServiceState.Near] {
        var nearest: [ServiceState.Near] = []
        for neighbour in representation.nearest {
            let id = neighbour.functionID.service
            guard nearest.count < Limits.nearestPerFunction, (-1...1).contains(neighbour.score),
                id != representation.serviceID, !nearest.contains(where: { $0.service == id })
            else { continue }
            nearest.append(.init(service: id, score: Float(neighbour.score)))
        }
        return nearest
    }

    private mutating func take(
        _ model: ModelReleased, _ effects: inout Effects<PredictorRow>
    ) throws(Rejection) {
        guard let number = Self.partition(ofPrior: model.name), number != partition else { return }
        guard others[number] != nil || others.count < Limits.contributions else {
            effects.count("contributions_ignored_total")
            return
        }
        if let known = others[number], known.version > model.version { return }
        let before = others[number]?.contribution.demand
        do throws(CorruptState) {
            others[number] = OtherPart(
                version: model.version, fittedToMs: model.fittedToMs,
                contribution: try PriorContribution(decoding: Array(model.parameters)))
        } catch {
            throw Rejection(.outOfRange, "\(model.name): \(error)")
        }
        if others[number]?.contribution.demand != before { taught = nil }
        // Otherwise it is taken up at the next publication: combining costs more than a slot.
        if others.count == 1, own == PriorContribution() { combined = nil }
        isSettled = false
    }

    /// Makes room for a service that was not seen before.
    private mutating func admit(
        _ id: ServiceID, _ effects: inout Effects<PredictorRow>
    ) -> Bool {
        if services[id] != nil { return true }
        guard services.count < Limits.services else {
            effects.count("services_refused_total")
            return false
        }
        services[id] = ServiceState()
        return true
    }

    private mutating func touch(_ id: ServiceID) {
        dirty.insert(id)
        changed.insert(Self.key(of: id))
        isSettled = false
    }

    mutating func forget(_ id: ServiceID, _ effects: inout Effects<PredictorRow>) {
        services[id] = nil
        dirty.remove(id)
        changed.insert(Self.key(of: id))
        effects.save(.forgotten(id))
    }

    public var gauges: [Gauge] {
        [
            Gauge("services_known_count", Double(services.count)),
            Gauge("prior_parts_read_count", Double(others.count)),
            Gauge("outcomes_scored_count", Double(scored.outcomes)),
            Gauge("success_log_loss_nats", scored.logLoss),
            Gauge("success_baseline_log_loss_nats", scored.baselineLogLoss),
            Gauge("success_interval_coverage_ratio", scored.calibration.coverage.share),
            Gauge("new_outcomes_scored_count", Double(scored.newOutcomes)),
            Gauge("new_success_log_loss_nats", scored.newLogLoss),
            Gauge("new_success_baseline_log_loss_nats", scored.newBaselineLogLoss),
        ]
    }
}
