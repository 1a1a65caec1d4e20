internal import Foundation

/// How good a worker is for a part: the less its potential grows, the better.
///
/// `growth = sum_r phi(risk_r' / C_r) - phi(risk_r / C_r)` with `phi(x) = exp((x - 1) / 0.05)`: near
/// its capacity a worker is dear, far below it hardly anything is. So a part goes where the members
/// are low when it is high, and, of workers alike in that, where more is left. Convex, so that full
/// workers level out; with a temperature of 0.05 a worker that is 5 % fuller costs e times as much.
struct Score: Sendable, Equatable, Comparable {
    let growth: Double

    static let temperature = 0.05

    static func < (a: Score, b: Score) -> Bool { a.growth < b.growth }

    static func potential(_ risk: Need, _ capacity: Need) -> Double {
        exp(min(Self.highest, (risk.milliCpu / capacity.milliCpu - 1) / temperature))
            + exp(min(Self.highest, (risk.memoryMb / capacity.memoryMb - 1) / temperature))
    }

    /// Exponents stay finite.
    private static let highest = 300.0
}

extension WorkerLoad {
    /// nil when the part must not come, or cannot beat `best`.
    ///
    /// - Complexity: over the blocks for most workers; over all slots for those that may be best.
    func score(_ part: Profile, beating best: Score?, _ policy: Policy) -> Score? {
        guard mayTake(part, policy) else { return nil }
        let before = members == 0 ? 0 : Score.potential(risk(policy), capacity)
        if let best {
            let least = Score.potential(riskAtLeast(with: part, policy), capacity) - before
            guard least < best.growth else { return nil }
        }
        let after = risk(with: part, policy)
        guard after.memoryMb <= capacity.memoryMb else { return nil }
        let score = Score(growth: Score.potential(after, capacity) - before)
        if let best, !(score < best) { return nil }
        return score
    }
}
