internal import Numerics

/// What the whole fleet knows of a service before its own invocations: all partitions' parts
/// together.
struct FleetPrior {
    /// The fleet's success rate by request: the line that everything else must beat.
    let baseline: Double
    let success: SuccessHierarchy
    /// (ages) of (4) by which each way of forgetting counts.
    let memoryWeights: [SIMD4<Double>]
    /// The same of success within the deadline.
    let inTime: SuccessHierarchy
    let inTimeWeights: [SIMD4<Double>]
    /// Whether any invocation had a deadline.
    let knowsDeadlines: Bool
    /// By how much claims count.
    let claims: ClaimWorths
    private let busyness: [String: BusynessVotes]
    private let allBusyness: BusynessVotes
    private let triggerSeasons: [String: SeasonVotes]
    private let fleetFactors: [Double]
    private let clusterSeasons: [Cluster: SeasonVotes]
    /// How all partitions together foretell hours.
    private(set) var hourly = DemandModel.untaught
    /// How weeks of the year differ from those before them.
    private var years = DemandYears()

    /// - Parameter contributions: in order of their partitions, for sums of fractions depend on it.
    init(_ contributions: [PriorContribution]) {
        var successes = 0
        var outcomes = 0
        var losses = (success: MemoryLosses(), inTime: MemoryLosses())
        var claims: [SuccessHierarchy.Group: ClaimRecord] = [:]
        var busyness: [String: BusynessVotes] = [:]
        var seasons: [String: SeasonVotes] = [:]
        var clusters: [Cluster: SeasonVotes] = [:]
        var allBusyness = BusynessVotes()
        var fleetSeason = SeasonVotes()
        for contribution in contributions {
            successes += contribution.successes
            outcomes += contribution.outcomes
            losses.success = losses.success + contribution.success.losses
            losses.inTime = losses.inTime + contribution.inTime.losses
            for customer in contribution.success.customers {
                claims[customer.group] = (claims[customer.group] ?? .init()) + customer.claims
            }
            for trigger in contribution.triggers {
                busyness[trigger.name] = (busyness[trigger.name] ?? .init()) + trigger.busyness
                seasons[trigger.name] = (seasons[trigger.name] ?? .init()) + trigger.season
                allBusyness = allBusyness + trigger.busyness
                fleetSeason = fleetSeason + trigger.season
            }
            for part in contribution.clusters {
                clusters[part.cluster] = (clusters[part.cluster] ?? .init()) + part.season
            }
        }
        baseline = (Double(successes) + 0.5) / (Double(outcomes) + 1)
        success = SuccessHierarchy(contributions.map(\.success))
        inTime = SuccessHierarchy(contributions.map(\.inTime))
        memoryWeights = (0..<MemoryLosses.ages).map(losses.success.weights(age:))
        inTimeWeights = (0..<MemoryLosses.ages).map(losses.inTime.weights(age:))
        knowsDeadlines = contributions.contains { !$0.inTime.triggers.isEmpty }
        self.claims = ClaimWorths(claims)
        self.busyness = busyness
        self.allBusyness = allBusyness
        triggerSeasons = seasons
        fleetFactors = normalized(
            fleetSeason.factors(shrunkTo: Array(repeating: 1, count: 24)))
        clusterSeasons = clusters
    }

    /// What services of the trigger, and of the cluster where it is known, say of a new one's
    /// demand.
    func demand(trigger: String, cluster: Cluster?) -> DemandPrior {
        let votes = busyness[trigger] ?? BusynessVotes()
        let known = votes.services > 0 ? votes : allBusyness
        var factors = triggerSeasons[trigger]?.factors(shrunkTo: fleetFactors) ?? fleetFactors
        if let cluster, let season = clusterSeasons[cluster] {
            factors = season.factors(shrunkTo: factors)
        }
        return DemandPrior(
            level: known.level, cpuMsPerInvocation: known.cpuMsPerInvocation,
            hourFactors: normalized(factors))
    }

    /// Takes up what days taught of demand: apart, for it changes once a day.
    mutating func take(_ demand: FleetDemand) {
        hourly = demand.model
        years = demand.years
    }

    /// (53) around 1, by week of the year; nil while no week was ever seen.
    func weekOfYear(trigger: String) -> [Double]? { years.factors(trigger: trigger) }

    /// Invocations an hour that nine in ten services of the trigger stay below.
    func topDecile(trigger: String) -> Double {
        let votes = busyness[trigger] ?? BusynessVotes()
        return (votes.services > 0 ? votes : allBusyness).topDecile
    }
}
