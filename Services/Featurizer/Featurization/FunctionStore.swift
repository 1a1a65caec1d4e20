internal import Numerics
internal import Processing
internal import Topics

/// A function's slot that can still change, in the chain of its function's.
struct SlotNode {
    /// Counted from 1970.
    let slot: Int32
    let function: Int32
    /// The next older node of the function, -1 for none.
    var older: Int32 = -1
    /// Its tally in the store, -1 while it is packed.
    var tally: Int32
    /// The tally as its state entry has it, of a slot that nobody adds to any more.
    var packed = ArenaBytes()
    /// The `correction` that the next publication has.
    var nextCorrection: Int32 = 0
    /// Something was added since it was last published.
    var isDue = true
    /// Something changed since the state was last taken.
    var isChanged = true
    /// The state segment that has its entry, 0 for none, and the entry's size there.
    var segment: UInt32 = 0
    var storedBytes: UInt32 = 0

    /// Something is added.
    /// - Returns: whether it was due already.
    mutating func note() -> Bool {
        isChanged = true
        defer { isDue = true }
        return isDue
    }
}

/// What a function did in slots that are packed or gone.
struct Past {
    var counts = OutcomeCounts()
    var coldStarts = 0
    var lastSeenMs = Int64.min
    var setup = Setup()
}

/// All that a partition knows of its functions, in a few arrays: a value on the heap for each would
/// cost more than what it holds.
struct FunctionStore {
    var functions = FunctionTable()
    var nodes = Pool<SlotNode>()
    var tallies = Pool<SlotTally>()
    var sketches = Pool<Sketch>()
    var pasts = Pool<Past>()
    var arena = WordArena()
    var words = WordTable()

    /// What it holds; room that arrays have in advance is not in memory before it is used.
    var bytes: Int {
        functions.bytes + nodes.bytes + tallies.bytes + sketches.bytes + pasts.bytes + arena.bytes
    }

    /// Most invocations are of the last slots.
    func node(of function: Int32, slot: Int32) -> Int32? {
        var number = functions[function].newest
        while number >= 0 {
            let own = nodes[number].slot
            if own <= slot { return own == slot ? number : nil }
            number = nodes[number].older
        }
        return nil
    }

    /// - Parameter slot: of which the function has no node.
    mutating func addNode(of function: Int32, slot: Int32, tally: Int32) -> Int32 {
        let added = nodes.add(SlotNode(slot: slot, function: function, tally: tally))
        link(added)
        return added
    }

    private mutating func link(_ added: Int32) {
        let (slot, function) = (nodes[added].slot, nodes[added].function)
        var newer: Int32 = -1
        var number = functions[function].newest
        while number >= 0, nodes[number].slot > slot {
            newer = number
            number = nodes[number].older
        }
        nodes[added].older = number
        if newer < 0 { functions[function].newest = added } else { nodes[newer].older = added }
    }

    /// Forgets a slot; what the function did in it stays in its totals.
    mutating func removeNode(_ number: Int32) {
        let node = nodes[number]
        if node.tally >= 0 {
            addToPast(of: node.function, node.tally)
            releaseTally(node.tally)
        }
        nodes[number].packed.release(in: &arena)
        var newer: Int32 = -1
        var next = functions[node.function].newest
        while next != number {
            newer = next
            next = nodes[next].older
        }
        if newer < 0 {
            functions[node.function].newest = node.older
        } else {
            nodes[newer].older = node.older
        }
        nodes.remove(number)
        functions[node.function].isChanged = true
    }

    /// Nobody is expected to add to the slot any more: its tally becomes the bytes of its entry.
    mutating func pack(_ number: Int32) {
        let tally = nodes[number].tally
        guard tally >= 0 else { return }
        let bytes = written(tally)
        addToPast(of: nodes[number].function, tally)
        functions[nodes[number].function].isChanged = true
        releaseTally(tally)
        nodes[number].tally = -1
        nodes[number].packed = ArenaBytes(bytes, in: &arena)
    }

    /// Somebody does all the same.
    mutating func unpack(_ number: Int32) {
        guard nodes[number].tally < 0 else { return }
        let bytes = nodes[number].packed.copy(in: arena)
        nodes[number].packed.release(in: &arena)
        do throws(CorruptState) {
            nodes[number].tally = try readTally(bytes)
        } catch {
            preconditionFailure("unpack slot \(nodes[number].slot): \(error)")
        }
        takeFromPast(of: nodes[number].function, nodes[number].tally)
        functions[nodes[number].function].isChanged = true
    }

    /// Since ever, of slots that can change and those that cannot; nil before any invocation.
    func totals(of function: Int32) -> (past: Past, firstSeenMs: Int64)? {
        let row = functions[function]
        var sum = row.past >= 0 ? pasts[row.past] : Past()
        var number = row.newest
        while number >= 0 {
            let node = nodes[number]
            if node.tally >= 0 {
                let tally = tallies[node.tally]
                sum.counts.add(tally.outcomeCounts)
                sum.coldStarts += coldStarts(tally)
                sum.lastSeenMs = max(sum.lastSeenMs, tally.setup.saidAtMs)
                sum.setup.update(tally.setup, words: words)
            }
            number = node.older
        }
        return sum.setup.saidAtMs == .min ? nil : (sum, row.firstSeenMs)
    }

    mutating func past(of function: Int32) -> Int32 {
        if functions[function].past < 0 { functions[function].past = pasts.add(Past()) }
        return functions[function].past
    }

    /// Of an invocation that began in a slot that is gone.
    mutating func countPast(_ invocation: BatchedInvocation, of function: Int32) {
        let past = past(of: function)
        pasts[past].counts.add(invocation.outcome)
        if invocation.initMs != nil { pasts[past].coldStarts += 1 }
        functions[function].isChanged = true
    }

    private mutating func addToPast(of function: Int32, _ number: Int32) {
        let past = past(of: function)
        let tally = tallies[number]
        pasts[past].counts.add(tally.outcomeCounts)
        pasts[past].coldStarts += coldStarts(tally)
        pasts[past].lastSeenMs = max(pasts[past].lastSeenMs, tally.setup.saidAtMs)
        pasts[past].setup.update(tally.setup, words: words)
    }

    /// When it was seen last stays: that is the greatest, whoever says it twice.
    private mutating func takeFromPast(of function: Int32, _ number: Int32) {
        let past = past(of: function)
        let tally = tallies[number]
        pasts[past].counts.subtract(tally.outcomeCounts)
        pasts[past].coldStarts -= coldStarts(tally)
    }

    func coldStarts(_ tally: SlotTally) -> Int {
        tally.initMs < 0 ? 0 : Int(sketches[tally.initMs].count)
    }

    mutating func releaseTally(_ number: Int32) {
        tallies[number].durationMs.release(in: &arena)
        tallies[number].moments.release(in: &arena)
        for sketch in [
            tallies[number].memoryPeakMb, tallies[number].deadlineUsed, tallies[number].initMs,
        ] where sketch >= 0 {
            sketches[sketch].release(in: &arena)
            sketches.remove(sketch)
        }
        tallies.remove(number)
    }
}

extension OutcomeCounts {
    mutating func add(_ other: OutcomeCounts) {
        success += other.success
        error += other.error
        timeout += other.timeout
        outOfMemory += other.outOfMemory
        throttled += other.throttled
        killed += other.killed
        unknown += other.unknown
    }

    mutating func subtract(_ other: OutcomeCounts) {
        success -= other.success
        error -= other.error
        timeout -= other.timeout
        outOfMemory -= other.outOfMemory
        throttled -= other.throttled
        killed -= other.killed
        unknown -= other.unknown
    }
}
