internal import Processing

extension StateWriter {
    mutating func write(_ outcomes: OutcomeHistory) {
        write(outcomes.memory)
        write(outcomes.former != nil)
        if let former = outcomes.former {
            write(former.trigger)
            write(former.memory)
        }
        write(outcomes.successesEver)
        write(outcomes.outcomesEver)
        write(outcomes.surprise)
        write(outcomes.slots)
    }

    private mutating func write(_ memory: OutcomeMemory) {
        for way in OutcomeMemory.Way.allCases {
            write(memory.successes[way.rawValue])
            write(memory.failures[way.rawValue])
        }
        write(memory.asOfMs)
    }
}

extension StateReader {
    mutating func readOutcomes() throws(CorruptState) -> OutcomeHistory {
        let memory = try version == 1 ? readMemoryOfLayout1() : readMemory()
        var former: OutcomeHistory.Former?
        if version > 1, try readBool() {
            former = OutcomeHistory.Former(trigger: try readWord(), memory: try readMemory())
        }
        let history = OutcomeHistory(
            memory: memory, former: former, successesEver: try readInt(in: StateLimits.counts),
            outcomesEver: try readInt(in: StateLimits.counts),
            surprise: try readDouble(in: StateLimits.amounts),
            slots: try readDouble(in: StateLimits.amounts))
        try check(history.successesEver, outOf: history.outcomesEver)
        return history
    }

    private mutating func readMemory() throws(CorruptState) -> OutcomeMemory {
        var memory = OutcomeMemory()
        for way in OutcomeMemory.Way.allCases {
            memory.successes[way.rawValue] = try readFloat(in: OutcomeMemory.sums)
            memory.failures[way.rawValue] = try readFloat(in: OutcomeMemory.sums)
        }
        memory.asOfMs = try readInt64(in: StateLimits.timesMs)
        return memory
    }

    /// Only outcomes that were forgotten by time.
    private mutating func readMemoryOfLayout1() throws(CorruptState) -> OutcomeMemory {
        let successes = try readDouble(in: StateLimits.amounts)
        let failures = try readDouble(in: StateLimits.amounts)
        return OutcomeMemory(
            successes: SIMD4(repeating: Float(min(successes, OutcomeMemory.sumMax))),
            failures: SIMD4(repeating: Float(min(failures, OutcomeMemory.sumMax))),
            asOfMs: try readInt64(in: StateLimits.timesMs))
    }

    func check(_ successes: Int, outOf outcomes: Int) throws(CorruptState) {
        guard successes <= outcomes else {
            throw CorruptState("\(successes) successes of \(outcomes) outcomes")
        }
    }
}
