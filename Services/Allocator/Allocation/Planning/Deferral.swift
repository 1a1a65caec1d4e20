/// Work that may wait, of one hour.
public struct LaxWork: Sendable, Equatable {
    /// Hours from the beginning of the plan.
    public let hour: Int
    public let slackHours: Int
    /// Mean CPU over the hour, mCPU.
    public let milliCpu: Double

    public init(hour: Int, slackHours: Int, milliCpu: Double) {
        self.hour = hour
        self.slackHours = slackHours
        self.milliCpu = milliCpu
    }
}

/// Work put off from one hour to another.
public struct Shift: Sendable, Equatable {
    public let from: Int
    public let until: Int
    public let milliCpu: Double
}

/// Puts lax work off to cheaper hours within its slack (Hanafy et al., "Going Green for Less Green",
/// ASPLOS 2024, section 4: the hour of the least carbon in the window). Where carbon is the same, to
/// the hour of the least load.
///
/// No hour's load rises above the highest there was, so that no worker is needed for it.
public enum Deferral {
    /// - Parameters:
    ///   - loads: (hours) mean CPU foretold, mCPU, the lax work in it.
    ///   - carbon: (hours) relative.
    /// - Returns: by hour; work moves whole or not at all.
    public static func shifts(
        _ work: [LaxWork], loads: [Double], carbon: [Double]
    ) -> [Shift] {
        precondition(loads.count == carbon.count, "each hour has a load and its carbon")
        var loads = loads
        let highest = loads.max() ?? 0
        var shifts: [Shift] = []
        for lax in work.sorted(by: isBefore) where loads.indices.contains(lax.hour) {
            guard lax.milliCpu > 0, lax.slackHours >= 1, lax.hour + 1 < loads.count else {
                continue
            }
            let window = lax.hour + 1...min(lax.hour + lax.slackHours, loads.count - 1)
            let best = window.filter { loads[$0] + lax.milliCpu <= highest }.min { a, b in
                (carbon[a], loads[a], a) < (carbon[b], loads[b], b)
            }
            guard let best, pays(lax, best, loads, carbon) else { continue }
            loads[lax.hour] -= lax.milliCpu
            loads[best] += lax.milliCpu
            shifts.append(Shift(from: lax.hour, until: best, milliCpu: lax.milliCpu))
        }
        return shifts
    }

    /// Less carbon; or as much, and the two hours become more even.
    private static func pays(
        _ lax: LaxWork, _ hour: Int, _ loads: [Double], _ carbon: [Double]
    ) -> Bool {
        guard carbon[hour] == carbon[lax.hour] else { return carbon[hour] < carbon[lax.hour] }
        return loads[hour] + lax.milliCpu < loads[lax.hour]
    }

    /// The least free first.
    private static func isBefore(_ a: LaxWork, _ b: LaxWork) -> Bool {
        (a.hour, a.slackHours, -a.milliCpu) < (b.hour, b.slackHours, -b.milliCpu)
    }
}
