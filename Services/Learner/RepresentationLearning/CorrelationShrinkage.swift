internal import Numerics

/// Whether two functions rise together is told by the correlation of their hours, shrunk towards that
/// of the fleet by how well such correlations recur from day to day: in a fleet that rises together as
/// a whole, a pair that seems not to is mostly noise.
///
/// - SeeAlso: Efron and Morris, "Stein's estimation rule and its competitors" (1973), for the
///   shrinkage; Spearman (1910) and Brown (1910) for what halves tell of the whole.
struct CorrelationShrinkage: Sendable {
    /// The mean correlation of all pairs.
    let centre: Float
    /// How well correlations recur, 0 to 1.
    let weight: Float

    /// Of correlations of which there is only one day.
    static let recurrenceOfOneDay: Float = 0.5

    /// Of a fleet of which nothing is known.
    static let unknown = CorrelationShrinkage(centre: 0, weight: recurrenceOfOneDay)

    init(centre: Float, weight: Float) {
        self.centre = centre
        self.weight = weight
    }

    /// - Parameter hours: (n, T) of one length.
    /// - Parameter days: where in them each day is.
    init(hours: [[Float]], days: [Range<Int>]) {
        guard hours.count > 1 else {
            self = .unknown
            return
        }
        func pairs(_ ranges: [Range<Int>]) -> [Float] {
            let all = correlations(of: hours, over: ranges)
            return (0..<all.rows).flatMap { row in all.row(row).dropFirst(row + 1) }
        }
        centre = mean(pairs([0..<(hours.first?.count ?? 0)]))
        weight =
            days.count < 2
            ? Self.recurrenceOfOneDay
            : Self.recurrence(
                pairs(days.indices.filter { $0 % 2 == 0 }.map { days[$0] }),
                pairs(days.indices.filter { $0 % 2 == 1 }.map { days[$0] }))
    }

    func shrunk(_ correlation: Float) -> Float { centre + weight * (correlation - centre) }

    /// How much of the spread of what two halves measure would be there again, 0 to 1:
    /// `2 r / (1 + r)`, r the correlation of one half's measures with the other's.
    static func recurrence(_ first: [Float], _ second: [Float]) -> Float {
        let r = max(0, correlation(first[...], second[...]))
        return 2 * r / (1 + r)
    }
}

/// (n, n)
func correlations(of hours: [[Float]], over ranges: [Range<Int>]) -> Matrix {
    let rows = Matrix(hours.map { values in standardised(ranges.flatMap { values[$0] }) })
    return rows.productTransposed(rows)
}

/// Mean 0 and length 1, so that a product is a correlation; all 0 where it does not vary.
private func standardised(_ values: [Float]) -> [Float] {
    let centre = mean(values)
    let spread = variance(values).squareRoot()
    guard spread > 1e-6 * max(1, abs(centre)) else { return values.map { _ in 0 } }
    return unitLength(values.map { $0 - centre })
}
