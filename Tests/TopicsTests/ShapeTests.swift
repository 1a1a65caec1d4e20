import Foundation
import Testing
import Topics

@Suite struct `A shape` {
    @Test(arguments: UInt64(0)..<50)
    func `is written as Foundation writes it, and read back`(seed: UInt64) throws {
        var random = Draws(seed: seed)
        for _ in 0..<20 {
            let shape = someShape(&random)
            let bytes = shape.encoded()
            #expect(try bytes == writtenByFoundation(shape))
            // As the publisher asks, which knows only that it is a message.
            #expect((shape as any TopicMessage).encoded() == bytes)
            #expect(try FunctionShape(decoding: bytes.span) == shape)
        }
    }

    @Test func `is written with a control character as Foundation writes it`() throws {
        let odd = (UInt8(0)..<0x21).map { String(UnicodeScalar($0)) }.joined() + "\u{7F}\"\\/"
        let shape = FunctionShape(
            customer: odd, service: "", function: odd, slotStartMs: .min, cpuMs: -0.0,
            gbSeconds: .leastNonzeroMagnitude, memoryMb: .greatestFiniteMagnitude)
        #expect(try shape.encoded() == writtenByFoundation(shape))
    }

    @Test(arguments: oddNumbers)
    func `has its numbers in the fewest digits`(number: Double) throws {
        let shape = FunctionShape(
            customer: "a", service: "b", function: "c", slotStartMs: 0, cpuMs: number,
            gbSeconds: number.nextUp, memoryMb: number.nextDown)
        #expect(try shape.encoded() == writtenByFoundation(shape))
    }

    @Test func `has a key of its path and its slot`() {
        let shape = FunctionShape(
            customer: "a/b", service: "100%", function: "/\u{301}", slotStartMs: 300_000)
        #expect(shape.key == "a%2Fb/100%25/%2F\u{301}/300000")
        #expect(shape.key == "\(shape.functionID.path)/300000")
        #expect(shape.partition(keyed: 7) == partition(ofKey: "a%2Fb/100%25", among: 7))
    }

    @Test func `of before there were gaps between starts has none`() throws {
        #expect(try example("shapes-v1").interarrivalMs == nil)
        let gaps = try #require(try example("shapes-v2").interarrivalMs)
        #expect(gaps.p50 == 5_216 && gaps.max == 60_123)
    }

    @Test(arguments: [-1, 300_000.5] as [Double])
    func `is refused with a gap that is in no slot`(gap: Double) throws {
        var shape = try example("shapes-v2")
        shape.interarrivalMs?.p95 = gap
        #expect(throws: Rejection.self) { try shape.validate() }
        let bytes = shape.encoded()
        let refusal = #expect(throws: Rejection.self) { try FunctionShape(decoding: bytes.span) }
        #expect(refusal?.reason == .outOfRange)
        #expect(refusal?.detail.hasPrefix("interarrival_ms is") == true)
    }
}

private let oddNumbers: [Double] = [
    0, -0.0, 0.001, 0.0009, 0.1, 0.3, 0.30000000000000004, -1.5, -0.001, 999_999_999_999.999,
    1e12, 1_000_000_000_000.5, 123_456_789_012.345, 123_456_789.123456, 999_999_999.999999,
    4_503_599_627_370_496.5, 0x1p53, 9_007_199_254_740_991, 9_007_199_254_740_994, 1e15, 1e16, 1e22,
    1e23, 1e300, .leastNonzeroMagnitude, 2.5e-5, 0.3333333333333333, 2.0005, 2.0004999999999997,
    1.0078125,
    1.000001,
    -1.000001,
]

private func example(_ name: String) throws -> FunctionShape {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/topics/\(name).json")
    return try FunctionShape(decoding: Array(try Data(contentsOf: file)).span)
}

/// Some shape that is taken, with any of its optional fields left out.
private func someShape(_ random: inout Draws) -> FunctionShape {
    func number(_ most: Double) -> Double { min(most, someNumber(most, &random)) }
    func count() -> Int {
        let most = [0, 9, 1_000, FieldLimits.countMax].randomElement(using: &random) ?? 0
        return Int.random(in: 0...most, using: &random)
    }
    func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
    func percentiles(_ most: Double) -> Percentiles {
        Percentiles(
            p1: number(most), p50: number(most), p95: number(most), p99: number(most),
            max: number(most), mean: number(most))
    }
    var counts = OutcomeCounts()
    for outcome in Outcome.allCases { counts.add(outcome, count() / 2) }
    return FunctionShape(
        customer: someName(&random), service: someName(&random), function: someName(&random),
        slotStartMs: Int64.random(in: 0...800_000_000, using: &random) * FunctionShape.slotMs,
        correction: count(), counts: counts, perMinute: (0..<5).map { _ in count() },
        cpuMs: number(1e15), gbSeconds: number(1e15), concurrencyPeak: count(),
        durationMs: maybe(percentiles(1e300)), interarrivalMs: maybe(percentiles(300_000)),
        memoryPeakMb: maybe(percentiles(1e6)), deadlineSlack: maybe(percentiles(1)),
        coldStarts: count(), initMs: maybe(percentiles(1e9)),
        memoryMb: number(FieldLimits.memoryMbMax), trigger: maybe(someName(&random)),
        runtime: maybe(someName(&random)), deadlineMs: maybe(number(FieldLimits.durationMsMax)),
        successInTime: maybe(Int.random(in: 0...counts.success, using: &random)))
}
