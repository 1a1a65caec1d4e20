/// One partition's part of what the fleet knows: bounded sums that add up over partitions.
struct PriorContribution: Equatable {
    /// Outcomes of all its services, of all time: the trivial baseline counts requests.
    var successes = 0
    var outcomes = 0
    /// By name.
    var triggers: [Trigger] = []
    /// By trigger and customer; those with most votes where there are too many.
    var customers: [Customer] = []
    /// By number.
    var clusters: [ClusterSeason] = []
    /// How well each way of forgetting foretold its services' outcomes.
    var losses = MemoryLosses()
    /// Learnt once a day.
    var demand = DemandContribution()

    struct Trigger: Equatable {
        var name: String
        var votes = Votes()
        /// How its services' rates are distributed.
        var mixture = RateMixture()
        /// The strength by which its services voted.
        var voteStrength = Votes.strengthUnknown
        var busyness = BusynessVotes()
        var season = SeasonVotes()
    }

    struct Customer: Equatable {
        var group: SuccessHierarchy.Group
        var votes: Votes
    }

    struct ClusterSeason: Equatable {
        var cluster: Cluster
        var season: SeasonVotes
    }

    /// What a service contributes.
    struct Part {
        var group: SuccessHierarchy.Group
        /// What it votes with.
        var successesEver: Int
        var outcomesEver: Int
        var demand: DemandHistory
        var cluster: Cluster?
    }

    init() {}

    /// - Parameters:
    ///   - parts: of the partition's services, in order of their names.
    ///   - losses: of the partition.
    ///   - others: the contributions of other partitions, in order of their numbers.
    init(
        of parts: [Part], losses: MemoryLosses = MemoryLosses(), beside others: [PriorContribution]
    ) {
        self.losses = losses
        var triggers: [String: Trigger] = [:]
        var clusters: [Cluster: SeasonVotes] = [:]
        for part in parts {
            let name = part.group.trigger
            successes += part.successesEver
            outcomes += part.outcomesEver
            triggers[name, default: Trigger(name: name)].busyness.add(part.demand)
            triggers[name, default: Trigger(name: name)].season.add(part.demand)
            if part.outcomesEver > 0 { triggers[name]?.mixture.services += 1 }
            if let cluster = part.cluster { clusters[cluster, default: .init()].add(part.demand) }
        }
        self.triggers = Self.largest(
            triggers.map(\.value), Limits.contributedTriggers, size: \.mixture.services,
            before: { $0.name < $1.name })
        self.clusters = Self.largest(
            clusters.map { ClusterSeason(cluster: $0.key, season: $0.value) },
            Limits.contributedClusters, size: \.season.services,
            before: { $0.cluster < $1.cluster })
        fitMixtures(of: parts, beside: others)
        collectVotes(of: parts)
    }

    /// A service's vote, as it is counted here.
    func vote(of part: Part) -> Votes {
        guard let trigger = triggers.first(where: { $0.name == part.group.trigger }) else {
            return Votes()
        }
        return vote(of: part, strength: trigger.voteStrength)
    }

    private func vote(of part: Part, strength: Double) -> Votes {
        Votes(
            ofServiceWith: Double(part.successesEver), of: Double(part.outcomesEver),
            strength: strength)
    }

    /// How much a service's vote counts depends on how alike services are, which the mixture tells.
    private mutating func fitMixtures(of parts: [Part], beside others: [PriorContribution]) {
        var counts: [String: ServiceCounts] = [:]
        for part in parts {
            counts[part.group.trigger, default: ServiceCounts()]
                .add(successes: part.successesEver, outcomes: part.outcomesEver)
        }
        var ofOthers: [String: RateMixture] = [:]
        for trigger in others.flatMap(\.triggers) {
            ofOthers[trigger.name] = (ofOthers[trigger.name] ?? RateMixture()) + trigger.mixture
        }
        let base = RateMixture(
            of: counts.sorted { $0.key < $1.key }.reduce(into: ServiceCounts()) {
                $0.add($1.value)
            },
            beside: ofOthers.sorted { $0.key < $1.key }.reduce(RateMixture()) { $0 + $1.value },
            base: .vague)
        let fleet = ofOthers.sorted { $0.key < $1.key }.reduce(base) { $0 + $1.value }
            .distribution(base: .vague)
        for i in triggers.indices {
            let beside = ofOthers[triggers[i].name] ?? RateMixture()
            triggers[i].mixture = RateMixture(
                of: counts[triggers[i].name] ?? ServiceCounts(), beside: beside, base: fleet)
            triggers[i].voteStrength =
                (triggers[i].mixture + beside).distribution(base: fleet).strength
        }
    }

    private mutating func collectVotes(of parts: [Part]) {
        var votes: [SuccessHierarchy.Group: Votes] = [:]
        let places = Dictionary(
            uniqueKeysWithValues: triggers.indices.map { (triggers[$0].name, $0) })
        for part in parts where part.outcomesEver > 0 {
            guard let i = places[part.group.trigger] else { continue }
            let vote = vote(of: part, strength: triggers[i].voteStrength)
            triggers[i].votes = triggers[i].votes + vote
            votes[part.group] = (votes[part.group] ?? Votes()) + vote
        }
        customers = Self.largest(
            votes.map { Customer(group: $0.key, votes: $0.value) },
            Limits.contributedCustomers, size: \.votes.weight, before: { $0.group < $1.group })
    }

    /// The `count` largest, in the given order.
    private static func largest<Element>(
        _ elements: [Element], _ count: Int, size: (Element) -> Double,
        before: (Element, Element) -> Bool
    ) -> [Element] {
        guard elements.count > count else { return elements.sorted(by: before) }
        return elements.sorted {
            size($0) != size($1) ? size($0) > size($1) : before($0, $1)
        }.prefix(count).sorted(by: before)
    }
}
