/// How good a worker is for a part: lower growth first, then the fuller worker.
///
/// `growth = (risk_cpu' - risk_cpu) / C_cpu + (risk_memory' - risk_memory) / C_memory`: what a
/// worker's plan rises by. It is least where the members are low when the part is high.
struct Score: Sendable, Equatable, Comparable {
    let growth: Double
    let fullness: Double

    static func < (a: Score, b: Score) -> Bool {
        a.growth != b.growth ? a.growth < b.growth : a.fullness > b.fullness
    }
}

extension WorkerLoad {
    /// nil when the part does not fit, or cannot beat `best`.
    ///
    /// - Complexity: over the blocks for most workers; over all slots for those that may be best.
    func score(_ part: Profile, fill: Double, beating best: Score?, _ policy: Policy) -> Score? {
        guard mayTake(part, fill: fill, policy) else { return nil }
        let before = risk(policy)
        let least = growth(from: before, to: riskAtLeast(with: part, policy))
        if let best, least > best.growth { return nil }
        let after = risk(with: part, policy)
        guard after.milliCpu <= fill * capacity.milliCpu,
            after.memoryMb <= fill * capacity.memoryMb
        else { return nil }
        let score = Score(
            growth: growth(from: before, to: after),
            fullness: max(
                before.milliCpu / capacity.milliCpu, before.memoryMb / capacity.memoryMb))
        if let best, !(score < best) { return nil }
        return score
    }

    private func growth(from before: Need, to after: Need) -> Double {
        (after.milliCpu - before.milliCpu) / capacity.milliCpu
            + (after.memoryMb - before.memoryMb) / capacity.memoryMb
    }
}
