internal import Foundation
internal import Numerics

/// How a quantity spreads over a function's executions, known by its quantiles.
enum Spread: Sendable {
    case logNormal(median: Double, sigma: Double)
    case quantiles(QuantileCurve)

    /// - Parameter u: in (0, 1).
    func value(at u: Double) -> Double {
        switch self {
        case .logNormal(let median, let sigma): median * exp(sigma * normalQuantile(u))
        case .quantiles(let curve): curve.value(at: u)
        }
    }

    var mean: Double {
        switch self {
        case .logNormal(let median, let sigma): median * exp(sigma * sigma / 2)
        case .quantiles(let curve): curve.mean
        }
    }
}

/// An inverse distribution function through measured percentiles, interpolated in log space.
struct QuantileCurve: Sendable, Equatable {
    /// Probabilities from 0 to 1 and their values, both rising.
    private let probabilities: [Double]
    private let logValues: [Double]

    /// - Parameter least: stands for smaller values, which have no logarithm: traces round to
    ///   whole milliseconds, and 0 ms is not no time.
    /// - Precondition: probabilities rise from 0 to 1.
    init(_ points: [(probability: Double, value: Double)], least: Double) {
        probabilities = points.map(\.probability)
        precondition(
            probabilities.first == 0 && probabilities.last == 1
                && zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 < $1 },
            "probabilities of percentiles rise from 0 to 1, got \(probabilities)")
        // Published percentiles are of averages and minima of single values: where they
        // contradict one another the larger one holds.
        var highest = least
        logValues = points.map { point in
            highest = max(highest, point.value)
            return log(highest)
        }
    }

    func value(at u: Double) -> Double {
        var i = 1
        while i < probabilities.count - 1, u > probabilities[i] { i += 1 }
        let from = probabilities[i - 1]
        let share = (u - from) / (probabilities[i] - from)
        return exp(logValues[i - 1] + (logValues[i] - logValues[i - 1]) * share)
    }

    /// Exact: the integral of the curve.
    var mean: Double {
        var sum = 0.0
        for i in 1..<probabilities.count {
            let width = probabilities[i] - probabilities[i - 1]
            let rise = logValues[i] - logValues[i - 1]
            let low = exp(logValues[i - 1])
            sum += rise < 1e-9 ? width * low : width * low * (exp(rise) - 1) / rise
        }
        return sum
    }

    var largest: Double { exp(logValues[logValues.count - 1]) }
}
