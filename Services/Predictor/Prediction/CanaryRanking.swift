/// What more data on success is for: how much a service's rate weighs.
public enum CanaryTask: String, CaseIterable, Sendable {
    /// By its expected requests.
    case requests
    /// By what these cost: CPU time x memory.
    case money
    /// Every service the same.
    case equal
}

/// A service whose next outcome could be looked at.
public struct CanaryCandidate: Sendable {
    public var customer: String
    /// Outcomes of it that are known.
    public var outcomes: Double
    /// By how much one more is expected to lower the log-loss of each later one, in nats.
    public var gain: Double
    /// Of the service, in the task.
    public var weight: Double

    public init(customer: String, outcomes: Double, gain: Double, weight: Double) {
        self.customer = customer
        self.outcomes = outcomes
        self.gain = gain
        self.weight = weight
    }
}

/// Which outcomes to get next: those that lower the task's log-loss most, a part of them in turn, so that
/// no service is never looked at, and not too many of one customer.
///
/// Where all services weigh the same nothing beats taking turns (measured: not by one in a hundred), so
/// there turns it is, the greatest gain first in each.
public enum CanaryRanking {
    /// Of all looks, those that go to whom was looked at least.
    public static let floorShare = 0.2
    /// Of all looks, those that one customer's services get, unless more of all services are its own or
    /// others have no more.
    public static let customerShareMax = 0.5

    /// - Returns: places in `candidates`, the best first, at most `count`, each at most once.
    public static func ranked(_ candidates: [CanaryCandidate], count: Int) -> [Int] {
        let places = Array(candidates.indices)
        let inTurn = places.sorted { a, b in
            let (one, other) = (candidates[a], candidates[b])
            return (one.outcomes, -one.gain * one.weight, a)
                < (other.outcomes, -other.gain * other.weight, b)
        }
        let weights = candidates.map(\.weight)
        guard let least = weights.min(), let most = weights.max(), least < most else {
            return capped(inTurn, candidates, count)
        }
        let byGain = places.sorted { a, b in
            let (one, other) = (candidates[a], candidates[b])
            return (-one.gain * one.weight, a) < (-other.gain * other.weight, b)
        }
        return capped(woven(byGain, inTurn), candidates, count)
    }

    /// The first of `byGain`, and at every fifth place the next of `inTurn`.
    private static func woven(_ byGain: [Int], _ inTurn: [Int]) -> [Int] {
        let every = Int((1 / floorShare).rounded())
        var taken: Set<Int> = []
        var order: [Int] = []
        var (gains, turns) = (byGain[...], inTurn[...])
        while order.count < byGain.count {
            let isTurn = order.count % every == every - 1
            guard let place = isTurn ? turns.popFirst() : gains.popFirst() else { continue }
            if taken.insert(place).inserted { order.append(place) }
        }
        return order
    }

    private static func capped(
        _ order: [Int], _ candidates: [CanaryCandidate], _ count: Int
    ) -> [Int] {
        let all = Dictionary(grouping: candidates, by: \.customer).mapValues(\.count)
        func most(_ customer: String) -> Int {
            let share = Double(all[customer] ?? 0) / Double(candidates.count)
            return max(1, Int((Double(count) * max(customerShareMax, share)).rounded(.up)))
        }
        var counts: [String: Int] = [:]
        var (chosen, rest): ([Int], [Int]) = ([], [])
        for place in order where chosen.count < count {
            let customer = candidates[place].customer
            if counts[customer, default: 0] < most(customer) {
                counts[customer, default: 0] += 1
                chosen.append(place)
            } else if rest.count < count {
                rest.append(place)
            }
        }
        return chosen + rest.prefix(count - chosen.count)
    }
}
