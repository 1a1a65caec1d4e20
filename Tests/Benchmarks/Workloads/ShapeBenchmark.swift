internal import Featurization
internal import Foundation
internal import Numerics
internal import Processing
internal import Topics

extension Benchmark {
    static let shapeEncoding = Benchmark(
        "encode-shapes", "a closed slot's shape to the bytes on its topic", unit: "shapes",
        smoke: 100, full: 100_000, baseline: "JSONEncoder"
    ) { size in
        let shapes = shapes(size)
        return Prepared(
            baseline: {
                let encoder = JSONEncoder()
                encoder.keyEncodingStrategy = .convertToSnakeCase
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                return { try outcome(of: shapes) { Array(try encoder.encode($0)) } }
            },
            start: { { outcome(of: shapes) { $0.encoded() } } })
    }

    static let shapePublishing = Benchmark(
        "publish-shapes", "a slot's shapes out of folded invocations, 25 each, to bytes and keys",
        unit: "shapes", smoke: 100, full: 20_000
    ) { functions in
        Prepared {
            var stage = FeaturizerStage(partition: 0)
            foldFirstSlot(of: functions, into: &stage)
            return {
                var effects = Effects<FeaturizerRow>()
                stage.advance(nowMs: InvocationTopic.startMs, quietMs: 3_600_000, &effects)
                var digest = Digest()
                for message in effects.messages {
                    let bytes = message.encoded()
                    digest.add(Int64(bytes.count))
                    for place in stride(from: 0, to: bytes.count, by: 11) {
                        digest.add(Int64(bytes[place]))
                    }
                    digest.add(Int64(message.key.utf8.count))
                    digest.add(Int64(message.partition(keyed: 16)))
                }
                return Outcome(count: effects.messages.count, digest: digest)
            }
        }
    }

    private static func foldFirstSlot(of functions: Int, into stage: inout FeaturizerStage) {
        let events = functions * 25
        var draws = InvocationDraws(
            InvocationTopic(servers: "", form: .json, events: 2 * events, functions: functions))
        var message = InvocationBytes(.json)
        var effects = Effects<FeaturizerRow>()
        for first in stride(from: 0, to: events, by: 1_000) {
            let messages = (first..<min(first + 1_000, events)).map { number in
                message.write(draws.next(number))
                return message.value
            }
            MessageRun.with(messages, of: .invocations, headers: .none) { run in
                stage.process(run, nowMs: InvocationTopic.startMs, &effects) { _, rejection in
                    preconditionFailure("\(rejection)")
                }
            }
        }
    }

    /// Their lengths and some bytes of each: a digest of all costs more than writing them.
    private static func outcome(
        of shapes: [FunctionShape], _ encoded: (FunctionShape) throws -> [UInt8]
    ) rethrows -> Outcome {
        var digest = Digest()
        for shape in shapes {
            let bytes = try encoded(shape)
            digest.add(Int64(bytes.count))
            for place in stride(from: 0, to: bytes.count, by: 64) { digest.add(bytes[place]) }
        }
        return Outcome(count: shapes.count, digest: digest)
    }

    /// As the featurizer makes them: amounts out of sketches, of busy functions and of idle ones.
    private static func shapes(_ size: Int) -> [FunctionShape] {
        var random = SeededRandom(seed: 8)
        return (0..<size).map { number in
            let starts = 1 + Int(exp(random.uniform() * 6))
            var durations = LogSketch()
            var memory = LogSketch()
            var counts = OutcomeCounts()
            for _ in 0..<min(starts, 50) {
                durations.add((exp(6 * random.uniform()) * 100).rounded() / 100)
                memory.add(64 + (random.uniform() * 64).rounded())
            }
            counts.add(.success, starts)
            return FunctionShape(
                customer: "team-\(number % 997)", service: "service-\(number)",
                function: "handler", slotStartMs: 1_573_999_800_000, counts: counts,
                perMinute: [starts, 0, 0, 0, 0], cpuMs: Double(starts) * 81.25,
                gbSeconds: Double(starts) * random.uniform(), concurrencyPeak: 1,
                durationMs: percentiles(of: durations), memoryPeakMb: percentiles(of: memory),
                memoryMb: 128, trigger: "http", runtime: "python3.12")
        }
    }

    private static func percentiles(of sketch: LogSketch) -> Percentiles? {
        guard let p1 = sketch.quantile(0.01), let p50 = sketch.quantile(0.5),
            let p95 = sketch.quantile(0.95), let p99 = sketch.quantile(0.99),
            let most = sketch.quantile(1), let mean = sketch.mean
        else { return nil }
        return Percentiles(p1: p1, p50: p50, p95: p95, p99: p99, max: most, mean: mean)
    }
}
