internal import Foundation
internal import Numerics

/// Success by group: fleet, then trigger, then customer within the trigger, then service.
///
/// Each level's mean is shrunk to its parent's, and a group's services count about alike, however many
/// requests they had. How rates are distributed around it is the trigger's mixture, tilted to the
/// customer's mean.
struct SuccessHierarchy {
    struct Group: Hashable, Comparable {
        var trigger: String
        var customer: String
        static func < (a: Self, b: Self) -> Bool {
            (a.trigger, a.customer) < (b.trigger, b.customer)
        }
    }

    /// Candidates for the strength of a level: outcomes that the parent's mean is worth. By the greatest
    /// a level hardly differs from its parent.
    private static let strengths: [Double] = (0..<15).map { exp(-1.2 + 0.5 * Double($0)) }
    /// What is likely before any trigger, and any customer, was seen, give or take a factor of 7.
    private static let triggerStrengthFirst = 5.0
    private static let customerStrengthFirst = 2.0

    private let fleet: Votes
    private let triggers: [String: Votes]
    private let customers: [Group: Votes]
    /// Votes that a trigger's mean is shrunk to the fleet's by.
    private let triggerStrength: Double
    /// Votes that a customer's mean within a trigger is shrunk to the trigger's by.
    private let customerStrength: Double
    private let shapes: [String: TiltedMixture]
    private let sharedShape: TiltedMixture

    /// - Parameter mixtures: by trigger.
    init(
        triggers: [String: Votes], customers: [Group: Votes], mixtures: [String: RateMixture]
    ) {
        self.triggers = triggers
        self.customers = customers
        let fleet = triggers.sorted { $0.key < $1.key }.reduce(Votes()) { $0 + $1.value }
        self.fleet = fleet
        let shared = Self.shared(mixtures)
        sharedShape = TiltedMixture(shared)
        shapes = mixtures.mapValues { TiltedMixture($0.distribution(base: shared)) }
        let triggerStrength = Self.likeliest(
            triggers.sorted { $0.key < $1.key }.map {
                (votes: $0.value, mean: Self.mean(of: fleet - $0.value))
            }, first: Self.triggerStrengthFirst)
        self.triggerStrength = triggerStrength
        customerStrength = Self.likeliest(
            customers.sorted { $0.key < $1.key }.map {
                let trigger = triggers[$0.key.trigger] ?? Votes()
                return (
                    votes: $0.value,
                    mean: Self.mean(of: trigger, in: fleet, strength: triggerStrength)
                )
            }, first: Self.customerStrengthFirst)
    }

    /// Of the whole fleet's services.
    static func shared(_ mixtures: [String: RateMixture]) -> RateDistribution {
        mixtures.sorted { $0.key < $1.key }.reduce(RateMixture()) { $0 + $1.value }
            .distribution(base: .vague)
    }

    /// What is known of a service's success before its own outcomes.
    ///
    /// - Parameter vote: the service's own in the groups' votes: it must not tell itself what it
    ///   already knows.
    func prior(_ group: Group, without vote: Votes = Votes()) -> SuccessPrior {
        let ofTrigger = (triggers[group.trigger] ?? Votes()) - vote
        let ofCustomer = (customers[group] ?? Votes()) - vote
        let triggerMean = Self.mean(
            of: ofTrigger, in: fleet - vote, strength: triggerStrength)
        let known = ofCustomer.weight + customerStrength
        let mean = (ofCustomer.successes + customerStrength * triggerMean) / known
        let level: Level =
            ofCustomer.weight >= customerStrength
            ? .customer : ofTrigger.weight >= triggerStrength ? .trigger : .fleet
        let shape = shapes[group.trigger] ?? sharedShape
        return SuccessPrior(distribution: shape.distribution(mean: mean), level: level)
    }

    /// What services of a trigger have in common, beside all others.
    func logOdds(ofTrigger trigger: String) -> Double {
        RateGrid.logOdds(
            of: Self.mean(
                of: triggers[trigger] ?? Votes(), in: fleet, strength: triggerStrength))
    }

    /// Before anything is known: as good as not, by one vote.
    private static func mean(of fleet: Votes) -> Double {
        (fleet.successes + 0.5) / (fleet.weight + 1)
    }

    private static func mean(of trigger: Votes, in fleet: Votes, strength: Double) -> Double {
        (trigger.successes + strength * mean(of: fleet)) / (trigger.weight + strength)
    }

    /// The strength by which parents' means tell most of what their groups voted.
    private static func likeliest(
        _ groups: [(votes: Votes, mean: Double)], first: Double
    ) -> Double {
        let scores = strengths.map { strength in
            let distance = log(strength / first) / 2
            return groups.reduce(-distance * distance / 2) { sum, group in
                sum
                    + BetaDistribution(mean: group.mean, strength: strength).logLikelihood(
                        successes: group.votes.successes,
                        failures: group.votes.weight - group.votes.successes)
            }
        }
        return strengths[scores.indices.max { scores[$0] < scores[$1] } ?? 0]
    }
}

/// A distribution of rates that takes on any mean: each weight times `exp(t × log-odds)`, of all such
/// changes the least (in relative entropy).
struct TiltedMixture {
    private let base: RateDistribution
    /// The `t` that means of even steps of log-odds take.
    private let tilts: [Double]

    /// Of these log-odds, and in so many steps.
    private static let logOddsMax = 7.0
    private static let steps = 112
    private static let tiltMax = 12.0
    private static let stepsMax = 40
    private static let tolerance = 1e-6
    /// A few services in a likeliest mixture are a few spikes; this makes them 0.4 of log-odds wide.
    private static let blurCells = 4.0
    /// The mixture is a guess, too: beside it a beta of the same mean and width.
    private static let smoothShare = 0.4

    init(_ mixture: RateDistribution) {
        let mean = mixture.mean
        let base = mixture.blurred(cells: Self.blurCells).mixed(
            with: RateDistribution(BetaDistribution(mean: mean, strength: mixture.strength)),
            share: Self.smoothShare)
        self.base = base
        var tilt = -Self.tiltMax
        tilts = (0...Self.steps).map { step in
            let target = RateGrid.rate(logOdds: Self.logOdds(of: step))
            // Means rise with tilts: the next one is not below.
            var (from, to) = (tilt, Self.tiltMax)
            for _ in 0..<Self.stepsMax where to - from > Self.tolerance {
                let (mean, slope) = base.meanAndSlope(tiltedBy: tilt)
                if mean < target { from = tilt } else { to = tilt }
                let newton = tilt + (target - mean) / max(slope, 1e-9)
                tilt = newton > from && newton < to ? newton : (from + to) / 2
                if abs(target - mean) < Self.tolerance * target * (1 - target) { break }
            }
            return tilt
        }
    }

    func distribution(mean: Double) -> RateDistribution {
        let rates = SuccessPrior.rates
        let odds = RateGrid.logOdds(of: min(max(mean, rates.lowerBound), rates.upperBound))
        let place = min(
            max((odds + Self.logOddsMax) / (2 * Self.logOddsMax) * Double(Self.steps), 0),
            Double(Self.steps))
        let step = min(Int(place), Self.steps - 1)
        let part = place - Double(step)
        return base.tilted(by: (1 - part) * tilts[step] + part * tilts[step + 1])
    }

    private static func logOdds(of step: Int) -> Double {
        -logOddsMax + 2 * logOddsMax * Double(step) / Double(steps)
    }
}
