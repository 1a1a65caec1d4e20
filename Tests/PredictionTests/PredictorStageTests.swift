import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import Prediction

/// Thursday, 1 October 2026, 00:00 UTC.
private let startMs: Int64 = 20_727 * 86_400_000
private let slotMs = FunctionShape.slotMs

private func announced(
    _ customer: String, _ service: String, perDay: Double? = nil, tier: Tier = .guaranteed
) -> ServiceAnnounced {
    ServiceAnnounced(
        customer: customer, service: service, trigger: "http", runtime: "swift", memoryMb: 256,
        deadlineMs: 1_000, expectedInvocationsPerDay: perDay, tier: tier)
}

private func shape(
    _ customer: String, _ service: String, slot: Int64, success: Int, error: Int = 0,
    correction: Int = 0, trigger: String? = "http"
) -> FunctionShape {
    var counts = OutcomeCounts()
    counts.add(.success, success)
    counts.add(.error, error)
    return FunctionShape(
        customer: customer, service: service, function: "main",
        slotStartMs: startMs + slot * slotMs, correction: correction, counts: counts,
        perMinute: [success + error, 0, 0, 0, 0], cpuMs: Double(20 * (success + error)),
        memoryMb: 256, trigger: trigger, deadlineMs: 1_000)
}

private func represented(
    _ customer: String, _ service: String, cluster: Int
) -> Representation {
    Representation(
        FunctionID(customer: customer, service: service, function: "main"), modelVersion: 1,
        vector: [1], cluster: cluster, predictability: 0.5, slots: 10, nearest: [], opposite: [])
}

/// Four customers of three services over five hours: good, bad, and two in between.
private func recording(seed: UInt64 = 1, slots: Int64 = 60) -> [any TopicMessage] {
    var random = SeededRandom(seed: seed)
    var messages: [any TopicMessage] = []
    for slot in 0..<slots {
        for customer in 0..<4 {
            for service in 0..<3 where random.chance(0.6) {
                let outcomes = 1 + random.integer(below: 20)
                let success = random.binomial(outcomes, [0.99, 0.2, 0.9, 0.7][customer])
                messages.append(
                    shape(
                        "c\(customer)", "s\(service)", slot: slot, success: success,
                        error: outcomes - success))
            }
        }
        if slot == 20 { messages.append(announced("c1", "s0", perDay: 100)) }
        if slot == 30 { messages.append(represented("c2", "s1", cluster: 3)) }
        if slot == 40 { messages.append(announced("c9", "new")) }
    }
    return messages
}

private func driver(partitions: Int32 = 1) -> StageDriver<PredictorStage> {
    StageDriver(partitions: partitions) { PredictorStage(partition: $0) }
}

extension StageDriver<PredictorStage> {
    fileprivate func predictions(_ service: String) -> [Prediction] {
        messages.compactMap { $0 as? Prediction }.filter { $0.key == service }
    }

    fileprivate mutating func finish() { advance(nowMs: 0, quietMs: 3_600_000) }
}

@Suite struct `The predictor` {
    private let laws = StageLaws(inputs: recording()) { PredictorStage(partition: $0) }

