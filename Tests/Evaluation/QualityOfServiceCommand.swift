import Allocation
import Numerics
import Topics

/// `evaluate quality-of-service`: what tiers and customers get of a placement made from history.
struct QualityOfServiceCommand {
    private let trace: Trace
    private let capacity: Float
    private let budget: Double
    private let shares: [Double]
    private let customers: Int
    private let seed: UInt64

    private static let customersMax = 10_000

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: Trace.flags + ["--tiers", "--customers"])
        capacity = Float(try flags.number("--capacity"))
        budget = try flags.number("--budget", default: 0.001)
        seed = try flags.seed()
        customers = try flags.count("--customers", default: 10)
        guard capacity > 0 else { throw EvaluationError("--capacity is \(capacity)") }
        guard budget > 0, budget < 0.1 else {
            throw EvaluationError("--budget is \(budget), expected more than 0, less than 0.1")
        }
        guard customers <= Self.customersMax else {
            throw EvaluationError(
                "--customers is \(customers), expected at most \(Self.customersMax)")
        }
        let text = flags.has("--tiers") ? try flags.text("--tiers") : "0.2,0.5,0.3"
        shares = text.split(separator: ",").compactMap { Double($0) }
        guard shares.count == 3, shares.allSatisfy({ $0 >= 0 }),
            abs(shares.reduce(0, +) - 1) < 1e-6
        else {
            throw EvaluationError("--tiers is \"\(text)\", expected three shares that sum to 1")
        }
        trace = try Trace(flags)
    }

    func run() -> String {
        let history = cut(trace.history)
        let members = Members(trace.history, shares: shares, customers: customers, seed: seed)
        let tiered = Antiphase(budget: budget, tiers: members.tiers)
        let untiered = Antiphase(budget: budget)
        var policies: [String: [String: Any]] = [:]
        say(
            "policy      workers  violation %: guaranteed  burstable  best_effort    jain"
                + "  worst customer %  guaranteed part over %")
        for (name, policy, isTiered) in [
            ("antiphase", tiered, true), ("untiered", untiered, false),
        ] {
            let service = ServiceReceived(
                places: policy.place(history), members, cut(trace.future),
                guaranteed: policy.profiles(history).map {
                    Double($0.guaranteedMilliCpu) / Double(unitsPerPercent)
                },
                isTiered: isTiered)
            sayRow(name, service)
            policies[name] = service.metrics
        }
        return result(dataset: trace.dataset, n: history.series.count, policies: policies)
    }

    private func cut(_ series: [[Float]]) -> History {
        History(series: series, capacity: capacity, slotsPerDay: trace.slotsPerDay)
    }

    private func sayRow(_ name: String, _ service: ServiceReceived) {
        let tiers = Tier.allCases.map { tier in
            fixed(100 * (service.violation[tier] ?? 0), 4).padded(to: tier == .guaranteed ? 25 : 11)
        }
        say(
            name.padded(to: 12, left: true) + "\(service.workers)".padded(to: 7)
                + tiers.joined() + fixed(service.jain, 4).padded(to: 10)
                + fixed(100 * service.worstCustomer, 4).padded(to: 18)
                + fixed(100 * service.guaranteedOver, 4).padded(to: 24))
    }
}

/// Who the series belong to and what was bought for them.
struct Members {
    let tiers: [Tier]
    let customers: [Int]

    /// By lots that only the seed and a series' own history decide, so that the order of a file's
    /// series does not matter.
    init(_ series: [[Float]], shares: [Double], customers count: Int, seed: UInt64) {
        var tiers: [Tier] = []
        var customers: [Int] = []
        for values in series {
            let digest = values.reduce(into: UInt64(14_695_981_039_346_656_037)) { hash, value in
                hash = (hash ^ UInt64(value.bitPattern)) &* 1_099_511_628_211
            }
            var random = SeededRandom(seed: seed, for: "\(digest)")
            let lot = random.uniform()
            tiers.append(
                lot < shares[0]
                    ? .guaranteed : lot < shares[0] + shares[1] ? .burstable : .bestEffort)
            customers.append(random.integer(below: count))
        }
        self.tiers = tiers
        self.customers = customers
    }
}

