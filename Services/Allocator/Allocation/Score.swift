internal import Foundation

/// How good a worker is for a part: the less its potential grows, the better.
///
/// `growth = sum_r phi(risk_r' / C_r) - phi(risk_r / C_r)` with `phi(x) = exp((x - 1) / 0.05)`: near
/// its capacity a worker is dear, far below it hardly anything is. So a part goes where the members
/// are low when it is high, and, of workers alike in that, where more is left. Convex, so that full
/// workers level out; with a temperature of 0.05 a worker that is 5 % fuller costs e times as much.
enum Score {
    static let temperature = 0.05

    static func potential(_ risk: Need, _ capacity: Need) -> Double {
        exp(min(Self.highest, (risk.milliCpu / capacity.milliCpu - 1) / temperature))
            + exp(min(Self.highest, (risk.memoryMb / capacity.memoryMb - 1) / temperature))
    }

    /// Exponents stay finite.
    private static let highest = 300.0
}

extension WorkerLoad {
    /// At most what `growth` says, from the blocks' extremes alone; nil when the part must not come.
    func leastGrowth(_ part: Profile, _ policy: Policy) -> Double? {
        let memoryPeak = memoryPeakAtLeast(with: part)
        guard mayTake(part, memoryPeak: memoryPeak, policy) else { return nil }
        let risk = riskAtLeast(with: part, memoryPeak: memoryPeak, policy)
        return Score.potential(risk, capacity) - potential(policy)
    }

    /// nil when the memory that the part needs is not there.
    ///
    /// - Complexity: over all slots.
    func growth(_ part: Profile, _ policy: Policy) -> Double? {
        let after = risk(with: part, policy)
        guard after.memoryMb <= capacity.memoryMb else { return nil }
        return Score.potential(after, capacity) - potential(policy)
    }

    private func potential(_ policy: Policy) -> Double {
        members == 0 ? 0 : Score.potential(risk(policy), capacity)
    }
}