    @Test func `is deterministic`() { #expect(laws.isDeterministic()) }

    @Test(arguments: [(0, 10), (1, 30), (100, 5), (250, 40), (300, 200), (380, 20)])
    func `survives a restart`(cut: Int, lost: Int) throws {
        #expect(try laws.survivesRestart(at: cut, losing: lost))
    }

    @Test(arguments: [Topic.services, .shapes, .representations, .models])
    func `ignores garbage`(topic: Topic) {
        #expect(laws.ignoresGarbage(on: topic, [[], [0xFF], Array("{}".utf8), Array("[1]".utf8)]))
    }

    @Test func `changes nothing at a repeat`() {
        var once = driver()
        var often = driver()
        for message in recording() {
            once.feed(message)
            often.feed(message)
            often.feed(message)
        }
        once.finish()
        often.finish()
        #expect(once.messages.count == often.messages.count)
        #expect(once.tables == often.tables)
    }

    @Test(arguments: UInt64(0)..<5)
    func `ends the same however its topics are interleaved`(seed: UInt64) {
        let recording = recording()
        let shapes = recording.filter { $0 is FunctionShape }
        var others = recording.filter { !($0 is FunctionShape) }
        var random = SeededRandom(seed: seed)
        var expected = driver()
        for message in recording { expected.feed(message) }
        expected.finish()
        var interleaved = driver()
        for message in shapes {
            if random.chance(0.02), !others.isEmpty { interleaved.feed(others.removeFirst()) }
            interleaved.feed(message)
        }
        for message in others { interleaved.feed(message) }
        interleaved.finish()
        #expect(interleaved.tables == expected.tables)
    }

    @Test func `lets a correction supersede the slot`() {
        var corrected = driver()
        var once = driver()
        for slot in Int64(0)..<30 {
            corrected.feed(shape("a", "s", slot: slot, success: 1, error: 9))
            corrected.feed(shape("a", "s", slot: slot, success: 9, error: 3, correction: 1))
            // A late copy of what was superseded.
            corrected.feed(shape("a", "s", slot: slot, success: 1, error: 9))
            once.feed(shape("a", "s", slot: slot, success: 9, error: 3, correction: 1))
        }
        corrected.finish()
        once.finish()
        #expect(corrected.tables == once.tables)
        #expect(once.predictions("a/s").last?.success.samples == 360)
    }

    @Test func `ignores a correction of a slot that it has learnt, and counts it`() throws {
        var stage = PredictorStage(partition: 0)
        var effects = Effects<PredictorRow>()
        func take(_ shape: FunctionShape) throws {
            try stage.process(.shape(shape), nowMs: 0, &effects)
        }
        try take(shape("a", "s", slot: 0, success: 1))
        // 75 minutes are 15 slots: slot 0 can still be corrected at 15, and no more at 16.
        try take(shape("a", "s", slot: 15, success: 1))
        try take(shape("a", "s", slot: 0, success: 2, correction: 1))
        #expect(effects.counts["shapes_too_late_total"] == nil)
        try take(shape("a", "s", slot: 16, success: 1))
        try take(shape("a", "s", slot: 0, success: 3, correction: 2))
        #expect(effects.counts["shapes_too_late_total"] == 1)
        #expect(stage.services[ServiceID(customer: "a", service: "s")]?.outcomesEver == 4)
    }

    @Test func `foretells a service as soon as it is announced`() throws {
        var driver = driver()
        driver.feed(announced("a", "s", perDay: 2_400, tier: .burstable))
        let prediction = try #require(driver.predictions("a/s").first)
        #expect(prediction.tier == .burstable)
        #expect(prediction.success.samples == 0)
        #expect(prediction.success.level == "fleet")
        #expect(prediction.demandSamples == 0)
        #expect(prediction.invocationsPerHour.expected.count == 24)
        #expect(prediction.seasonality.hourOfDay == Array(repeating: 1, count: 24))
        #expect(prediction.seasonality.dayOfWeek == Array(repeating: 1, count: 7))
        // 100 an hour by the customer's word.
        #expect((50...150).contains(prediction.invocationsPerHour.expected[0]))
        #expect(prediction.teachesMost != nil)
    }

    @Test func `foretells a service that was never announced`() throws {
        var driver = driver()
        for message in recording() { driver.feed(message) }
        driver.finish()
        let prediction = try #require(driver.predictions("c3/s2").last)
        #expect(prediction.tier == .bestEffort)
        #expect(prediction.trigger == "http")
        #expect(prediction.success.level == "service")
        #expect(abs(prediction.success.rate.expected - 0.7) < 0.1)
        #expect(prediction.demandSamples > 20)
    }

    @Test func `publishes at quarters of an hour of event time, not before`() {
        var driver = driver()
        for slot in Int64(0)..<3 { driver.feed(shape("a", "s", slot: slot, success: 1)) }
        #expect(driver.predictions("a/s").isEmpty)
        driver.feed(shape("a", "s", slot: 3, success: 1))
        // Of what was read until then: slots 0 to 2.
        #expect(driver.predictions("a/s").map(\.demandSamples) == [3])
        #expect(driver.predictions("a/s").map(\.asOfMs) == [startMs + 3 * slotMs])
    }
}

@Suite struct `The predictor's partitions` {
    /// Feeds what it publishes on `models` back to all partitions, as the topic would.
    private func run(
        _ messages: [any TopicMessage], partitions: Int32
    ) -> StageDriver<PredictorStage> {
        var driver = driver(partitions: partitions)
        var read = 0
        func loop() {
            while read < driver.messages.count {
                if let model = driver.messages[read] as? ModelReleased { driver.feed(model) }
                read += 1
            }
        }
        for message in messages {
            driver.feed(message)
            loop()
        }
        for _ in 0..<3 {
            driver.finish()
            loop()
        }
        return driver
    }

