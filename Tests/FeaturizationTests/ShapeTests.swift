import Numerics
import Processing
import TestSupport
import Testing
import Topics

@testable import Featurization

@Suite struct `A shape` {
    @Test(arguments: UInt64(0)..<12)
    func `says of each slot what all events together say`(seed: UInt64) throws {
        var draws = Draws(seed: seed)
        let events = someEvents(500, &draws)
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for event in shuffled(events, withinMs: 1_800_000, &draws) { driver.feed(event) }
        #expect(driver.rejections == [])
        driver.advance(nowMs: 0, quietMs: 10_000)
        var last: [String: FunctionShape] = [:]
        for case let shape as FunctionShape in driver.messages { last[shape.key] = shape }

        for (function, own) in Dictionary(grouping: events, by: \.functionID) {
            let slots = ReferenceShape.slots(own)
            #expect(last.values.filter { $0.functionID == function }.count == slots.count)
            for slot in slots {
                let shape = try #require(last["\(function.path)/\(slot)"])
                check(shape, ReferenceShape(slotStartMs: slot, own))
            }
            let totals = try #require(totals(driver).first { $0.function == function })
            var counts = OutcomeCounts()
            for event in own { counts.add(event.outcome) }
            #expect(totals.counts == counts)
            #expect(totals.coldStarts == own.count { $0.initMs != nil })
        }
    }

