import Allocation
import Numerics
import Topics

/// `evaluate fairness`: made customers with real loads, and not enough workers for all.
struct FairnessCommand {
    private let trace: Trace
    private let capacity: Double
    private let scarcity: Double
    private let draws: Int
    private let seed: UInt64
    private let made: MadeCustomers

    init(_ arguments: [String]) throws {
        let flags = try Flags(
            arguments,
            known: Trace.flags + ["--customers", "--functions", "--scarcity", "--draws"])
        trace = try Trace(flags)
        capacity = try flags.number("--capacity")
        guard capacity > 0 else { throw EvaluationError("--capacity is \(capacity)") }
        scarcity = try flags.number("--scarcity", default: 0.5)
        guard scarcity > 0, scarcity <= 1 else {
            throw EvaluationError("--scarcity is \(scarcity), expected 0 to 1")
        }
        draws = try flags.count("--draws", default: 10_000)
        seed = try flags.seed()
        made = MadeCustomers(
            trace, customers: try flags.count("--customers", default: 20),
            functions: try flags.count("--functions", default: 600), seed: seed)
    }

    func run() -> String {
        say("placing \(made.functions.count) functions of \(made.names.count) customers")
        var enough = ledger(workers: made.functions.count)
        for function in made.functions { _ = enough.place(function.profile) }
        let workers = max(1, Int((scarcity * Double(enough.workersUsed)).rounded()))
        let room = ledger(workers: workers)
        let policies = [
            ("antiphase", fairly(room)), ("first_come", firstCome(room)),
            ("equal_split", equalSplit(room)),
        ]
        say("\(workers) workers of \(enough.workersUsed) needed")
        say("policy            jain  jain_shares  worst    envy  placed  claimed %")
        var results: [String: [String: Any]] = [:]
        for (name, placed) in policies {
            let metrics = metrics(placed, workers)
            results[name] = metrics
            sayLine(name, metrics)
        }
        let lottery = LotteryTrial(customers: made.names, seed: seed, draws: draws)
        say(
            "lottery of \(lottery.places) places for \(made.names.count), \(draws) draws: "
                + "\(fixed(lottery.within * 100, 1)) % of marginals within 2 standard errors, the "
                + "furthest \(fixed(lottery.furthest, 2)); pairs won together "
                + "\(fixed(lottery.together, 3)) of what independent ones would")
        results["lottery"] = [
            "within_2_standard_errors": lottery.within, "furthest": lottery.furthest,
            "pairs_together": lottery.together, "sum_kept": lottery.sumKept, "draws": draws,
        ]
        return result(dataset: trace.dataset, n: made.functions.count, policies: results)
    }

    private func sayLine(_ name: String, _ metrics: [String: Double]) {
        let columns = [("jain", 4), ("jain_shares", 4), ("worst", 3), ("envy", 3), ("placed", 0)]
        say(
            name.padded(to: 16, left: true)
                + columns.map { fixed(metrics[$0.0] ?? 0, $0.1).padded(to: 10) }.joined()
                + fixed((metrics["claimed"] ?? 0) * 100, 1).padded(to: 9))
    }

    private func ledger(workers: Int) -> Ledger {
        var ledger = Ledger(Policy())
        for i in 0..<workers {
            ledger.insert(
                WorkerLoad(
                    name: "w" + "\(i)".padded(to: 6), milliCpu: capacity * Double(unitsPerPercent),
                    memoryMb: 1))
        }
        return ledger
    }

    /// The allocator's own turns and draws.
    private func fairly(_ room: Ledger) -> Set<FunctionID> {
        var ledger = room
        let total = Claim(
            milliCpu: Int(capacity * Double(unitsPerPercent)) * room.workers.count, memoryMb: 0)
        let profiles = Dictionary(
            uniqueKeysWithValues: made.functions.map { ($0.id, $0.profile) })
        let rules = FairnessRules()
        let lottery = Lottery(seed: seed, cell: 0, slot: 0, tier: .burstable)
        var queue = FairQueue(
            made.functions.map { Claimant(id: $0.id, claim: $0.profile.claim) }, used: [:],
            capacity: total, rules, lottery)
        var placed: Set<FunctionID> = []
        while let turn = queue.next() {
            let outcome = ledger.take(turn: turn, lottery, rules) { id in
                guard let profile = profiles[id] else { preconditionFailure("\(id) is unknown") }
                return profile
            }
            for placement in outcome.placed {
                queue.grant(placement.claimant)
                placed.insert(placement.claimant.id)
            }
        }
        return placed
    }

    /// Customers come one after another, each with all that it has.
    private func firstCome(_ room: Ledger) -> Set<FunctionID> {
        var ledger = room
        return Set(
            made.functions.filter { function in
                if case .placed = ledger.place(function.profile) { true } else { false }
            }.map(\.id))
    }

