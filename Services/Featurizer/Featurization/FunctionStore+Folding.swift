internal import Numerics
internal import Topics

extension FunctionStore {
    /// Adds an invocation's part in a slot to the slot's tally.
    mutating func add(
        _ part: ExecutionPart, of invocation: BatchedInvocation, texts: [UInt8],
        to number: Int32, starts: Bool
    ) {
        tallies[number].add(
            part, of: invocation, texts: texts, starts: starts, &sketches, &words, &arena)
    }

    /// What is published of a slot.
    /// - Parameter gaps: room for them, empty.
    mutating func shape(
        of id: FunctionID, slot: Int32, correction: Int32, tally number: Int32,
        _ gaps: inout GapCounts
    ) -> FunctionShape {
        let peak = tallies[number].moments.peak(in: &arena, &gaps)
        let durationMs = tallies[number].durationMs.percentiles(in: &arena)
        let tally = tallies[number]
        let minutes = tally.perMinute
        return FunctionShape(
            customer: id.service.customer, service: id.service.service, function: id.function,
            slotStartMs: Int64(slot) * FunctionShape.slotMs, correction: Int(correction),
            counts: tally.outcomeCounts,
            perMinute: [
                Int(minutes[0]), Int(minutes[1]), Int(minutes[2]), Int(minutes[3]),
                Int(minutes[4]),
            ], cpuMs: Double(tally.cpuNs) / 1e6, gbSeconds: Double(tally.gbNanoseconds) / 1e9,
            concurrencyPeak: peak, durationMs: durationMs,
            interarrivalMs: gaps.takePercentiles(), memoryPeakMb: percentiles(tally.memoryPeakMb),
            deadlineSlack: tally.deadlineUsed < 0
                ? nil : sketches[tally.deadlineUsed].percentilesOfRest(in: &arena),
            coldStarts: coldStarts(tally), initMs: percentiles(tally.initMs),
            memoryMb: tally.setup.memoryMb, trigger: words.text(tally.setup.trigger),
            runtime: words.text(tally.setup.runtime),
            deadlineMs: tally.setup.deadlineMs < 0 ? nil : tally.setup.deadlineMs,
            successInTime: tally.successInTime)
    }

    private mutating func percentiles(_ number: Int32) -> Percentiles? {
        number < 0 ? nil : sketches[number].percentiles(in: &arena)
    }
}

extension SlotTally {
    /// - Parameter part: the invocation's part in this slot.
    mutating func add(
        _ part: ExecutionPart, of invocation: BatchedInvocation, texts: [UInt8], starts: Bool,
        _ sketches: inout Pool<Sketch>, _ words: inout WordTable, _ arena: inout WordArena
    ) {
        cpuNs = saturatingSum(cpuNs, part.cpuNs)
        gbNanoseconds = saturatingSum(gbNanoseconds, part.gbNanoseconds)
        moments.add(from: part.from, to: part.to, arrives: starts, in: &arena)
        setup.update(invocation, texts: texts, words: &words)
        guard starts else { return }
        add(invocation.outcome)
        perMinute[part.from / 60_000] &+= 1
        durationMs.add(invocation.durationMs, in: &arena)
        if let peak = invocation.memoryPeakMb {
            if memoryPeakMb < 0 { memoryPeakMb = sketches.add(Sketch()) }
            sketches[memoryPeakMb].add(peak, in: &arena)
        }
        if let deadline = invocation.deadlineMs, deadline > 0 {
            let used = invocation.durationMs / deadline
            if used > 1, invocation.outcome == .success, late >= 0 { late &+= 1 }
            if deadlineUsed < 0 { deadlineUsed = sketches.add(Sketch()) }
            sketches[deadlineUsed].add(
                min(used, FeaturizerLimits.deadlineUsedMax), in: &arena)
        }
        if let initMs = invocation.initMs {
            if self.initMs < 0 { self.initMs = sketches.add(Sketch()) }
            sketches[self.initMs].add(initMs, in: &arena)
        }
    }
}
