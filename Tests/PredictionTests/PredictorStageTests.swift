import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import Prediction

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
        let (ours, theirs) = (interleaved.tables, expected.tables)
        #expect(Set(ours.keys) == Set(theirs.keys))
        #expect(theirs.filter { ours[$0.key] != $0.value }.keys.sorted() == [])
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
        #expect(prediction.invocationsPerHour.expected.count == 168)
        #expect(prediction.milliCpu.expected.count == 24)
        #expect(prediction.popularityByDay?.expected.count == 28)
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

/// Three days of hours, so that days are learnt: services of their own hours of the day.
@Suite struct `A predictor that has learnt a day` {
    private static let days: [any TopicMessage] = {
        var random = SeededRandom(seed: 8)
        var messages: [any TopicMessage] = []
        for hour in Int64(0)..<76 {
            for service in 0..<6 {
                let busy = (hour + Int64(4 * service)) % 24 < 8
                let count = random.poisson(mean: busy ? 60 : 6)
                messages.append(shape("c", "s\(service)", slot: 12 * hour, success: count))
            }
        }
        return messages
    }()
    private let laws = StageLaws(inputs: days) { PredictorStage(partition: $0) }

    @Test(arguments: [(316, 40), (440, 20)])
    func `survives a restart`(cut: Int, lost: Int) throws {
        #expect(try laws.survivesRestart(at: cut, losing: lost))
    }

    @Test func `foretells a week of hours and four weeks of days, and says who is busy`() throws {
        var driver = driver()
        for message in Self.days { driver.feed(message) }
        driver.finish()
        #expect(!driver.stage().own.demand.lessons.isEmpty)
        let prediction = try #require(driver.predictions("c/s0").last)
        let hours = prediction.invocationsPerHour
        // The trace ends at hour 76, 4 of the day: still busy, and again at the same hours later.
        for day in 0..<7 {
            #expect(hours.expected[24 * day + 1] > 2 * hours.expected[24 * day + 12])
        }
        for hour in 0..<168 {
            #expect(hours.low[hour] <= hours.expected[hour] + 1e-9)
            #expect(hours.expected[hour] <= hours.high[hour] + 1e-9)
        }
        // 8 x 60 + 16 x 6 a day.
        let days = try #require(prediction.popularityByDay)
        #expect(days.expected.count == 28)
        #expect(days.expected.allSatisfy { abs($0 / 576 - 1) < 0.3 })
        #expect(days.high[27] - days.low[27] > days.high[0] - days.low[0])
        #expect((0...1).contains(try #require(prediction.popularChance)))
        #expect(prediction.encoded().count < 10_000)
        let kinds = driver.rows.compactMap { row -> KindDemand? in
            if case .kind(let demand) = row { demand } else { nil }
        }
        #expect(Set(kinds.map(\.season)) == Set(KindDemand.Season.allCases))
        #expect(kinds.allSatisfy { $0.name == "http" && $0.services == 6 })
    }
}
