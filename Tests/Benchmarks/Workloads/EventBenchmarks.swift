internal import Featurization
internal import Foundation
internal import Processing
internal import Topics
internal import Workload

extension Benchmark {
    static let fleetGeneration = Benchmark(
        "fleet", "invocations of a generated fleet of 2,000 functions, drawn and written as JSON",
        unit: "events", smoke: 500, full: 300_000
    ) { size in
        Prepared {
            var stream = EventStream(fleet(size))
            return {
                var digest = Digest()
                var count = 0
                let writer = InvocationWriter(run: stream.run)
                var bytes: [UInt8] = []
                while count < size, let event = stream.next() {
                    guard case .ended(let execution) = event else { continue }
                    bytes.removeAll(keepingCapacity: true)
                    writer.write(
                        execution, of: stream.profile(of: execution), worker: nil, to: &bytes)
                    digest.add(execution.endedAtMs)
                    digest.add(Int64(bytes.count))
                    count += 1
                }
                return Outcome(count: count, digest: digest)
            }
        }
    }

    static let jsonDecoding = Benchmark(
        "decode-json", "an invocation from its JSON, for the featurizer", unit: "events",
        smoke: 300, full: 100_000, baseline: "JSONDecoder"
    ) { size in
        let messages = invocations(size).map(\.json)
        let datas = messages.map { Data($0) }
        return Prepared(
            baseline: {
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                return {
                    var digest = Digest()
                    for data in datas {
                        let invocation = try decoder.decode(Invocation.self, from: data)
                        digest.add(invocation.startedAtMs)
                        digest.add(invocation.durationMs)
                        digest.add(invocation.memoryMb)
                    }
                    return Outcome(count: datas.count, digest: digest)
                }
            },
            start: { { try decode(messages, as: .json) } })
    }

    static let protobufDecoding = Benchmark(
        "decode-protobuf", "an invocation from its Protobuf, for the featurizer", unit: "events",
        smoke: 300, full: 300_000, baseline: "our JSON"
    ) { size in
        let both = invocations(size)
        let json = both.map(\.json)
        let protobuf = try json.map { try Invocation(decoding: $0.span).encodedProtobuf() }
        return Prepared(
            baseline: { { try decode(json, as: .json) } },
            start: { { try decode(protobuf, as: .protobuf) } })
    }

    static let featurization = Benchmark(
        "featurize", "invocations to shapes: decoded, folded, slots closed, state taken",
        unit: "events", smoke: 500, full: 200_000
    ) { size in
        let messages = invocations(size)
        return Prepared {
            var stage = FeaturizerStage(partition: 0)
            return {
                var digest = Digest()
                var effects = Effects<FeaturizerRow>()
                var rejected = 0
                MessageRun.with(messages.map(\.json), of: .invocations, headers: .none) { run in
                    stage.process(run, nowMs: messages.last?.atMs ?? 0, &effects) { _, _ in
                        rejected += 1
                    }
                }
                digest.add(Int64(rejected))
                stage.advance(nowMs: messages.last?.atMs ?? 0, quietMs: 3_600_000, &effects)
                for case let shape as FunctionShape in effects.messages {
                    digest.add(shape.slotStartMs)
                    digest.add(Int64(shape.counts.total))
                    digest.add(shape.cpuMs)
                }
                digest.add(Int64(stage.takeChanges().count))
                digest.add(Int64(effects.rows.count))
                return Outcome(count: messages.count, digest: digest)
            }
        }
    }

    private static func decode(
        _ messages: [[UInt8]], as encoding: InvocationEncoding
    ) throws -> Outcome {
        var digest = Digest()
        var batch = InvocationBatch(hashKey: 0)
        for message in messages {
            batch.removeAll()
            try batch.append(decoding: message.span, as: encoding)
            let invocation = batch.invocations[0]
            digest.add(invocation.startedAtMs)
            digest.add(invocation.durationMs)
            digest.add(invocation.memoryMb)
        }
        return Outcome(count: messages.count, digest: digest)
    }

    private static func fleet(_ size: Int) -> GeneratedFleet {
        var parameters = GeneratedFleet.Parameters()
        parameters.functions = min(2_000, size)
        return GeneratedFleet(parameters)
    }

    /// The first of a generated fleet's.
    private static func invocations(_ size: Int) -> [(json: [UInt8], atMs: Int64)] {
        var stream = EventStream(fleet(size))
        let writer = InvocationWriter(run: stream.run)
        var invocations: [(json: [UInt8], atMs: Int64)] = []
        while invocations.count < size, let event = stream.next() {
            guard case .ended(let execution) = event else { continue }
            var json: [UInt8] = []
            writer.write(execution, of: stream.profile(of: execution), worker: nil, to: &json)
            invocations.append((json, event.atMs))
        }
        return invocations
    }
}
