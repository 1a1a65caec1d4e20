internal import Topics

/// Functions packed from nothing onto as few workers of one capacity as the budgets allow.
public struct Packing: Sendable {
    /// (n) each function's worker; those that no worker is large enough for come last, alone.
    public private(set) var places: [Int]
    public private(set) var workers: Int
    /// (3) by a tier's rank: expected share of slots over capacity on workers with that tier.
    public private(set) var overloads: [Double]

    /// The largest function first, each where the potential grows least, then moves that lower the
    /// overload, onto a number of workers that is searched for: the least at which every tier stays
    /// within its budget.
    ///
    /// - Complexity: O(n W S) for each number of workers tried, S = slots.
    /// - Parameter near: a number of workers to begin with, where one is known that may do.
    public init(
        _ profiles: [Profile], capacity: Need, _ policy: Policy, near: Int? = nil
    ) {
        let attempt = PackingAttempt(profiles, capacity, policy)
        var best = attempt.levelled(over: near ?? attempt.opened())
        var step = max(1, best.used / 16)
        let finest = max(1, best.used / Limits.packingPrecision)
        while !best.isWithinBudgets, best.used < profiles.count {
            best = attempt.levelled(over: best.used + step)
        }
        while best.used > attempt.bound {
            let tried = max(attempt.bound, best.used - step)
            let result = attempt.levelled(over: tried)
            if result.isWithinBudgets {
                best = result
            } else if step == finest {
                break
            } else {
                step = max(finest, step / 2)
            }
        }
        self.init(attempt, best)
    }

    private init(_ attempt: PackingAttempt, _ result: PackingAttempt.Result) {
        places = result.places
        workers = result.used
        for i in attempt.tooLarge {
            places[i] = workers
            workers += 1
        }
        overloads = result.overloads
    }
}

/// The same functions on different numbers of workers.
private struct PackingAttempt {
    struct Result {
        /// -1 where no worker is large enough.
        var places: [Int]
        var used: Int
        var overloads: [Double]
        var isWithinBudgets: Bool
    }

    private let profiles: [Profile]
    private let capacity: Need
    private let policy: Policy
    /// The largest first.
    private let order: [Int]
    /// Those that overrun a worker of their own.
    let tooLarge: [Int]
    /// No placement needs fewer: `max_t ceil(sum D(t) / C)`, but for what the budgets forgive.
    let bound: Int

    init(_ profiles: [Profile], _ capacity: Need, _ policy: Policy) {
        let empty = Ledger(policy)
        let need = profiles.map { $0.need(policy) }
        let isTooLarge = profiles.indices.map { i in
            need[i].memoryMb > capacity.memoryMb
                || empty.overloadAlone(profiles[i], milliCpu: capacity.milliCpu)
                    > policy.budgets[profiles[i].tier.rank]
        }
        tooLarge = profiles.indices.filter { isTooLarge[$0] }
        order = profiles.indices.filter { !isTooLarge[$0] }.sorted { a, b in
            (-need[a].milliCpu, a) < (-need[b].milliCpu, b)
        }
        self.profiles = profiles
        self.capacity = capacity
        self.policy = policy
        bound = Self.bound(order.map { profiles[$0] }, capacity)
    }

    /// By the mean: the peak may be within the budgets.
    private static func bound(_ profiles: [Profile], _ capacity: Need) -> Int {
        let total = profiles.reduce(0) { $0 + $1.cpu.mean }
        return max(1, Int((total / capacity.milliCpu).rounded(.up)))
    }

    /// How many workers are in use when one more is opened whenever none has room, as the stage does.
    func opened() -> Int {
        var ledger = empty(order.count)
        for i in order {
            guard let choice = ledger.choose(for: profiles[i]) else {
                preconditionFailure("function \(i) fits no empty worker")
            }
            ledger.reserve(profiles[i], at: choice.worker)
        }
        return ledger.workersUsed
    }

    /// All workers are open from the start.
    func levelled(over count: Int) -> Result {
        var ledger = empty(count)
        var places = Array(repeating: -1, count: profiles.count)
        for i in order {
            // Where memory or guarantees leave no room, this is too few workers.
            guard let best = ledger.candidates(for: profiles[i], { _ in true }).first else {
                return Result(
                    places: places, used: count, overloads: [], isWithinBudgets: false)
            }
            ledger.reserveUnassessed(profiles[i], at: best)
            places[i] = best
        }
        ledger.assess()
        // What is far beyond the budgets no single moves bring within them.
        if isWithinBudgets(ledger, times: Self.hopeful) { improve(&ledger, &places) }
        return finished(ledger, places)
    }

    private func empty(_ count: Int) -> Ledger {
        var ledger = Ledger(policy)
        let digits = "\(count)".count
        ledger.insert(
            (0..<count).map { i in
                let number = "\(i)"
                let name = String(repeating: "0", count: digits - number.count) + number
                return WorkerLoad(
                    name: name, milliCpu: capacity.milliCpu, memoryMb: capacity.memoryMb)
            })
        return ledger
    }

    /// Single moves off the worker that is over capacity most, as long as they save: workers level
    /// out, and the coming week finds room where it differs.
    private func improve(_ ledger: inout Ledger, _ places: inout [Int]) {
        var members: [[Int]] = Array(repeating: [], count: ledger.workers.count)
        for i in order { members[places[i]].append(i) }
        var moves = 0
        var stuck: Set<Int> = []
        while moves < Limits.packingMovesMax, stuck.count < Limits.stuckWorkersMax {
            let worst = ledger.workers.indices.filter { !stuck.contains($0) }.max { a, b in
                (ledger.workers[a].budgets(policy), b) < (ledger.workers[b].budgets(policy), a)
            }
            guard let worst else { break }
            let parts = members[worst].map { (part: profiles[$0], excluding: [Int]()) }
            guard let relief = ledger.bestRelief(of: worst, parts, opening: true) else {
                stuck.insert(worst)
                continue
            }
            let i = members[worst].remove(at: relief.member)
            members[relief.to].append(i)
            ledger.release(profiles[i], at: worst)
            ledger.reserve(profiles[i], at: relief.to)
            places[i] = relief.to
            moves += 1
            stuck = []
        }
    }

    /// Up to so many times the budgets single moves are tried.
    private static let hopeful = 4.0

    private func isWithinBudgets(_ ledger: Ledger, times: Double) -> Bool {
        policy.budgets.indices.allSatisfy { !ledger.exceeds(rank: $0, times: times) }
    }

    private func finished(_ ledger: Ledger, _ places: [Int]) -> Result {
        var numbers: [Int: Int] = [:]
        for (index, worker) in ledger.workers.enumerated() where worker.members > 0 {
            numbers[index] = numbers.count
        }
        let ranks = policy.budgets.indices
        return Result(
            places: places.map { numbers[$0] ?? -1 }, used: numbers.count,
            overloads: ranks.map { rank in
                let (total, count) = ledger.overloads(rank)
                return count > 0 ? total / Double(count) : 0
            },
            isWithinBudgets: isWithinBudgets(ledger, times: 1))
    }
}
