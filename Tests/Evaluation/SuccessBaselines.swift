import Foundation
import Numerics

/// What everybody should beat: rates from counts, of the fleet, of the customer, of the service.
struct SuccessBaselines {
    static let names = ["global", "mle", "laplace", "customer_mean", "beta_binomial"]

    private struct Counts {
        var successes = 0.0
        var outcomes = 0.0

        mutating func add(_ isSuccess: Bool) {
            successes += isSuccess ? 1 : 0
            outcomes += 1
        }
    }

    private let customerOf: [Int]
    private var fleet = Counts(successes: 0.5, outcomes: 1)
    private var services: [Counts]
    private var customers: [Counts]
    private var prior = BetaDistribution(alpha: 1, beta: 1)
    private var fittedMs = Int64.min

    private static let fitEveryMs: Int64 = 86_400_000
    private static let strengths = (0..<29).map { exp(-1 + 0.25 * Double($0)) }
    /// Outcomes of one service that count in the fit.
    private static let outcomesMax = 200.0

    init(_ trace: OutcomeTrace) {
        customerOf = trace.customers
        services = Array(repeating: Counts(), count: trace.services.count)
        customers = Array(repeating: Counts(), count: (trace.customers.max() ?? 0) + 1)
    }

    mutating func learn(_ run: OutcomeTrace.Run) {
        fleet.add(run.isSuccess)
        services[run.service].add(run.isSuccess)
        customers[customerOf[run.service]].add(run.isSuccess)
    }

    /// By name of the policy.
    mutating func rates(_ run: OutcomeTrace.Run) -> [String: Double] {
        if fittedMs == .min || run.startMs >= fittedMs + Self.fitEveryMs {
            fitPrior()
            fittedMs = run.startMs
        }
        let own = services[run.service]
        let customer = customers[customerOf[run.service]]
        let global = fleet.successes / fleet.outcomes
        let none = own.outcomes == 0
        return [
            "global": global,
            "mle": none ? global : own.successes / own.outcomes,
            "laplace": none ? global : (own.successes + 1) / (own.outcomes + 2),
            "customer_mean": (customer.successes + global) / (customer.outcomes + 1),
            "beta_binomial": (own.successes + prior.alpha) / (own.outcomes + prior.strength),
        ]
    }

    /// One beta for all services, each with one vote for its mean; its strength is the likeliest.
    private mutating func fitPrior() {
        let known = services.filter { $0.outcomes > 0 }
        guard !known.isEmpty else { return }
        let votes = known.reduce(0) { $0 + $1.successes / $1.outcomes }
        let mean = (votes + 0.5) / Double(known.count + 1)
        let likelihoods = Self.strengths.map { strength in
            let beta = BetaDistribution(mean: mean, strength: strength)
            return known.reduce(0) { sum, counts in
                let scale = min(1, Self.outcomesMax / counts.outcomes)
                return sum
                    + beta.logLikelihood(
                        successes: counts.successes * scale,
                        failures: (counts.outcomes - counts.successes) * scale)
            }
        }
        let best = likelihoods.indices.max { likelihoods[$0] < likelihoods[$1] } ?? 0
        prior = BetaDistribution(mean: mean, strength: Self.strengths[best])
    }
}
