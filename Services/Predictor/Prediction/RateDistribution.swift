internal import Foundation
internal import Numerics

/// Rates at which the distribution of a success rate is kept: even steps of log-odds, each the middle
/// of a cell.
enum RateGrid {
    static let count = 180
    /// Rates from 0.00005 to 0.99995.
    static let logOddsMax = 10.0
    static let step = 2 * logOddsMax / Double(count - 1)
    static let logOdds = (0..<count).map { -logOddsMax + step * Double($0) }
    static let rates = logOdds.map(Self.rate)
    /// ln p and ln(1 - p).
    static let logRates = rates.map { log($0) }
    static let logRests = rates.map { log1p(-$0) }

    static func rate(logOdds: Double) -> Double { 1 / (1 + exp(-logOdds)) }
    static func logOdds(of rate: Double) -> Double { log(rate / (1 - rate)) }

    /// Of the rates that can be told apart.
    static func nearest(to rate: Double) -> Int {
        let clamped = min(max(rate, rates[0]), rates[count - 1])
        return Int(((logOdds(of: clamped) + logOddsMax) / step).rounded())
    }
}

/// What is known of a rate, whatever the form: services are mostly sound or mostly broken, which no
/// beta distribution says.
struct RateDistribution: Equatable {
    /// (`RateGrid.count`) that sum to 1.
    private(set) var weights: [Double]

    /// - Parameter weights: none below 0, one above.
    init(weights: [Double]) {
        let sum = weights.reduce(0, +)
        precondition(
            weights.count == RateGrid.count && sum > 0 && sum.isFinite,
            "\(weights.count) weights sum to \(sum), expected \(RateGrid.count) that sum to more than 0"
        )
        self.weights = weights.map { $0 / sum }
    }

    init(_ beta: BetaDistribution) {
        // In log-odds the density has one factor p (1 - p) more.
        let logs = RateGrid.logOdds.indices.map {
            beta.alpha * RateGrid.logRates[$0] + beta.beta * RateGrid.logRests[$0]
        }
        let highest = logs.max() ?? 0
        self.init(weights: logs.map { exp($0 - highest) })
    }

    /// As likely in every cell as two successes and two failures leave it.
    static let vague = RateDistribution(BetaDistribution(alpha: 1, beta: 1))

    var mean: Double { dotProduct(weights, RateGrid.rates) }

    var variance: Double {
        let mean = mean
        var sum = 0.0
        for i in weights.indices {
            let distance = RateGrid.rates[i] - mean
            sum += weights[i] * distance * distance
        }
        return sum
    }

    /// Outcomes that a beta distribution as wide would be worth.
    var strength: Double {
        let mean = mean
        return max(Self.strengthMin, mean * (1 - mean) / max(variance, 1e-12) - 1)
    }

    private static let strengthMin = 0.05

    /// Where the share `p` of it lies below; a cell's weight is spread evenly over it. Rates in the last
    /// cell at either end are not told apart: an interval that reaches there reaches to the end.
    func quantile(_ p: Double) -> Double {
        var below = 0.0
        for i in weights.indices {
            if below + weights[i] >= p, weights[i] > 0 {
                if i == 0, p < 0.5 { return 0 }
                if i == RateGrid.count - 1, p > 0.5 { return 1 }
                let part = (p - below) / weights[i] - 0.5
                return RateGrid.rate(logOdds: RateGrid.logOdds[i] + part * RateGrid.step)
            }
            below += weights[i]
        }
        return RateGrid.rates[RateGrid.count - 1]
    }

    /// After outcomes; counts may be fractions.
    func after(successes: Double, failures: Double) -> RateDistribution {
        guard successes > 0 || failures > 0 else { return self }
        return RateDistribution(weights: unscaledAfter(successes: successes, failures: failures))
    }

    /// The mean of that.
    func meanAfter(successes: Double, failures: Double) -> Double {
        guard successes > 0 || failures > 0 else { return mean }
        let highest = Self.highestLog(successes, failures)
        var (sum, ofRates) = (0.0, 0.0)
        for i in weights.indices where weights[i] > Self.weightMin {
            let weight =
                weights[i]
                * exp(
                    successes * RateGrid.logRates[i] + failures * RateGrid.logRests[i] - highest)
            sum += weight
            ofRates += weight * RateGrid.rates[i]
        }
        return ofRates / sum
    }

