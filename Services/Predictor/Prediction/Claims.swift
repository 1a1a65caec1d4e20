internal import Foundation

/// Who says what a service's success rate will be before its own outcomes do.
enum Claimant: Int, CaseIterable {
    /// The customer, by the `success_target` that it announced.
    case customer
    /// Services whose load is like its own.
    case kin
}

/// What is said of a service before its outcomes.
struct Claims: Equatable {
    var target: Double?
    var kin = Votes()

    /// The rate that is claimed; nil where nobody says anything.
    /// - Parameter mean: of the prior, which kin are shrunk to by one vote.
    func rate(by claimant: Claimant, priorMean mean: Double) -> Double? {
        switch claimant {
        case .customer: target
        case .kin: kin.weight > 0 ? (kin.successes + mean) / (kin.weight + 1) : nil
        }
    }
}

/// How claims of earlier services stood up to what came: logarithms of how much likelier their outcomes were,
/// had the claim been worth that many outcomes, than without it.
struct ClaimRecord: Equatable {
    /// (claimants) of (worths)
    var logs = Array(repeating: SIMD4<Double>(), count: Claimant.allCases.count)

    /// Outcomes that a claim may be worth, beside none at all.
    static let worths = SIMD4<Double>(1, 3, 10, 30)
    /// A service's outcomes count as fewer than this: claims are for who has few.
    private static let outcomesMax = 20.0
    /// What a kept sum can be.
    static let range: ClosedRange<Double> = -1e9...1e9

    static func + (a: Self, b: Self) -> Self {
        ClaimRecord(logs: zip(a.logs, b.logs).map { $0 + $1 })
    }

    static func - (a: Self, b: Self) -> Self {
        ClaimRecord(logs: zip(a.logs, b.logs).map { $0 - $1 })
    }

    init(logs: [SIMD4<Double>]) { self.logs = logs }
    init() {}

    /// Of one service.
    /// - Parameter prior: of it, without its own vote.
    init(of claims: Claims, prior: RateDistribution, successes: Int, outcomes: Int) {
        guard outcomes > 0 else { return }
        let share = Self.outcomesMax / (Self.outcomesMax + Double(outcomes))
        let won = Double(successes) * share
        let lost = Double(outcomes - successes) * share
        let mean = prior.mean
        for claimant in Claimant.allCases {
            guard let rate = claims.rate(by: claimant, priorMean: mean) else { continue }
            let alone = log(prior.likelihood(successes: won, failures: lost))
            for i in Self.worths.indices {
                let worth = Self.worths[i]
                let told = prior.after(successes: worth * rate, failures: worth * (1 - rate))
                logs[claimant.rawValue][i] =
                    log(told.likelihood(successes: won, failures: lost)) - alone
            }
        }
    }
}

/// By how much claims count: learnt from how a customer's earlier ones came out, else from all customers'.
struct ClaimWorths {
    /// (claimants) of (none and worths) shares of customers whose claims are worth as much.
    private let fleet: [[Double]]
    private let customers: [SuccessHierarchy.Group: ClaimRecord]

    /// Customers that what holds before any claim was judged is worth: as likely as not nothing.
    private static let first = [1.0, 0.25, 0.25, 0.25, 0.25]
    private static let iterations = 20

    init(_ customers: [SuccessHierarchy.Group: ClaimRecord]) {
        self.customers = customers
        let records = customers.sorted { $0.key < $1.key }.map(\.value)
        fleet = Claimant.allCases.map { claimant in
            let judged = records.map { $0.logs[claimant.rawValue] }.filter { $0 != .zero }
            var shares = Self.normalised(Self.first)
            // The likeliest distribution of worths over customers, by expectation-maximisation.
            for _ in 0..<(judged.isEmpty ? 0 : Self.iterations) {
                let sums = judged.reduce(into: Self.first) { sums, logs in
                    for (i, share) in Self.posterior(shares, logs).enumerated() { sums[i] += share }
                }
                shares = Self.normalised(sums)
            }
            return shares
        }
    }

    /// The prior with what is said of a service.
    /// - Parameter own: the service's part of the record: it must not judge its own claim.
    func told(
        _ prior: RateDistribution, _ claims: Claims, _ group: SuccessHierarchy.Group,
        without own: ClaimRecord
    ) -> RateDistribution {
        guard claims != Claims() else { return prior }
        let record = (customers[group] ?? ClaimRecord()) - own
        let mean = prior.mean
        var told = prior
        for claimant in Claimant.allCases {
            guard let rate = claims.rate(by: claimant, priorMean: mean) else { continue }
            let shares = Self.posterior(fleet[claimant.rawValue], record.logs[claimant.rawValue])
            let worths = [0] + ClaimRecord.worths.indices.map { ClaimRecord.worths[$0] }
            told = told.after(
                zip(worths, shares).map { worth, share in
                    (successes: worth * rate, failures: worth * (1 - rate), share: share)
                })
        }
        return told
    }

    private static func posterior(_ shares: [Double], _ logs: SIMD4<Double>) -> [Double] {
        let all = [0] + logs.indices.map { logs[$0] }
        let highest = all.max() ?? 0
        return normalised(zip(shares, all).map { $0 * exp($1 - highest) })
    }

    private static func normalised(_ values: [Double]) -> [Double] {
        let sum = values.reduce(0, +)
        return values.map { $0 / sum }
    }
}
