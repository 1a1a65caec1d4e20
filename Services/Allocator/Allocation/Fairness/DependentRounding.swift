internal import Numerics

/// Rounds fractions to 0 or 1 so that nobody is better or worse off on average, and their sum stays.
///
/// Two fractions at a time: with d = what the first lacks or the second has, e = the reverse, one
/// rises by what the other falls, and at least one becomes whole. Each is 1 with exactly its own
/// probability; the sum is fixed, up to a last fraction; and the outcomes are negatively
/// correlated (Srinivasan, "Distributions on Level-Sets with Applications to Approximation
/// Algorithms", FOCS 2001, section 2; Gandhi et al., "Dependent Rounding and Its Applications to
/// Approximation Algorithms", J. ACM 2006).
enum DependentRounding {
    /// Arithmetic's remainder, not a fraction.
    private static let remainder = 1e-9

    /// - Parameter parts: (n) 0 to 1. In this order, so that whoever knows it and the seed can do the
    ///   draw again.
    /// - Returns: (n) who has a whole one.
    static func rounded(_ parts: [Double], using random: inout SeededRandom) -> [Bool] {
        precondition(
            parts.allSatisfy { (-remainder...1 + remainder).contains($0) }, "parts are 0 to 1")
        var parts = parts.map(settled)
        var open: Int?
        for i in parts.indices where parts[i] > 0 && parts[i] < 1 {
            guard let j = open else {
                open = i
                continue
            }
            let (rise, fall) = (min(1 - parts[j], parts[i]), min(parts[j], 1 - parts[i]))
            let move = random.uniform() < fall / (rise + fall) ? rise : -fall
            parts[j] = settled(parts[j] + move)
            parts[i] = settled(parts[i] - move)
            open = [j, i].first { parts[$0] > 0 && parts[$0] < 1 }
        }
        if let j = open { parts[j] = random.uniform() < parts[j] ? 1 : 0 }
        return parts.map { $0 == 1 }
    }

    private static func settled(_ part: Double) -> Double {
        part < remainder ? 0 : part > 1 - remainder ? 1 : part
    }
}