    /// How likely outcomes in a given order are, beside those of the rate that makes them likeliest.
    func likelihood(successes: Double, failures: Double) -> Double {
        unscaledAfter(successes: successes, failures: failures).reduce(0, +)
    }

    /// The mean of several, each after its own outcomes.
    func after(
        _ ways: [(successes: Double, failures: Double, share: Double)]
    ) -> RateDistribution {
        var mixture = Array(repeating: 0.0, count: RateGrid.count)
        for way in ways {
            let weights = unscaledAfter(successes: way.successes, failures: way.failures)
            let scale = way.share / weights.reduce(0, +)
            for i in mixture.indices { mixture[i] += scale * weights[i] }
        }
        return RateDistribution(weights: mixture)
    }

    private func unscaledAfter(successes: Double, failures: Double) -> [Double] {
        let highest = Self.highestLog(successes, failures)
        var result = weights
        for i in result.indices where result[i] > Self.weightMin {
            result[i] *= exp(
                successes * RateGrid.logRates[i] + failures * RateGrid.logRests[i] - highest)
        }
        return result
    }

    /// A cell of less makes no difference.
    private static let weightMin = 1e-30

    /// Of `successes × ln p + failures × ln(1 - p)` for any rate.
    private static func highestLog(_ successes: Double, _ failures: Double) -> Double {
        let n = successes + failures
        return (successes > 0 ? successes * log(successes / n) : 0)
            + (failures > 0 ? failures * log(failures / n) : 0)
    }

    /// - Parameter t: each weight is multiplied by `exp(t × log-odds)`.
    func tilted(by t: Double) -> RateDistribution {
        // Even steps make it a geometric progression, begun where it is greatest.
        let factor = exp(-abs(t) * RateGrid.step)
        var power = 1.0
        var result = weights
        for offset in result.indices {
            result[t > 0 ? result.count - 1 - offset : offset] *= power
            power *= factor
        }
        return RateDistribution(weights: result)
    }

    /// What the mean would be after `tilted`, and how fast it changes there.
    func meanAndSlope(tiltedBy t: Double) -> (mean: Double, slope: Double) {
        let factor = exp(-abs(t) * RateGrid.step)
        var power = 1.0
        var (sum, ofRates, ofOdds, ofBoth) = (0.0, 0.0, 0.0, 0.0)
        for offset in weights.indices {
            let i = t > 0 ? weights.count - 1 - offset : offset
            let weight = weights[i] * power
            let rate = RateGrid.rates[i]
            let odds = RateGrid.logOdds[i]
            sum += weight
            ofRates += weight * rate
            ofOdds += weight * odds
            ofBoth += weight * rate * odds
            power *= factor
        }
        let mean = ofRates / sum
        return (mean, ofBoth / sum - mean * ofOdds / sum)
    }

    func mixed(with other: RateDistribution, share: Double) -> RateDistribution {
        RateDistribution(
            weights: zip(weights, other.weights).map { (1 - share) * $0 + share * $1 })
    }

    /// Each cell's weight spread over those around it as a normal distribution.
    ///
    /// - Parameter cells: its standard deviation.
    func blurred(cells: Double) -> RateDistribution {
        let reach = Int((3 * cells).rounded(.up))
        let kernel = (-reach...reach).map { offset in
            let distance = Double(offset) / cells
            return exp(-distance * distance / 2)
        }
        var result = Array(repeating: 0.0, count: weights.count)
        for i in weights.indices where weights[i] > Self.weightMin {
            for (place, share) in kernel.enumerated() {
                // What would leave the grid stays at its end.
                let target = min(max(i + place - reach, 0), weights.count - 1)
                result[target] += weights[i] * share
            }
        }
        return RateDistribution(weights: result)
    }

    /// How likely at most `successes` of that many outcomes are.
    func cumulative(successes: Int, of outcomes: Int) -> Double {
        var sum = 0.0
        for i in weights.indices where weights[i] > 1e-12 {
            let odds = exp(RateGrid.logOdds[i])
            var term = exp(Double(outcomes) * RateGrid.logRests[i])
            var upTo = term
            for count in 0..<successes {
                term *= odds * Double(outcomes - count) / Double(count + 1)
                upTo += term
            }
            sum += weights[i] * min(1, upTo)
        }
        return min(1, sum)
    }
}

private func dotProduct(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
}
