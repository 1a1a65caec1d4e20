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

    struct Trigger: Equatable {
        var name: String
        var votes = Votes()
        /// (G) for each candidate strength, the log-likelihood of the services' outcomes.
        var likelihood = Array(repeating: 0.0, count: SuccessHierarchy.strengths.count)
        /// Services in it.
        var services = 0.0
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
        /// As learnt, and what it votes with.
        var successes: Double
        var failures: Double
        var vote: Votes
        var successesEver: Int
        var outcomesEver: Int
        var demand: DemandHistory
        var cluster: Cluster?
    }

    init() {}

    /// - Parameters:
    ///   - parts: of the partition's services, in order of their names.
    ///   - others: the contributions of other partitions, in order of their numbers.
    init(of parts: [Part], beside others: [PriorContribution]) {
        var triggers: [String: Trigger] = [:]
        var customers: [SuccessHierarchy.Group: Votes] = [:]
        var clusters: [Cluster: SeasonVotes] = [:]
        for part in parts {
            let name = part.group.trigger
            successes += part.successesEver
            outcomes += part.outcomesEver
            triggers[name, default: Trigger(name: name)].busyness.add(part.demand)
            triggers[name, default: Trigger(name: name)].season.add(part.demand)
            if let cluster = part.cluster { clusters[cluster, default: .init()].add(part.demand) }
            guard part.outcomesEver > 0 else { continue }
            let votes = triggers[name]?.votes ?? Votes()
            triggers[name]?.votes = votes + part.vote
            customers[part.group, default: Votes()] = (customers[part.group] ?? Votes()) + part.vote
        }
        self.triggers = Self.largest(
            triggers.map(\.value), Limits.contributedTriggers, size: \.votes.services,
            before: { $0.name < $1.name })
        self.customers = Self.largest(
            customers.map { Customer(group: $0.key, votes: $0.value) },
            Limits.contributedCustomers, size: \.votes.services,
            before: { $0.group < $1.group })
        self.clusters = Self.largest(
            clusters.map { ClusterSeason(cluster: $0.key, season: $0.value) },
            Limits.contributedClusters, size: \.season.services,
            before: { $0.cluster < $1.cluster })
        addLikelihoods(of: parts, among: FleetPrior([self] + others).success)
    }

    /// Outcomes of one service that count when strengths are judged.
    private static let judgedOutcomesMax = 200.0

    private mutating func addLikelihoods(of parts: [Part], among success: SuccessHierarchy) {
        for part in parts {
            let outcomes = part.successes + part.failures
            guard outcomes > 0,
                let index = triggers.firstIndex(where: { $0.name == part.group.trigger })
            else { continue }
            let scale = min(1, Self.judgedOutcomesMax / outcomes)
            let logs = success.logLikelihoods(
                part.group, without: part.vote, successes: part.successes * scale,
                failures: part.failures * scale)
            for (strength, value) in logs.enumerated() {
                triggers[index].likelihood[strength] += value
            }
            triggers[index].services += 1
        }
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
