/// One partition's part of what the fleet knows of a rate, by which invocations succeed or succeed in time:
/// bounded sums that add up over partitions.
struct RateContribution: Equatable {
    /// By name.
    var triggers: [Trigger] = []
    /// By trigger and customer; those with most votes where there are too many.
    var customers: [Customer] = []
    /// How well each way of forgetting foretold its services' outcomes.
    var losses = MemoryLosses()

    struct Trigger: Equatable {
        var name: String
        var votes = Votes()
        /// How its services' rates are distributed.
        var mixture = RateMixture()
        /// The strength by which its services voted.
        var voteStrength = Votes.strengthUnknown
    }

    struct Customer: Equatable {
        var group: SuccessHierarchy.Group
        var votes: Votes
        /// How what was said of its services before their outcomes stood up to them.
        var claims = ClaimRecord()

        /// On the topic: names with their lengths, votes and logarithms.
        fileprivate var bytesMax: Int {
            group.trigger.utf8.count + group.customer.utf8.count + Self.numbersBytes
        }
        private static let numbersBytes = 2 * 2 + 2 * 8 + 1 + 8 * 8
    }

    /// What a service contributes.
    struct Part {
        var group: SuccessHierarchy.Group
        var successes: Int
        var outcomes: Int
    }

    init() {}

    /// - Parameters:
    ///   - parts: of the partition's services, in order of their names.
    ///   - losses: of the partition.
    ///   - others: the contributions of other partitions, in order of their numbers.
    init(of parts: [Part], losses: MemoryLosses, beside others: [RateContribution]) {
        self.losses = losses
        var counts: [String: ServiceCounts] = [:]
        var services: [String: Int] = [:]
        for part in parts where part.outcomes > 0 {
            counts[part.group.trigger, default: ServiceCounts()]
                .add(successes: part.successes, outcomes: part.outcomes)
            services[part.group.trigger, default: 0] += 1
        }
        triggers = largest(
            services.keys.map { Trigger(name: $0) }, Limits.contributedTriggers,
            size: { Double(services[$0.name] ?? 0) }, before: { $0.name < $1.name })
        fitMixtures(of: counts, beside: others)
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
            ofServiceWith: Double(part.successes), of: Double(part.outcomes), strength: strength)
    }

    /// How much a service's vote counts depends on how alike services are, which the mixture tells.
    private mutating func fitMixtures(
        of counts: [String: ServiceCounts], beside others: [RateContribution]
    ) {
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
        for part in parts where part.outcomes > 0 {
            guard let i = places[part.group.trigger] else { continue }
            let vote = vote(of: part, strength: triggers[i].voteStrength)
            triggers[i].votes = triggers[i].votes + vote
            votes[part.group] = (votes[part.group] ?? Votes()) + vote
        }
        var count = Limits.contributedCustomers
        repeat {
            customers = largest(
                votes.map { Customer(group: $0.key, votes: $0.value) }, count,
                size: \.votes.weight, before: { $0.group < $1.group })
            count /= 2
        } while customers.reduce(0, { $0 + $1.bytesMax }) > Limits.contributedCustomerBytes
    }
}

extension SuccessHierarchy {
    /// - Parameter parts: in order of their partitions, for sums of fractions depend on it.
    init(_ parts: [RateContribution]) {
        var votes: [String: Votes] = [:]
        var mixtures: [String: RateMixture] = [:]
        var customers: [Group: Votes] = [:]
        for part in parts {
            for trigger in part.triggers {
                votes[trigger.name] = (votes[trigger.name] ?? Votes()) + trigger.votes
                mixtures[trigger.name] = (mixtures[trigger.name] ?? .init()) + trigger.mixture
            }
            for customer in part.customers {
                customers[customer.group] = (customers[customer.group] ?? Votes()) + customer.votes
            }
        }
        self.init(triggers: votes, customers: customers, mixtures: mixtures)
    }
}

/// The `count` largest, in the given order.
func largest<Element>(
    _ elements: [Element], _ count: Int, size: (Element) -> Double,
    before: (Element, Element) -> Bool
) -> [Element] {
    guard elements.count > count else { return elements.sorted(by: before) }
    return elements.sorted {
        size($0) != size($1) ? size($0) > size($1) : before($0, $1)
    }.prefix(count).sorted(by: before)
}
