/// One partition's part of what the fleet knows: bounded sums that add up over partitions.
struct PriorContribution: Equatable {
    /// Outcomes of all its services, of all time: the trivial baseline counts requests.
    var successes = 0
    var outcomes = 0
    /// How many invocations succeed, and how many succeed within their deadline.
    var success = RateContribution()
    var inTime = RateContribution()
    /// By name.
    var triggers: [Trigger] = []
    /// By number.
    var clusters: [ClusterPart] = []
    /// Learnt once a day.
    var demand = DemandContribution()

    struct Trigger: Equatable {
        var name: String
        var busyness = BusynessVotes()
        var season = SeasonVotes()
    }

    struct ClusterPart: Equatable {
        var cluster: Cluster
        var season = SeasonVotes()
        /// How many invocations of its services succeed.
        var votes = Votes()
    }

    /// What a service contributes.
    struct Part {
        var group: SuccessHierarchy.Group
        /// What it votes with.
        var successesEver: Int
        var outcomesEver: Int
        /// Of outcomes of which it is known whether they were in time.
        var inTimeEver = 0
        var timedEver = 0
        var demand: DemandHistory
        var cluster: Cluster?

        var success: RateContribution.Part {
            .init(group: group, successes: successesEver, outcomes: outcomesEver)
        }
        var inTime: RateContribution.Part {
            .init(group: group, successes: inTimeEver, outcomes: timedEver)
        }
    }

    init() {}

    /// - Parameters:
    ///   - parts: of the partition's services, in order of their names.
    ///   - losses: of the partition.
    ///   - others: the contributions of other partitions, in order of their numbers.
    init(
        of parts: [Part], losses: MemoryLosses = MemoryLosses(),
        inTimeLosses: MemoryLosses = MemoryLosses(), beside others: [PriorContribution]
    ) {
        success = RateContribution(
            of: parts.map(\.success), losses: losses, beside: others.map(\.success))
        inTime = RateContribution(
            of: parts.map(\.inTime), losses: inTimeLosses, beside: others.map(\.inTime))
        var triggers: [String: Trigger] = [:]
        var clusters: [Cluster: ClusterPart] = [:]
        for part in parts {
            let name = part.group.trigger
            successes += part.successesEver
            outcomes += part.outcomesEver
            triggers[name, default: Trigger(name: name)].busyness.add(part.demand)
            triggers[name, default: Trigger(name: name)].season.add(part.demand)
            guard let cluster = part.cluster else { continue }
            var known = clusters[cluster] ?? ClusterPart(cluster: cluster)
            known.season.add(part.demand)
            known.votes = known.votes + success.vote(of: part.success)
            clusters[cluster] = known
        }
        self.triggers = largest(
            triggers.map(\.value), Limits.contributedTriggers, size: \.busyness.services,
            before: { $0.name < $1.name })
        self.clusters = largest(
            clusters.map(\.value), Limits.contributedClusters, size: \.season.services,
            before: { $0.cluster < $1.cluster })
    }
}
