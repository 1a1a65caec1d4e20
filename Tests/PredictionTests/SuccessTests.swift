import Foundation
import Numerics
import Testing

@testable import Prediction

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
func naturalLog(_ x: Double) -> Double { log(x) }

extension SuccessEstimate {
    /// Of outcomes that count in full, as many as one service's may.
    init(_ prior: SuccessPrior, successes: Int, of outcomes: Int) {
        var memory = OutcomeMemory()
        memory.learn(
            successes: Double(successes), failures: Double(outcomes - successes), atMs: 0)
        self.init(prior, memory, atMs: 0, drift: 1, weights: [1, 0, 0, 0])
    }
}

private let counts = [0, 1, 2, 3, 5, 10, 30, 100, 1_000, 10_000, 100_000, 1_000_000]

@Suite struct `A success estimate` {
    private let prior = SuccessPrior(
        distribution: TiltedMixture(RateDistribution(BetaDistribution(mean: 0.9, strength: 3)))
            .distribution(mean: 0.9), level: .customer)

    @Test(arguments: counts, [0.0, 0.25, 0.9, 0.999, 1])
    func `lies between the prior and the raw rate`(n: Int, rate: Double) {
        let successes = Int((Double(n) * rate).rounded())
        let estimate = SuccessEstimate(prior, successes: successes, of: n)
        let raw = n == 0 ? 0.9 : Double(successes) / Double(n)
        let mean = estimate.distribution.mean
        // A prior of several humps may be drawn a little beyond either.
        #expect(mean >= min(0.9, raw) - 0.01 && mean <= max(0.9, raw) + 0.01)
        // What it costs to say so instead of the raw rate, at most: outcomes count as 2,000.
        if n >= 10_000 {
            let ours = logLossOf(mean, successes: successes, failures: n - successes)
            let raws = logLossOf(raw, successes: successes, failures: n - successes)
            #expect((ours - raws) / Double(n) < 0.002)
        }
        // The prior is worth about 3; n count as 2000 n / (2000 + n).
        if n != 3 { #expect((estimate.level == .service) == (n > 3)) }
    }

    @Test func `narrows with every outcome, and says that one more teaches less`() {
        var width = 1.0
        var gain = 1.0
        for n in counts where n % 10 == 0 {
            let estimate = SuccessEstimate(prior, successes: n * 9 / 10, of: n)
            let rate = estimate.distribution
            let narrower = rate.quantile(0.95) - rate.quantile(0.05)
            #expect(narrower <= width)
            #expect(estimate.gainOfOneMore <= gain)
            width = narrower
            gain = estimate.gainOfOneMore
        }
    }

    /// 400 services of 40 customers, drawn from the model that is fitted; the interval of a fitted
    /// prior must hold 90 % of their true rates. The standard error of 400 is 1.5 %.
    @Test(arguments: counts)
    func `covers the true rate nine times in ten`(n: Int) {
        var random = SeededRandom(seed: 90, for: "\(n)")
        var covered = 0
        for fleetSeed in 0..<4 {
            // Rates beyond 0.99995 are not told apart; hardly any is where customers differ less.
            let fleet = SimulatedFleet(
                seed: UInt64(100 * n + fleetSeed), customers: 40, services: 6,
                customerStrength: 10)
            let success = fleet.hierarchy()
            for _ in 0..<100 {
                let (group, rate) = fleet.newService(&random)
                let estimate = SuccessEstimate(
                    success.prior(group), successes: random.binomial(n, rate), of: n
                ).distribution
                if (estimate.quantile(0.05)...estimate.quantile(0.95)).contains(rate) {
                    covered += 1
                }
            }
        }
        // 85 % to 97 %: with few outcomes more, for the prior holds what customers differ by, too. Many
        // count as 2,000 at most, for rates do not stay, and cover more.
        #expect(covered >= 340)
        if n <= 100 { #expect(covered <= 388) }
    }

    @Test func `of a service without samples beats the fleet's rate by its customer`() {
        var ours = 0.0
        var fleets = 0.0
        var random = SeededRandom(seed: 3)
        let fleet = SimulatedFleet(seed: 4, customers: 40, services: 10)
        let success = fleet.hierarchy()
        for _ in 0..<2_000 {
            let (group, rate) = fleet.newService(&random)
            let outcome = random.chance(rate) ? 1 : 0
            ours += logLossOf(
                success.prior(group).distribution.mean, successes: outcome, failures: 1 - outcome)
            fleets += logLossOf(fleet.rate, successes: outcome, failures: 1 - outcome)
        }
        // Customers' means differ with a standard deviation of about 0.2, which is worth 10 %.
        #expect(ours < 0.93 * fleets)
    }

    /// The rate jumps between 0.99 and 0.5 every day: a million outcomes of one day say little of
    /// the next, and the interval must not claim otherwise.
    @Test func `widens when outcomes vary more than chance explains`() {
        var steady = OutcomeHistory()
        var jumping = OutcomeHistory()
        for slot in 0..<500 {
            let startMs = Int64(slot) * 300_000
            steady.learn(successes: 74, outcomes: 100, slotStartMs: startMs)
            jumping.learn(
                successes: slot / 50 % 2 == 0 ? 99 : 50, outcomes: 100, slotStartMs: startMs)
        }
        #expect(steady.drift == 1)
        #expect(jumping.drift > 10)
    }

    @Test func `forgets half in two days`() {
        var history = OutcomeHistory()
        history.learn(successes: 100, outcomes: 100, slotStartMs: 0)
        history.learn(successes: 0, outcomes: 50, slotStartMs: 48 * 3_600_000)
        // 100 x 1/2 successes, 50 failures.
        #expect(history.memory.outcomes(.byTime, atMs: 48 * 3_600_000) == (50, 50))
        #expect(history.memory.outcomes(.all, atMs: 48 * 3_600_000) == (100, 50))
        // Each of 50 fades what was before it by 1 / 30: 0.1836 of it is left, and of themselves 30
        // (1 - 0.1836).
        let recent = history.memory.outcomes(.byCount, atMs: 0)
        #expect(abs(recent.failures - 24.49) < 0.01)
        #expect(history.outcomesEver == 150)
    }
}

@Suite struct `A success hierarchy` {
    @Test func `counts services, not requests`() {
        // One service of a million failures, nine of ten successes each: 9 x 10 x 2 / 11 = 16.4
        // votes for success of 18.4, 0.891, where requests say 0.0001.
        var votes = Votes(ofServiceWith: 0, of: 1_000_000, strength: 1)
        for _ in 0..<9 { votes = votes + Votes(ofServiceWith: 10, of: 10, strength: 1) }
        #expect(abs(votes.successes / votes.weight - 0.891) < 0.001)
        // One outcome is one, whatever the strength.
        #expect(Votes(ofServiceWith: 1, of: 1, strength: 7) == Votes(successes: 1, weight: 1))
    }

    @Test func `does not tell a service what it said itself`() {
        let group = SuccessHierarchy.Group(trigger: "http", customer: "a")
        let vote = Votes(ofServiceWith: 0, of: 9, strength: 1)
        let alone = SuccessHierarchy(
            triggers: ["http": vote], customers: [group: vote], mixtures: [:])
        // Without its own vote nobody said anything: as good as not.
        #expect(abs(alone.prior(group, without: vote).distribution.mean - 0.5) < 1e-6)
        #expect(alone.prior(group).distribution.mean < 0.5)
    }

    @Test func `says whose evidence is most of it`() {
        let fleet = SimulatedFleet(seed: 1, customers: 20, services: 20)
        let success = fleet.hierarchy()
        #expect(success.prior(fleet.newCustomer).level == .trigger)
        #expect(success.prior(.init(trigger: "new", customer: "new")).level == .fleet)
        var random = SeededRandom(seed: 1)
        #expect(success.prior(fleet.newService(&random).group).level == .customer)
    }
}

/// Customers whose means, and services whose rates, are drawn from betas.
private struct SimulatedFleet {
    private let means: [Double]
    private var parts: [PriorContribution.Part] = []
    private let serviceStrength = 6.0

    init(seed: UInt64, customers: Int, services: Int, customerStrength: Double = 3) {
        var random = SeededRandom(seed: seed)
        var means: [Double] = []
        for _ in 0..<customers { means.append(random.beta(mean: 0.7, strength: customerStrength)) }
        self.means = means
        for (customer, mean) in means.enumerated() {
            for _ in 0..<services {
                let rate = random.beta(mean: mean, strength: serviceStrength)
                let outcomes = 1 + random.integer(below: 100)
                let successes = random.binomial(outcomes, rate)
                parts.append(
                    PriorContribution.Part(
                        group: .init(trigger: "http", customer: "\(customer)"),
                        successesEver: successes, outcomesEver: outcomes,
                        demand: DemandHistory(firstSlotMs: 0), cluster: nil))
            }
        }
    }

    var rate: Double { means.reduce(0, +) / Double(means.count) }
    var newCustomer: SuccessHierarchy.Group { .init(trigger: "http", customer: "new") }

    func hierarchy() -> SuccessHierarchy {
        FleetPrior([PriorContribution(of: parts, beside: [])]).success
    }

    func newService(
        _ random: inout SeededRandom
    ) -> (group: SuccessHierarchy.Group, rate: Double) {
        let customer = random.integer(below: means.count)
        return (
            .init(trigger: "http", customer: "\(customer)"),
            random.beta(mean: means[customer], strength: serviceStrength)
        )
    }
}
