public import Topics

/// A function that waits, and what it would take.
public struct Claimant: Sendable, Equatable {
    public let id: FunctionID
    public let claim: Claim

    public init(id: FunctionID, claim: Claim) {
        self.id = id
        self.claim = claim
    }
}

/// Whose turn it is: the customer of the lowest weighted dominant share, with its largest function;
/// shares rise with what is granted.
///
/// A customer has a turn for each set of resources that its functions ask for; see `Contested`.
public struct FairQueue {
    private struct Lane {
        let customer: String
        let contested: Contested
        /// The next one last.
        var waiting: [Claimant]
    }

    private let capacity: Claim
    private let rules: FairnessRules
    /// By customer, with what was granted.
    public private(set) var used: [String: Claim]
    private var lanes: [Lane] = []
    /// A heap of lanes, the lowest share first. Shares only rise: one that is out of date is too
    /// low, and is put back when its turn comes.
    private var heap: [(share: Double, lane: Int)] = []

    /// Shares closer than this are equal.
    private static let equal = 1e-9

    /// - Parameters:
    ///   - used: by customer, what it has already.
    ///   - lottery: says who takes part where more have equal claims than a draw may have.
    public init(
        _ claimants: [Claimant], used: [String: Claim], capacity: Claim, _ rules: FairnessRules,
        _ lottery: Lottery
    ) {
        self.capacity = capacity
        self.rules = rules
        self.used = used
        var places: [String: [Contested: Int]] = [:]
        for claimant in claimants.sorted(by: Self.comesLast) {
            let (customer, contested) = (claimant.id.service.customer, claimant.claim.contested)
            if let place = places[customer]?[contested] {
                lanes[place].waiting.append(claimant)
            } else {
                places[customer, default: [:]][contested] = lanes.count
                lanes.append(
                    Lane(customer: customer, contested: contested, waiting: [claimant]))
            }
        }
        let lots = lanes.map { lottery.lot(of: $0.customer) }
        lanes = lanes.indices.sorted { (lots[$0], $0) < (lots[$1], $1) }.map { lanes[$0] }
        for lane in lanes.indices { push((share(of: lane), lane)) }
    }

    private static func comesLast(_ a: Claimant, _ b: Claimant) -> Bool {
        (a.claim.milliCpu, a.claim.memoryMb, b.id) < (b.claim.milliCpu, b.claim.memoryMb, a.id)
    }

    /// Those whose turn it is, by name: one function of each customer of the lowest share, a draw's
    /// most at once; nil when nobody waits any more.
    public mutating func next() -> [Claimant]? {
        var turn: [Int] = []
        var lowest = Double.infinity
        while let top = heap.first, top.share <= lowest + Self.equal,
            turn.count < Limits.lotteryTicketsMax
        {
            pop()
            let share = share(of: top.lane)
            if share > top.share + Self.equal {
                push((share, top.lane))
            } else {
                lowest = min(lowest, share)
                turn.append(top.lane)
            }
        }
        guard !turn.isEmpty else { return nil }
        var claimants: [Claimant] = []
        for lane in turn {
            claimants.append(lanes[lane].waiting.removeLast())
            if !lanes[lane].waiting.isEmpty { push((lowest, lane)) }
        }
        return claimants.sorted { $0.id < $1.id }
    }

    /// What was placed counts from now on.
    public mutating func grant(_ claimant: Claimant) {
        let customer = claimant.id.service.customer
        used[customer] = used[customer, default: .none] + claimant.claim
    }

    private func share(of lane: Int) -> Double {
        let customer = lanes[lane].customer
        return used[customer, default: .none].share(
            of: capacity, weight: rules.weight(of: customer), in: lanes[lane].contested)
    }

    // MARK: - Heap

    private mutating func push(_ entry: (share: Double, lane: Int)) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[least] { least = child }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

extension Limits {
    /// Equal claims in one draw.
    static let lotteryTicketsMax = 500
}
