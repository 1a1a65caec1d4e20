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
    /// Learnt once a day.
    var demand = DemandContribution()

    struct Trigger: Equatable {
        var name: String
        var votes = Votes()
        /// (G) for each candidate strength, the log-likelihood of the services' outcomes.
        var likelihood = Array(repeating: 0.0, count: SuccessHierarchy.strengths.count)
        /// Services in it.
        var services = 0.0
        /// The strength by which its services voted.
        var voteStrength = Votes.strengthUnknown
        /// The strength fitted by those votes.
        var nextStrength = Votes.strengthUnknown
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
        /// As they weigh now.
        var successes: Double
        var failures: Double
        /// What it votes with.
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
        var clusters: [Cluster: SeasonVotes] = [:]
        for part in parts {
            let name = part.group.trigger
            successes += part.successesEver
            outcomes += part.outcomesEver
            triggers[name, default: Trigger(name: name)].busyness.add(part.demand)
            triggers[name, default: Trigger(name: name)].season.add(part.demand)
            if part.outcomesEver > 0 { triggers[name]?.services += 1 }
            if let cluster = part.cluster { clusters[cluster, default: .init()].add(part.demand) }
        }
        self.triggers = Self.largest(
            triggers.map(\.value), Limits.contributedTriggers, size: \.services,
            before: { $0.name < $1.name })
        self.clusters = Self.largest(
            clusters.map { ClusterSeason(cluster: $0.key, season: $0.value) },
            Limits.contributedClusters, size: \.season.services,
            before: { $0.cluster < $1.cluster })
        // How much a service's vote counts depends on how alike services are, which the votes tell.
        for _ in 0..<Self.passes {
            collectVotes(of: parts)
            judgeStrengths(by: parts, among: FleetPrior([self] + others).success)
            let success = FleetPrior([self] + others).success
            for i in self.triggers.indices {
                self.triggers[i].nextStrength = success.serviceStrength(self.triggers[i].name)
            }
        }
    }

    /// Enough to come within a step of the grid.
    private static let passes = 3
    /// Outcomes of one service that count when strengths are judged.
    private static let judgedOutcomesMax = 200.0

    /// A service's vote, as it is counted here.
    func vote(of part: Part) -> Votes {
        guard let trigger = triggers.first(where: { $0.name == part.group.trigger }) else {
            return Votes()
        }
        return Votes(
            ofServiceWith: Double(part.successesEver), of: Double(part.outcomesEver),
            strength: trigger.voteStrength)
    }

    private mutating func collectVotes(of parts: [Part]) {
        var votes: [SuccessHierarchy.Group: Votes] = [:]
        for i in triggers.indices {
            triggers[i].voteStrength = triggers[i].nextStrength
            triggers[i].votes = Votes()
        }
        for part in parts where part.outcomesEver > 0 {
            guard let i = triggers.firstIndex(where: { $0.name == part.group.trigger })
            else { continue }
            let vote = vote(of: part)
            let all = triggers[i].votes
            triggers[i].votes = all + vote
            votes[part.group] = (votes[part.group] ?? Votes()) + vote
        }
        customers = Self.largest(
            votes.map { Customer(group: $0.key, votes: $0.value) },
            Limits.contributedCustomers, size: \.votes.weight, before: { $0.group < $1.group })
    }

    private mutating func judgeStrengths(by parts: [Part], among success: SuccessHierarchy) {
        for i in triggers.indices {
            triggers[i].likelihood = Array(repeating: 0, count: SuccessHierarchy.strengths.count)
        }
        for part in parts {
            let outcomes = part.successes + part.failures
            guard outcomes > 0,
                let i = triggers.firstIndex(where: { $0.name == part.group.trigger })
            else { continue }
            let scale = min(1, Self.judgedOutcomesMax / outcomes)
            let logs = success.logLikelihoods(
                part.group, without: vote(of: part), successes: part.successes * scale,
                failures: part.failures * scale)
            for (strength, value) in logs.enumerated() { triggers[i].likelihood[strength] += value }
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
