import Processing
import TestSupport
import Testing
import Topics

@testable import Featurization

@Suite struct `The featurizer's state` {
    @Test func `is written where it changed, and not more than twice what lives is kept`() throws {
        var draws = Draws(seed: 3)
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        var written = 0
        for round in 0..<400 {
            for i in 0..<40 {
                let function = "f\(Int.random(in: 0..<2_000, using: &draws))"
                driver.feed(invocation(function, at: Int64(round * 1_000 + i)))
            }
            written = driver.checkpoint()
        }
        // Of 40 invocations, some of them of one function; a function and its slot take 200 bytes.
        #expect(written < 40 * 2 * 400)
        let kept = driver.keptEntries().reduce(0) { $0 + ($1.value?.count ?? 0) }
        let live = driver.stage().segments.segments.reduce(0) { $0 + $1.liveBytes }
        #expect(kept <= 2 * live + StateSegments.deadBytesMin + 40 * 2 * 400)
        #expect(driver.stage().segments.segments.count <= StateSegments.segmentsMax)
        let before = countsByNumber(driver)
        try driver.restart()
        #expect(countsByNumber(driver) == before)
    }

    @Test func `empties old segments when there are many, and loses nothing`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for round in 0..<(StateSegments.segmentsMax + 50) {
            driver.feed(invocation("f\(round)", at: Int64(round)))
            driver.checkpoint()
        }
        #expect(driver.stage().segments.segments.count <= StateSegments.segmentsMax + 1)
        try driver.restart()
        #expect(driver.stage().store.functions.count == StateSegments.segmentsMax + 50)
    }

    @Test func `packs slots that are over, and unpacks one that somebody is late for`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation(at: 10_000, initMs: 3))
        driver.feed(invocation("other", at: 400_000))
        driver.checkpoint()
        let tallies = driver.stage().store.tallies.count
        #expect(tallies == 1)
        try driver.restart()
        #expect(driver.stage().store.tallies.count == 1)
        driver.feed(invocation(at: 20_000))
        #expect(driver.stage().store.tallies.count == 2)
        driver.advance(nowMs: 0, quietMs: 10_000)
        let last = driver.messages.compactMap { $0 as? FunctionShape }
            .last { $0.function == "checkout" }
        #expect(last?.counts.total == 2 && last?.coldStarts == 1 && last?.correction == 1)
        #expect(totals(driver).map(\.counts.total) == [2, 1])
    }

    /// Entries as version 1 wrote them: a function with all its invocations, and a slot with one of
    /// them, which began 5,000 ms into it and took 100 ms.
    @Test func `is still read as version 1 wrote it, and written anew`() throws {
        func setup(_ writer: inout StateWriter) {
            writer.write(Int64(5_000))
            writer.write(128.0)
            writer.write("http" as String?)
            writer.write(nil as String?)
            writer.write(nil as Double?)
        }
        var function = StateWriter(version: 1)
        setup(&function)
        for count in [3, 0, 0, 0, 0, 0, 0] { function.write(count) }
        function.write(1)
        function.write(Int64(1_000))
        function.write(Int64(5_000))
        var slot = StateWriter(version: 1)
        slot.write(Int64(0))
        slot.write(0)
        slot.write(true)
        setup(&slot)
        for count in [1, 0, 0, 0, 0, 0, 0] { slot.write(count) }
        for count in [1, 0, 0, 0, 0] { slot.write(count) }
        slot.write(Int64(100_000_000))
        slot.write(Int64(12_500_000))
        // One value of 100 ms = 1.5625 x 2^6 in its bin, 16 x 64 + 36 + 1; then no other sketch.
        slot.write(UInt64(1))
        slot.write(UInt64(1_061))
        slot.write(UInt64(1))
        slot.write(Int64(100 << 20))
        slot.write(100.0)
        slot.write(100.0)
        for _ in 0..<3 { slot.write(UInt64(0)) }
        slot.write(UInt64(2))
        slot.write(UInt64(5_000))
        slot.write(1)
        slot.write(UInt64(100))
        slot.write(-1)

        var stage = FeaturizerStage(partition: 0)
        try stage.restore(StateEntry(key: "acme/shop/checkout/0", value: slot.bytes))
        try stage.restore(StateEntry(key: "acme/shop/checkout", value: function.bytes))
        try stage.completeRestore()
        let entries = stage.takeChanges()
        #expect(
            Set(entries.filter { $0.value == nil }.map(\.key))
                == ["acme/shop/checkout", "acme/shop/checkout/0"])
        var again = FeaturizerStage(partition: 0)
        for entry in entries where entry.value != nil { try again.restore(entry) }
        try again.completeRestore()
        for var stage in [stage, again] {
            var effects = Effects<FeaturizerRow>()
            stage.advance(nowMs: 0, quietMs: 10_000, &effects)
            let shape = try #require(effects.messages.first as? FunctionShape)
            #expect(shape.counts.total == 1 && shape.concurrencyPeak == 1 && shape.cpuMs == 100)
            #expect(shape.durationMs?.p50 == 100 && shape.trigger == "http")
            guard case .function(let totals) = stage.takeRows().first else {
                Issue.record("no row")
                continue
            }
            #expect(totals.counts.total == 3 && totals.coldStarts == 1)
            #expect(totals.firstSeenMs == 1_000 && totals.lastSeenMs == 5_000)
        }
    }

    @Test func `forgets triggers that nobody has any more`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for i in 0..<(WordTable.wordsMax + 10) {
            driver.feed(invocation(at: Int64(i), trigger: "t\(i)"))
        }
        driver.checkpoint()
        #expect(driver.stage().store.words.count == 1)
        driver.advance(nowMs: 0, quietMs: 10_000)
        let shape = driver.messages.last as? FunctionShape
        #expect(shape?.trigger == "t\(WordTable.wordsMax + 9)")
    }

    private func countsByNumber(_ driver: StageDriver<FeaturizerStage>) -> [Int?] {
        let stage = driver.stage()
        return (0..<Int32(stage.store.functions.count)).map {
            stage.store.totals(of: $0)?.past.counts.total
        }
    }
}