    /// Each has the same part of the workers' capacity, and nothing of what others leave.
    private func equalSplit(_ room: Ledger) -> Set<FunctionID> {
        var ledger = room
        let each =
            Int(capacity * Double(unitsPerPercent)) * room.workers.count / made.names.count
        var left = Dictionary(uniqueKeysWithValues: made.names.map { ($0, each) })
        return Set(
            made.functions.filter { function in
                let customer = function.id.service.customer
                let claim = function.profile.claim.milliCpu
                guard left[customer] ?? 0 >= claim,
                    case .placed = ledger.place(function.profile)
                else { return false }
                left[customer, default: 0] -= claim
                return true
            }.map(\.id))
    }

    private func metrics(_ placed: Set<FunctionID>, _ workers: Int) -> [String: Double] {
        var holdings = Dictionary(
            uniqueKeysWithValues: made.names.map { ($0, Holding(customer: $0, weight: 1)) })
        for function in made.functions {
            holdings[function.id.service.customer]?.add(
                function.profile.claim, waits: !placed.contains(function.id))
        }
        let total = Int(capacity * Double(unitsPerPercent)) * workers
        let report = FairnessReport(
            made.names.compactMap { holdings[$0] },
            capacity: Claim(milliCpu: total, memoryMb: 0))
        let claimed = report.standings.reduce(0) { $0 + $1.holding.placed.milliCpu }
        return [
            "jain": report.jain, "jain_shares": jainIndex(report.standings.map(\.dominantShare)),
            "worst": report.worst, "envy": report.envy, "placed": Double(placed.count),
            "claimed": Double(claimed) / Double(total),
        ]
    }
}

/// Customers in the order in which they come, some with many times the functions of others.
struct MadeCustomers {
    struct Function {
        let id: FunctionID
        let profile: Profile
    }

    let names: [String]
    /// By customer, as they come; each has the load of a series drawn by the seed.
    let functions: [Function]

    init(_ trace: Trace, customers: Int, functions count: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed, for: "customers")
        let names = (0..<customers).map { "c" + "\($0)".padded(to: 4) }
        self.names = names
        // One function each, and of the others the k-th customer has a part as 1/k.
        let parts = (1...customers).map { 1 / Double($0) }.shuffled(using: &random)
        let all = parts.reduce(0, +)
        let extra = Double(max(0, count - customers))
        let history = trace.history
        var profiles: [Int: Profile] = [:]
        let loads = Antiphase(budget: 0.001)
        functions = names.indices.flatMap { i in
            (0..<1 + Int((extra * parts[i] / all).rounded())).map { number in
                let series = Int(random.next() % UInt64(history.count))
                let profile =
                    profiles[series]
                    ?? Profile(
                        milliCpu: loads.fiveMinutes(history[series], trace.slotsPerDay))
                profiles[series] = profile
                return Function(
                    id: FunctionID(
                        customer: names[i], service: "s", function: "f" + "\(number)".padded(to: 6)
                    ), profile: profile)
            }
        }
    }
}

/// Whether draws keep their promise: how often each won beside the odds that it was given.
struct LotteryTrial {
    let places: Int
    /// Of customers, those whose share of wins is within two standard errors of their odds.
    private(set) var within = 0.0
    /// In standard errors.
    private(set) var furthest = 0.0
    /// Over all pairs, how often both won, over what it would be were they independent.
    private(set) var together = 0.0
    private(set) var sumKept = true

    init(customers: [String], seed: UInt64, draws: Int) {
        let n = customers.count
        places = max(1, n / 3)
        // Weights of one to four: odds differ.
        let odds = Lottery.odds(weights: (0..<n).map { Double(1 + $0 % 4) }, places: places)
        var wins = Array(repeating: 0, count: n)
        var pairs = 0
        for slot in 0..<Int64(draws) {
            let won = Lottery(seed: seed, cell: 0, slot: slot, tier: .burstable).draw(odds: odds)
            sumKept = sumKept && won.count { $0 } == places
            for i in won.indices where won[i] { wins[i] += 1 }
            let winners = won.count { $0 }
            pairs += winners * (winners - 1)
        }
        let distances = (0..<n).map { i in
            let error = (odds[i] * (1 - odds[i]) / Double(draws)).squareRoot()
            let distance = abs(Double(wins[i]) / Double(draws) - odds[i])
            return error > 0 ? distance / error : distance > 0 ? .infinity : 0
        }
        within = Double(distances.count { $0 <= 2 }) / Double(n)
        furthest = distances.max() ?? 0
        let squares = odds.reduce(0) { $0 + $1 * $1 }
        let independent = Double(places * places) - squares
        together = independent > 0 ? Double(pairs) / Double(draws) / independent : 1
    }
}