    @Test func `know together what one would know alone`() throws {
        let messages = recording(slots: 60)
        let alone = run(messages, partitions: 1)
        let together = run(messages, partitions: 4)
        for customer in 0..<4 {
            let one = try #require(alone.predictions("c\(customer)/s0").last)
            let many = try #require(together.predictions("c\(customer)/s0").last)
            #expect(abs(one.success.rate.expected - many.success.rate.expected) < 0.01)
            #expect(abs(one.success.baseline - many.success.baseline) < 0.01)
        }
    }

    @Test func `tell each other of a customer`() throws {
        // Customer `bad` has services in all partitions; a new one of it is foretold accordingly.
        var messages: [any TopicMessage] = []
        for slot in Int64(0)..<30 {
            for service in 0..<12 {
                messages.append(shape("bad", "s\(service)", slot: slot, success: 1, error: 4))
                messages.append(shape("good", "s\(service)", slot: slot, success: 5))
            }
        }
        messages.append(announced("bad", "new"))
        messages.append(announced("good", "new"))
        let driver = run(messages, partitions: 8)
        let bad = try #require(driver.predictions("bad/new").last)
        let good = try #require(driver.predictions("good/new").last)
        #expect(bad.success.rate.expected < 0.35)
        #expect(good.success.rate.expected > 0.85)
        #expect(bad.success.level == "customer")
        // 60 % of requests succeed: 6 of 10 in each pair.
        #expect(abs(good.success.baseline - 0.6) < 0.01)
    }

    @Test func `refuse a part of the prior that is none`() {
        var driver = driver()
        driver.feed(
            ModelReleased(
                name: "predictor/prior/7", version: 1, metrics: [:], fittedFromMs: 0,
                fittedToMs: 0, seed: 0, parameters: [1, 2, 3]))
        // Another stage's model is nothing to it.
        driver.feed(
            ModelReleased(
                name: "learner/encoder", version: 1, metrics: [:], fittedFromMs: 0,
                fittedToMs: 0, seed: 0, parameters: [1, 2, 3]))
        #expect(driver.rejections.map(\.reason) == [.outOfRange])
    }

    @Test func `have parts that coding gives back`() throws {
        let driver = run(recording(), partitions: 1)
        let part = driver.stage().own
        #expect(part.customers.count == 4)
        #expect(try PriorContribution(decoding: part.encoded) == part)
        for cut in part.encoded.indices {
            #expect(throws: CorruptState.self) {
                try PriorContribution(decoding: Array(part.encoded[..<cut]))
            }
        }
    }
}

@Suite struct `The predictor's score` {
    @Test func `is taken before outcomes are known, and beats the fleet's rate`() throws {
        var driver = driver()
        for message in recording(slots: 200) { driver.feed(message) }
        driver.finish()
        let score = try #require(
            driver.rows.compactMap { row -> PredictionScore? in
                if case .score(let score) = row { score } else { nil }
            }.last)
        #expect(score.dayStartMs == startMs)
        #expect(score.outcomes > 10_000)
        // Rates of 0.99, 0.2, 0.9 and 0.7: their mean entropy is 0.37 nats, that of the mean 0.61.
        let ours = score.logLoss / Double(score.outcomes)
        let baseline = score.baselineLogLoss / Double(score.outcomes)
        #expect(ours > 0.34 && ours < 0.42)
        #expect(baseline > 0.58)
        #expect(score.newLogLoss < score.newBaselineLogLoss)
        let gauges = driver.stage().gauges
        #expect(gauges.contains(Gauge("success_log_loss_nats", score.logLoss)))
    }

    @Test func `of an outcome is that of the rate foretold`() {
        // -ln 0.8 x 3 - ln 0.2 x 1.
        #expect(abs(logLossOf(0.8, successes: 3, failures: 1) - 2.2788685663767298) < 1e-12)
        #expect(logLossOf(1, successes: 0, failures: 1).isFinite)
    }
}