    private func check(_ shape: FunctionShape, _ expected: ReferenceShape) {
        #expect(shape.counts == expected.counts)
        #expect(shape.perMinute == expected.perMinute)
        #expect(shape.concurrencyPeak == expected.concurrencyPeak)
        #expect(shape.coldStarts == expected.coldStarts)
        #expect(
            shape.successInTime
                == (expected.slacks.isEmpty ? nil : expected.counts.success - expected.late))
        // Shares are rounded to a nanosecond, and there are at most 500 of them.
        #expect(abs(shape.cpuMs - expected.cpuMs) <= 1e-3)
        #expect(abs(shape.gbSeconds - expected.gbSeconds) <= 1e-6)
        check(shape.durationMs, expected.durations)
        check(shape.memoryPeakMb, expected.peaks)
        check(shape.initMs, expected.inits)
        // What is within 1/128 is the part of the deadline that was used: 1 less the slack.
        let used = shape.deadlineSlack.map {
            Percentiles(
                p1: 1 - $0.p1, p50: 1 - $0.p50, p95: 1 - $0.p95, p99: 1 - $0.p99, max: 1 - $0.max,
                mean: 1 - $0.mean)
        }
        check(used, expected.slacks) { 1 - $0 }
    }

    /// Within the sketch's relative error of 1/128 (0.78 %), or below what it tells from 0: 2^-10.
    private func check(
        _ percentiles: Percentiles?, _ values: [Double], of value: (Double) -> Double = { $0 }
    ) {
        guard !values.isEmpty, let percentiles else {
            #expect(percentiles == nil && values.isEmpty)
            return
        }
        func isNear(_ got: Double, _ expected: Double) -> Bool {
            abs(got - value(expected)) <= abs(value(expected)) / 128 + 0x1p-10 + 1e-9
        }
        #expect(isNear(percentiles.p1, nearestRank(0.01, values)))
        #expect(isNear(percentiles.p50, nearestRank(0.5, values)))
        #expect(isNear(percentiles.p95, nearestRank(0.95, values)))
        #expect(isNear(percentiles.p99, nearestRank(0.99, values)))
        #expect(abs(percentiles.max - value(nearestRank(1, values))) < 1e-9)
        let mean = values.reduce(0) { $0 + value($1) } / Double(values.count)
        #expect(abs(percentiles.mean - mean) <= 1e-6 * max(1, abs(mean)))
    }

    @Test func `spreads a long execution over the slots that it ran in`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        // From 200 s for 500 s: 100 s in slot 0, 300 s in slot 1, 100 s in slot 2.
        driver.feed(invocation(at: 200_000, for: 500_000, cpuMs: 250_000, memoryMb: 1_024))
        driver.advance(nowMs: 0, quietMs: 10_000)
        let shapes = driver.messages.compactMap { $0 as? FunctionShape }
        #expect(shapes.map(\.slotStartMs) == [0, 300_000, 600_000])
        #expect(shapes.map(\.cpuMs) == [50_000, 150_000, 50_000])
        #expect(shapes.map(\.gbSeconds) == [100, 300, 100])
        #expect(shapes.map(\.counts.total) == [1, 0, 0])
        #expect(shapes.map(\.concurrencyPeak) == [1, 1, 1])
        #expect(shapes[1].durationMs == nil && shapes[1].memoryMb == 1_024)
    }

    @Test func `holds up against numbers at the edge of what is taken`() throws {
        let longest = 86_400_000.0
        let events = [
            invocation(at: 0, for: longest, deadlineMs: .leastNonzeroMagnitude),
            invocation(at: 0, for: 0, deadlineMs: 0),
            invocation(
                at: 0, for: .leastNonzeroMagnitude, cpuMs: longest * 1_024, memoryMb: 16_777_216),
            invocation(at: 0, for: -0.0, cpuMs: -0.0, memoryMb: -0.0, memoryPeakMb: -0.0),
            invocation(at: 0, for: 0, memoryMb: 0, memoryPeakMb: 0),
        ]
        func run(_ events: [Invocation]) -> StageDriver<FeaturizerStage> {
            var driver = StageDriver { FeaturizerStage(partition: $0) }
            for event in events { driver.feed(event) }
            driver.advance(nowMs: 0, quietMs: 10_000)
            return driver
        }
        #expect(run(events).rejections == [])
        #expect(totals(run(events)).map(\.counts.total) == [5])
        #expect(run(events).tables == run(events.reversed()).tables)
        // A day is 288 slots.
        #expect(run(events).messages.count == 288)
    }

    @Test func `counts the successes that ended within their deadline`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        // In time, at the last moment, late, and without a deadline; and a failure in time.
        driver.feed(invocation(at: 0, for: 50, deadlineMs: 100))
        driver.feed(invocation(at: 1, for: 100, deadlineMs: 100))
        driver.feed(invocation(at: 2, for: 101, deadlineMs: 100))
        driver.feed(invocation(at: 3, for: 500))
        var failure = invocation(at: 4, for: 50, deadlineMs: 100)
        failure.outcome = .error
        driver.feed(failure)
        driver.feed(invocation("free", at: 0, for: 50))
        driver.advance(nowMs: 0, quietMs: 10_000)
        let shapes = driver.messages.compactMap { $0 as? FunctionShape }
        #expect(shapes.first { $0.function == "checkout" }?.counts.success == 4)
        #expect(shapes.first { $0.function == "checkout" }?.successInTime == 3)
        #expect(shapes.contains { $0.function == "free" && $0.successInTime == nil })
    }

    @Test func `counts one busy core where CPU time was not measured`() throws {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation(at: 0, for: 80))
        driver.advance(nowMs: 0, quietMs: 10_000)
        #expect((driver.messages.first as? FunctionShape)?.cpuMs == 80)
    }

    @Test(arguments: UInt64(0)..<20)
    func `has the most executions at any one moment`(seed: UInt64) {
        var draws = Draws(seed: seed)
        var arena = WordArena()
        var moments = Moments()
        var running = Array(repeating: 0, count: 2_000)
        var arrivals: [Int] = []
        for _ in 0..<Int.random(in: 0...3_000, using: &draws) {
            let from = Int.random(in: 0..<1_999, using: &draws)
            let to = Int.random(in: from + 1...2_000, using: &draws)
            let arrives = from > 0 || Bool.random(using: &draws)
            moments.add(from: from, to: to, arrives: arrives, in: &arena)
            for moment in from..<to { running[moment] += 1 }
            if arrives { arrivals.append(from) }
        }
        arrivals.sort()
        var expected = LogSketch()
        for (earlier, later) in zip(arrivals, arrivals.dropFirst()) {
            expected.add(Double(later - earlier))
        }
        var gaps = GapCounts()
        // The room of one slot's is used for the next.
        for _ in 0..<2 {
            #expect(moments.peak(in: &arena, &gaps) == running.max())
            #expect(gaps.takePercentiles() == expected.percentiles())
        }
        #expect(gaps.takePercentiles() == nil)
    }

    @Test func `does not sum one execution's end with another's beginning`() {
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        for i in 0..<10 { driver.feed(invocation(at: Int64(i) * 100, for: 100)) }
        driver.advance(nowMs: 0, quietMs: 10_000)
        #expect((driver.messages.first as? FunctionShape)?.concurrencyPeak == 1)
    }

    @Test(arguments: UInt64(0)..<20)
    func `has the percentiles of a sketch of the same values`(seed: UInt64) throws {
        var draws = Draws(seed: seed)
        var arena = WordArena()
        for count in [0, 1, 2, 3, 10, 99, 100, 101, 5_000] {
            var (sketch, plain) = (Sketch(), LogSketch())
            let most = Int.random(in: -11...25, using: &draws)
            for _ in 0..<count {
                let value = Double(
                    sign: .plus, exponent: Int.random(in: -12...most, using: &draws),
                    significand: Double.random(in: 1..<2, using: &draws))
                sketch.add(value, in: &arena)
                plain.add(value)
            }
            var writer = StateWriter(version: 1)
            sketch.write(to: &writer, in: &arena)
            var reader = try StateReader(writer.bytes, newest: 1)
            #expect(try LogSketch(reading: &reader) == plain)
            #expect(sketch.percentiles(in: &arena) == plain.percentiles())
            #expect(sketch.percentilesOfRest(in: &arena) == plain.percentilesOfRest())
        }
    }
}

extension LogSketch {
    fileprivate func percentiles() -> Percentiles? {
        guard let mean, let p1 = quantile(0.01), let p50 = quantile(0.5),
            let p95 = quantile(0.95), let p99 = quantile(0.99)
        else { return nil }
        return Percentiles(p1: p1, p50: p50, p95: p95, p99: p99, max: most, mean: mean)
    }

    /// Of 1 less each value: the least of those is 1 less the most of these.
    fileprivate func percentilesOfRest() -> Percentiles? {
        guard let mean else { return nil }
        func rest(_ share: Double) -> Double {
            1 - value(rank: count + 1 - Self.rank(share, of: count))
        }
        return Percentiles(
            p1: rest(0.01), p50: rest(0.5), p95: rest(0.95), p99: rest(0.99), max: 1 - least,
            mean: 1 - mean)
    }
}
