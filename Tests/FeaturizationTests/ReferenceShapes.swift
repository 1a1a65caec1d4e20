import Topics

/// What a function's slot must say, computed from all its events at once in the plainest way.
struct ReferenceShape {
    var counts = OutcomeCounts()
    var perMinute = [0, 0, 0, 0, 0]
    var cpuMs = 0.0
    var gbSeconds = 0.0
    var concurrencyPeak = 0
    var coldStarts = 0
    var durations: [Double] = []
    var peaks: [Double] = []
    var slacks: [Double] = []
    var late = 0
    var inits: [Double] = []

    /// - Parameter events: all of one function.
    init(slotStartMs: Int64, _ events: [Invocation]) {
        let end = slotStartMs + slotMs
        for event in events where event.startedAtMs >= slotStartMs && event.startedAtMs < end {
            counts.add(event.outcome)
            perMinute[Int(event.startedAtMs - slotStartMs) / 60_000] += 1
            durations.append(event.durationMs)
            if let peak = event.memoryPeakMb { peaks.append(peak) }
            if let deadline = event.deadlineMs {
                slacks.append((deadline - event.durationMs) / deadline)
                if event.outcome == .success, event.durationMs > deadline { late += 1 }
            }
            if let initMs = event.initMs {
                coldStarts += 1
                inits.append(initMs)
            }
        }
        for event in events {
            let start = Double(event.startedAtMs)
            let stop = start + event.durationMs
            let inside = min(stop, Double(end)) - max(start, Double(slotStartMs))
            let share =
                event.durationMs == 0
                ? (start >= Double(slotStartMs) && start < Double(end) ? 1 : 0)
                : max(inside, 0) / event.durationMs
            cpuMs += (event.cpuMs ?? event.durationMs) * share
            gbSeconds += event.memoryMb / 1_024 * event.durationMs / 1_000 * share
        }
        concurrencyPeak = peak(events, from: slotStartMs, to: end)
    }

    /// Concurrency rises only where something starts, or has started when the slot does.
    private func peak(_ events: [Invocation], from: Int64, to: Int64) -> Int {
        let moments = [from] + events.map(\.startedAtMs).filter { $0 >= from && $0 < to }
        return moments.map { moment in
            events.count { event in
                event.startedAtMs <= moment
                    && Double(moment) < Double(event.startedAtMs) + max(event.durationMs, 1)
            }
        }.max() ?? 0
    }

    /// Every slot in which something of the function ran.
    static func slots(_ events: [Invocation]) -> Set<Int64> {
        var slots: Set<Int64> = []
        for event in events {
            let last = Double(event.startedAtMs) + max(event.durationMs, 1)
            var slot = event.startedAtMs / slotMs * slotMs
            while Double(slot) < last {
                slots.insert(slot)
                slot += slotMs
            }
        }
        return slots
    }
}

/// The value of which at least that share of the values are no greater.
func nearestRank(_ share: Double, _ values: [Double]) -> Double {
    let rank = max(Int((share * Double(values.count)).rounded(.up)), 1)
    return values.sorted()[rank - 1]
}
