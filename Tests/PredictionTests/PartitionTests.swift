import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import Prediction

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

    /// Sums of fractions depend on their order, and so does what is known of many classes.
    @Test func `end the same to the last bit in whatever order a slot's services come`() {
        func run(_ messages: [any TopicMessage]) -> [String: [UInt8]] {
            self.run(messages, partitions: 2).tables
        }
        func slots(_ order: ([Int]) -> [Int]) -> [any TopicMessage] {
            (Int64(0)..<40).flatMap { slot in
                order(Array(0..<30)).map { number in
                    var random = SeededRandom(seed: UInt64(slot), at: UInt64(number))
                    let success = random.integer(below: 7)
                    return shape(
                        "c\(number % 5)", "s\(number)", slot: slot, success: success, error: 3,
                        trigger: "t\(number % 7)", inTime: success / 2)
                }
            }
        }
        #expect(run(slots { $0 }) == run(slots { $0.reversed() }))
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
        #expect(part.success.customers.count == 4)
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
