internal import Processing
internal import Topics

extension PredictorStage {
    /// How a partition's part of the prior is named among the models.
    static let priorPrefix = "predictor/prior/"

    static func partition(ofPrior name: String) -> Int32? {
        name.rest(after: priorPrefix).flatMap { Int32($0) }
    }

    /// Event time passes from slot to slot: publishes what is due, of what was read until then.
    mutating func pass(
        from oldMs: Int64, to newMs: Int64, _ effects: inout Effects<PredictorRow>
    ) {
        func passes(_ everyMs: Int64) -> Bool { newMs / everyMs > oldMs / everyMs }
        guard passes(Clock.publishEveryMs) else { return }
        var due = dirty
        if passes(Clock.contributeEveryMs) {
            for (id, service) in services.sorted(by: { $0.key < $1.key }) {
                let silentMs = oldMs - (service.newest?.slotStartMs ?? oldMs)
                if service.announced == nil, silentMs > Limits.forgottenAfterMs {
                    forget(id, &effects)
                } else if silentMs < Limits.dormantAfterMs || passes(Clock.dayMs) {
                    due.insert(id)
                }
            }
            // All are settled up to the same slot, then what is older fades.
            for id in services.keys.sorted() { settle(id) }
            losses.success.fade(hours: 1)
            losses.inTime.fade(hours: 1)
            tail.fade(hours: 1)
            contribute(&effects)
            combined = nil
            rankCanaries(&effects)
        }
        combined = nil
        publish(due.sorted(), &effects)
    }

    /// All partitions' parts together.
    mutating func prior() -> FleetPrior {
        if let combined { return combined }
        var parts = others.mapValues(\.contribution)
        parts[partition] = own
        let contributions = parts.sorted { $0.key < $1.key }.map(\.value)
        var prior = FleetPrior(contributions)
        let demand = taught ?? FleetDemand(contributions.map(\.demand))
        taught = demand
        prior.take(demand)
        combined = prior
        return prior
    }

    /// Releases this partition's part of the prior, when there is news.
    ///
    /// Its version is the number of the newest slot it knows, so it rises with event time.
    mutating func contribute(_ effects: inout Effects<PredictorRow>) {
        guard let watermarkMs else { return }
        let ids = services.keys.sorted()
        for id in ids { settle(id) }
        let demand = learnDemand(of: ids, &effects)
        let voters = ids.filter { services[$0]?.demand != nil }
        let parts = voters.compactMap { services[$0]?.part(of: $0) }
        var contribution = PriorContribution(
            of: parts, losses: losses.success, inTimeLosses: losses.inTime,
            beside: others.sorted { $0.key < $1.key }.map(\.value.contribution))
        judgeClaims(&contribution, Dictionary(uniqueKeysWithValues: zip(voters, parts)))
        contribution.demand = demand
        if demand != own.demand { taught = nil }
        guard contribution != own || ownReleasedMs != watermarkMs else { return }
        own = contribution
        ownReleasedMs = watermarkMs
        changed.insert(Self.contributionKey)
        for (id, part) in zip(voters, parts) {
            let vote = contribution.success.vote(of: part.success)
            let voteInTime = contribution.inTime.vote(of: part.inTime)
            guard services[id]?.voted != vote || services[id]?.votedInTime != voteInTime else {
                continue
            }
            services[id]?.voted = vote
            services[id]?.votedInTime = voteInTime
            changed.insert(Self.key(of: id))
        }
        let bytes = contribution.encoded
        precondition(
            bytes.count <= Limits.contributionBytes,
            "part of the prior has \(bytes.count) bytes, at most \(Limits.contributionBytes) fit")
        effects.publish(
            ModelReleased(
                name: "\(Self.priorPrefix)\(partition)",
                version: Int(watermarkMs / FunctionShape.slotMs),
                metrics: [
                    "outcomes": Double(contribution.outcomes), "services": Double(ids.count),
                ],
                fittedFromMs: 0, fittedToMs: watermarkMs + FunctionShape.slotMs, seed: 0,
                parameters: bytes))
    }

    /// Learns what no correction can change any more of a service, and scores what was foretold.
    mutating func settle(_ id: ServiceID) {
        guard let watermarkMs, var service = services[id] else { return }
        let (settled, lessons) = service.settle(
            beforeMs: watermarkMs - Clock.correctableForMs)
        guard service != services[id] else { return }
        services[id] = service
        changed.insert(Self.key(of: id))
        losses.success = losses.success + lessons.success
        losses.inTime = losses.inTime + lessons.inTime
        if lessons != ServiceState.Lessons() { changed.insert(Self.partitionKey) }
        for slot in settled where slot.outcomes > 0 {
            let day = slot.startMs / Clock.dayMs
            let none = PredictionScore(partition: partition, dayStartMs: day * Clock.dayMs)
            scores[day, default: none].add(slot)
            scored.add(slot)
            tail.observe(slot)
            dirtyScores.insert(day)
            changed.insert(Self.partitionKey)
        }
    }

    /// Publishes predictions of services, in that order, and writes scores that changed.
    mutating func publish(_ ids: [ServiceID], _ effects: inout Effects<PredictorRow>) {
        let prior = prior()
        let endMs =
            watermarkMs.map { $0 + FunctionShape.slotMs }
            ?? others.values.map(\.fittedToMs).max() ?? 0
        for id in ids {
            settle(id)
            dirty.remove(id)
            guard let service = services[id], service.isKnown else { continue }
            let prediction = service.prediction(
                of: id, asOfMs: endMs, prior: prior, tail: tail.value)
            effects.publish(prediction)
            effects.save(.prediction(prediction))
        }
        for day in dirtyScores.sorted() {
            if let score = scores[day] { effects.save(.score(score)) }
        }
        dirtyScores = []
        if let newest = scores.keys.max() {
            scores = scores.filter { $0.key > newest - Self.scoredDays }
        }
    }

    /// Days of which slots can still come to be scored.
    private static var scoredDays: Int64 { 3 }
}
