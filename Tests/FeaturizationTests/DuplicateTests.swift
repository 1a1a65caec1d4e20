import Processing
import TestSupport
import Testing
import Topics

@testable import Featurization

@Suite struct `An invocation that comes twice` {
    private let settings = FeaturizerSettings(deduplicates: true)

    private func driver() -> StageDriver<FeaturizerStage> {
        StageDriver { FeaturizerStage(partition: $0, settings: settings, hashKey: 5) }
    }

    private func named(_ id: String, at startedAtMs: Int64, _ function: String = "checkout")
        -> Invocation
    {
        var event = invocation(function, at: startedAtMs)
        event.invocation = id
        return event
    }

    @Test func `counts once, and is counted`() {
        var driver = driver()
        for event in [named("a", at: 10_000), named("b", at: 10_000), named("a", at: 10_000)] {
            driver.feed(event)
        }
        // Another function's id is its own.
        driver.feed(named("a", at: 10_000, "refund"))
        driver.advance(nowMs: 0, quietMs: 10_000)
        #expect(totals(driver).map(\.counts.total) == [2, 1])
        #expect(driver.counts["duplicates_left_out"] == 1)
        #expect(driver.rejections == [])
    }

    @Test func `counts twice where nobody asked for more`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for _ in 0..<2 { driver.feed(named("a", at: 10_000)) }
        driver.advance(nowMs: 0, quietMs: 10_000)
        #expect(totals(driver).map(\.counts.total) == [2])
    }

    @Test func `is remembered for as long as it may come without being late, and no longer`() {
        var driver = driver()
        driver.feed(named("a", at: 100_000))
        // The watermark is 60 s behind: at 99,999 ms, just before it, and then just behind.
        driver.feed(named("x", at: 159_999))
        driver.feed(named("a", at: 100_000))
        driver.advance(nowMs: 0, quietMs: 0)
        #expect(totals(driver).map(\.counts.total) == [2])
        driver.feed(named("y", at: 240_000))
        driver.feed(named("a", at: 100_000))
        driver.advance(nowMs: 0, quietMs: 0)
        #expect(totals(driver).map(\.counts.total) == [4])
        // "a" and "x" are of minutes that are over.
        #expect(gauge("invocations_remembered", driver) == 1)
    }

    @Test(arguments: UInt64(0)..<6)
    func `counts once across restarts too`(seed: UInt64) throws {
        var draws = Draws(seed: seed)
        let once = shuffled(
            someEvents(300, &draws).enumerated().map { number, event in
                var event = event
                event.invocation = "i\(number)"
                return event
            }, withinMs: 20_000, &draws)
        var driver = driver()
        for event in once { driver.feed(event) }
        driver.advance(nowMs: 0, quietMs: 10_000)

        var twice = self.driver()
        for event in once {
            twice.feed(event)
            if Int.random(in: 0..<25, using: &draws) == 0 {
                twice.checkpoint()
                try twice.restart()
            }
            twice.feed(event)
        }
        twice.advance(nowMs: 0, quietMs: 10_000)
        #expect(twice.tables == driver.tables)
        #expect(totals(twice) == totals(driver))
    }

    @Test func `takes as much memory as is said`() {
        var seen = SeenInvocations()
        var draws = Draws(seed: 1)
        for _ in 0..<100_000 {
            let isNew = seen.insert(draws.next(), minute: 1)
            #expect(isNew)
        }
        #expect((16...33).contains(seen.bytes / 100_000))
    }

    private func gauge(_ name: String, _ driver: StageDriver<FeaturizerStage>) -> Double? {
        driver.stage().gauges.first { $0.name == name }?.value
    }
}
