import Processing
import TestSupport
import Testing
import Topics

@testable import Featurization

@Suite struct `The featurizer` {
    private func shapes(_ driver: StageDriver<FeaturizerStage>) -> [FunctionShape] {
        driver.messages.compactMap { $0 as? FunctionShape }
    }

    @Test func `publishes a slot when the watermark passes its end, and not before`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation(at: 10_000, for: 80, cpuMs: 30, trigger: "http"))
        // Slot 0 ends at 300 s; the watermark lies 60 s behind the latest start.
        driver.feed(invocation("other", at: 359_999))
        #expect(driver.messages.isEmpty)
        driver.feed(invocation("other", at: 360_000))
        let published = shapes(driver)
        #expect(published.map(\.key) == ["acme/shop/checkout/0"])
        #expect(published[0].correction == 0 && published[0].counts.total == 1)
        #expect(published[0].perMinute == [1, 0, 0, 0, 0] && published[0].cpuMs == 30)
        #expect(published[0].trigger == "http" && published[0].concurrencyPeak == 1)
    }

    @Test func `corrects a closed slot with the whole of it, once a minute of event time`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation(at: 10_000))
        driver.feed(invocation("other", at: 360_000))
        driver.feed(invocation(at: 20_000))
        driver.feed(invocation(at: 30_000))
        #expect(driver.messages.count == 1)
        driver.feed(invocation("other", at: 419_999))
        #expect(driver.messages.count == 1)
        driver.feed(invocation("other", at: 420_000))
        let published = shapes(driver)
        #expect(published.map(\.correction) == [0, 1])
        #expect(published.map(\.counts.total) == [1, 3])
    }

    @Test func `publishes what is open early when the partition has gone quiet`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation(at: 10_000))
        driver.advance(nowMs: 0, quietMs: 9_999)
        #expect(driver.messages.isEmpty)
        driver.advance(nowMs: 0, quietMs: 10_000)
        driver.advance(nowMs: 0, quietMs: 11_000)
        #expect(shapes(driver).map(\.correction) == [0])
        driver.feed(invocation(at: 20_000))
        driver.feed(invocation("other", at: 360_000))
        #expect(shapes(driver).map(\.correction) == [0, 1])
        #expect(shapes(driver).map(\.counts.total) == [1, 2])
    }

    @Test func `refuses what comes too late or from the future, and counts it nowhere`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        let year3000: Int64 = 32_503_680_000_000
        driver.feed(invocation(at: 86_400_000), nowMs: 0)
        driver.feed(invocation(at: 86_400_001), nowMs: 0)
        // The watermark is at 86,340 s; slots that ended an hour before it are gone.
        driver.feed(invocation(at: 82_499_000), nowMs: 0)
        driver.feed(invocation(at: 82_500_000), nowMs: 0)
        var future = invocation(at: 0)
        future.startedAtMs = year3000
        driver.feed(future, nowMs: 1_800_000_000_000)
        #expect(
            driver.rejections.map(\.reason) == [.inTheFuture, .tooLate, .inTheFuture])
        driver.advance(nowMs: 0, quietMs: 0)
        #expect(totals(driver).map(\.counts.total) == [2])
    }

    @Test func `takes an invocation whose beginning is too late for the slots still kept`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation("other", at: 14_400_000))
        // Two hours long, ended when the other began: it counts, and is felt where slots are kept.
        driver.feed(invocation("batch", at: 7_200_000, for: 7_200_000))
        driver.advance(nowMs: 0, quietMs: 10_000)
        let batch = shapes(driver).filter { $0.function == "batch" }
        // The watermark is 14,340 s: slots end after 10,740 s, so from 10,500 s to 14,400 s: 13.
        #expect(batch.count == 13)
        #expect(batch.allSatisfy { $0.cpuMs == 300_000 && $0.counts.total == 0 })
        #expect(totals(driver).map(\.counts.total) == [1, 1])
    }

    @Test func `gives a function's setup as its last invocation had it`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation(at: 20_000, memoryMb: 512, deadlineMs: 900, trigger: "queue"))
        driver.feed(invocation(at: 10_000, memoryMb: 128, deadlineMs: 500, trigger: "http"))
        driver.advance(nowMs: 0, quietMs: 10_000)
        let shape = try #require(shapes(driver).first)
        #expect(shape.memoryMb == 512 && shape.trigger == "queue" && shape.deadlineMs == 900)
        let total = try #require(totals(driver).first)
        #expect(total.memoryMb == 512 && total.firstSeenMs == 10_000)
        #expect(total.lastSeenMs == 20_000)
    }

    @Test func `decodes each encoding that a header names`() throws {
        let event = invocation(at: 10_000)
        let report = """
            {"time":"1970-01-01T00:00:10.100Z","type":"platform.report","record":{"requestId":"i",
            "status":"success","metrics":{"durationMs":100,"memorySizeMB":128}}}
            """
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(event.encodedJSON(), of: .invocations)
        driver.feed(
            event.encodedProtobuf(), of: .invocations,
            headers: Headers(contentType: "application/x-protobuf"))
        driver.feed(
            Array(report.utf8), of: .invocations,
            headers: Headers(
                contentType: "application/vnd.aws.lambda.telemetry+json", customer: "acme",
                service: "shop", function: "checkout"))
        #expect(driver.rejections == [])
        driver.advance(nowMs: 0, quietMs: 10_000)
        #expect(shapes(driver).map(\.counts.total) == [3])
        #expect(shapes(driver).map(\.concurrencyPeak) == [3])
    }

    @Test func `counts what it folds, in bulk`() {
        var stage = FeaturizerStage(partition: 0)
        var effects = Effects<FeaturizerRow>()
        for event in [invocation(at: 1), invocation(at: 2, outcome: .unknown)] {
            try? stage.process(event, nowMs: 0, &effects)
        }
        #expect(effects.isEmpty && effects.counts == [:])
        stage.advance(nowMs: 0, quietMs: 0, &effects)
        #expect(effects.counts["invocations_folded"] == 2)
        #expect(effects.counts["unknown_outcomes"] == 1)
        #expect(stage.takeRows().count == 1 && stage.takeRows().isEmpty)
        #expect(stage.gauges.contains(Gauge("functions", 1)))
        #expect(stage.gauges.contains(Gauge("slots", 1)))
    }
}

/// The last row of each function, sorted by function.
func totals(_ driver: StageDriver<FeaturizerStage>) -> [FunctionTotals] {
    var last: [FunctionID: FunctionTotals] = [:]
    for case .function(let totals) in driver.rows { last[totals.function] = totals }
    return last.sorted { $0.key < $1.key }.map(\.value)
}