/// What members get when workers are over capacity: with tiers those promised more are served
/// first; without, all of a worker's members are short in proportion.
struct ServiceReceived {
    let workers: Int
    /// Share of the slots of workers with members of the tier in which it got less than it needs.
    let violation: [Tier: Double]
    /// Share of a tier's demand that it did not get.
    let throttled: [Tier: Double]
    /// Of the customers' shares of demand served.
    let jain: Double
    /// The highest share of slots, over a customer's members, in which a member got less.
    let worstCustomer: Double
    /// Share of workers' slots in which what is guaranteed there is more than the capacity.
    let guaranteedOver: Double

    /// - Parameter guaranteed: (n) each member's guaranteed part, in the unit of the capacity.
    init(
        places: [Int], _ members: Members, _ future: History, guaranteed: [Double], isTiered: Bool
    ) {
        let slots = future.series[0].count
        let byWorker = Dictionary(grouping: places.indices) { places[$0] }
        var counts = Counts(customers: (members.customers.max() ?? 0) + 1)
        var over = 0
        for (_, residents) in byWorker.sorted(by: { $0.key < $1.key }) {
            let promised = residents.reduce(0) { $0 + guaranteed[$1] }
            if promised > Double(future.capacity) { over += slots }
            for slot in 0..<slots {
                counts.add(residents, members, future, slot, isTiered: isTiered)
            }
        }
        workers = byWorker.count
        violation = counts.violation
        throttled = counts.throttled
        jain = counts.jain
        worstCustomer = counts.worstCustomer
        guaranteedOver = Double(over) / Double(max(1, workers * slots))
    }

    var metrics: [String: Any] {
        func byName(_ values: [Tier: Double]) -> [String: Double] {
            Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
        }
        return [
            "workers": workers, "violation": byName(violation), "throttled": byName(throttled),
            "jain": jain, "worst_customer": worstCustomer, "guaranteed_over": guaranteedOver,
        ]
    }

    private struct Counts {
        private var slots: [Tier: Int] = [:]
        private var over: [Tier: Int] = [:]
        private var demanded: [Tier: Double] = [:]
        private var missed: [Tier: Double] = [:]
        /// By customer: demand, what of it was served, members' slots, those in which one was short.
        private var customers: [(demand: Double, served: Double, slots: Int, short: Int)]

        init(customers count: Int) {
            customers = Array(repeating: (0, 0, 0, 0), count: count)
        }

        mutating func add(
            _ residents: [Int], _ members: Members, _ future: History, _ slot: Int, isTiered: Bool
        ) {
            var left = Double(future.capacity)
            let all = residents.reduce(0.0) { $0 + Double(future.series[$1][slot]) }
            for tier in Tier.allCases {
                let own = residents.filter { members.tiers[$0] == tier }
                guard !own.isEmpty else { continue }
                let demand = own.reduce(0.0) { $0 + Double(future.series[$1][slot]) }
                let share =
                    isTiered
                    ? (demand > left ? left / demand : 1)
                    : (all > left ? left / all : 1)
                if isTiered { left = max(0, left - demand) }
                slots[tier, default: 0] += 1
                demanded[tier, default: 0] += demand
                missed[tier, default: 0] += demand * (1 - share)
                if share < 1 { over[tier, default: 0] += 1 }
                for member in own {
                    let need = Double(future.series[member][slot])
                    let customer = members.customers[member]
                    customers[customer].demand += need
                    customers[customer].served += need * share
                    customers[customer].slots += 1
                    if share < 1, need > 0 { customers[customer].short += 1 }
                }
            }
        }

        var violation: [Tier: Double] {
            slots.reduce(into: [:]) { shares, entry in
                shares[entry.key] = Double(over[entry.key] ?? 0) / Double(entry.value)
            }
        }

        var throttled: [Tier: Double] {
            demanded.reduce(into: [:]) { shares, entry in
                shares[entry.key] = entry.value > 0 ? (missed[entry.key] ?? 0) / entry.value : 0
            }
        }

        /// `(sum x)^2 / (n sum x^2)` (Jain et al., 1984) of the customers that need anything.
        var jain: Double {
            let served = customers.filter { $0.demand > 0 }.map { $0.served / $0.demand }
            let sum = served.reduce(0, +)
            let squares = served.reduce(0) { $0 + $1 * $1 }
            return squares > 0 ? sum * sum / (Double(served.count) * squares) : 1
        }

        var worstCustomer: Double {
            customers.filter { $0.slots > 0 }.map { Double($0.short) / Double($0.slots) }.max() ?? 0
        }
    }
}
