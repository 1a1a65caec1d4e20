import Allocation
import Featurization
import Foundation
import Glibc
import Prediction
import Processing
import TestSupport
import Topics
import Workload

@testable import RepresentationLearning

/// What a small fleet says and what the four stages make of it: the inputs that are changed.
struct RealMessages: Sendable {
    /// Encoded, by topic.
    private(set) var byTopic: [Topic: [[UInt8]]] = [:]
    private(set) var invocations: [Invocation] = []
    /// The end of the event times.
    private(set) var endMs: Int64 = 0
    /// What each stage kept, in the order of the keys.
    private(set) var kept: [String: [StateEntry]] = [:]

    static let partition: Int32 = 0
    /// Enough for two evaluations of the allocator and a contribution of the predictor.
    private static let minutes: Int64 = 90
    private static let messagesMax = 24

    private static let variable = "ANTIPHASE_BAD_INPUT_CORPUS"

    /// What another process shared, or made here.
    static let small: RealMessages = {
        guard let path = ProcessInfo.processInfo.environment[variable],
            let data = FileManager.default.contents(atPath: path),
            let shared = try? PropertyListDecoder().decode(Shared.self, from: data)
        else { return RealMessages() }
        return RealMessages(shared)
    }()

    /// Lets processes that this one starts have its messages: making them takes seconds.
    static func share() { _ = isShared }

    private static let isShared: Bool = {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        let path = folderUntilExit("corpus") + "/messages"
        guard let data = try? encoder.encode(Shared(small)),
            FileManager.default.createFile(atPath: path, contents: data)
        else { return false }
        return setenv(variable, path, 1) == 0
    }()

    private struct Shared: Codable {
        var byTopic: [String: [Data]] = [:]
        var invocations: [Data]
        var endMs: Int64
        var kept: [String: [String: Data]] = [:]

        init(_ messages: RealMessages) {
            invocations = messages.invocations.map { Data($0.encodedJSON()) }
            endMs = messages.endMs
            for (topic, values) in messages.byTopic {
                byTopic[topic.name] = values.map { Data($0) }
            }
            for (stage, entries) in messages.kept {
                for entry in entries {
                    kept[stage, default: [:]][entry.key] = Data(entry.value ?? [])
                }
            }
        }
    }

    private init(_ shared: Shared) {
        endMs = shared.endMs
        invocations = shared.invocations.compactMap { try? Invocation(decoding: Array($0).span) }
        for topic in Topic.all { byTopic[topic] = shared.byTopic[topic.name]?.map { Array($0) } }
        for (stage, entries) in shared.kept {
            kept[stage] = entries.sorted { $0.key < $1.key }
                .map { StateEntry(key: $0.key, value: Array($0.value)) }
        }
    }

    private init() {
        var parameters = GeneratedFleet.Parameters()
        parameters.functions = 6
        var stream = EventStream(GeneratedFleet(parameters))
        let writer = InvocationWriter(run: stream.run)
        var featurizer = StageDriver { FeaturizerStage(partition: $0) }
        var learner = StageDriver { LearnerStage(partition: $0) }
        var predictor = StageDriver { PredictorStage(partition: $0) }
        var allocator = StageDriver { AllocatorStage(cell: $0) }
        for number in 0..<4 {
            let worker = WorkerReported(
                worker: "worker-\(number)", cell: 0, milliCpu: 4_000, memoryMb: 8_192,
                state: number == 3 ? .draining : .ready, wattsIdle: 90, wattsPeak: 250)
            add(worker)
            allocator.feed(worker)
        }
        while let event = stream.next(), event.atMs < stream.startMs + Self.minutes * 60_000 {
            endMs = event.atMs
            switch event {
            case .announced(let service, _):
                add(service)
                predictor.feed(service)
            case .ended(let execution):
                var bytes: [UInt8] = []
                writer.write(
                    execution, of: stream.profile(of: execution), worker: nil, to: &bytes)
                guard let invocation = try? Invocation(decoding: bytes.span) else {
                    preconditionFailure("the fleet wrote what is no invocation")
                }
                invocations.append(invocation)
                featurizer.feed(
                    bytes, of: .invocations, partition: Self.partition, nowMs: event.atMs)
            }
        }
        featurizer.advance(nowMs: endMs, quietMs: 3_600_000)
        for message in featurizer.messages {
            add(message)
            learner.feed(message)
            predictor.feed(message)
            allocator.feed(message)
        }
        learner.advance(nowMs: endMs, quietMs: 3_600_000)
        for message in learner.messages {
            add(message)
            predictor.feed(message)
            allocator.feed(message)
        }
        predictor.advance(nowMs: endMs, quietMs: 3_600_000)
        for message in predictor.messages {
            add(message)
            if !(message is ModelReleased) { allocator.feed(message) }
        }
        allocator.advance(nowMs: endMs, quietMs: 3_600_000)
        for message in allocator.messages { add(message) }
        keep(&featurizer, "featurizer")
        keep(&learner, "learner")
        keep(&predictor, "predictor")
        keep(&allocator, "allocator")
        // The last ones, which are not too late for those before them.
        for invocation in invocations.suffix(Self.messagesMax) { add(invocation) }
        for (topic, name) in Self.fixtures {
            byTopic[topic, default: []].append(Self.fixture(name))
        }
    }

    private mutating func add(_ message: any TopicMessage) {
        let topic = type(of: message).topic
        guard byTopic[topic]?.count ?? 0 < Self.messagesMax else { return }
        byTopic[topic, default: []].append(message.encoded())
    }

    private mutating func keep<Kept: Stage>(_ driver: inout StageDriver<Kept>, _ name: String) {
        driver.checkpoint()
        kept[name] = driver.keptEntries(of: Self.partition)
    }

    private static let fixtures: [(Topic, String)] = [
        (.invocations, "invocations-v1.json"), (.invocations, "invocations-v1-least.json"),
        (.services, "services-v1.json"), (.workers, "workers-v1.json"),
        (.shapes, "shapes-v1.json"), (.models, "models-v1.json"),
        (.representations, "representations-v1.json"), (.predictions, "predictions-v1.json"),
        (.predictions, "predictions-v2.json"), (.predictions, "predictions-v3.json"),
        (.shapes, "shapes-v3.json"),
        (.assignments, "assignments-v1.json"), (.rejections, "rejections-v1.json"),
    ]

    static func fixture(_ name: String) -> [UInt8] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/topics/\(name)")
        guard let data = try? Data(contentsOf: url) else {
            preconditionFailure("there is no fixture \(name)")
        }
        return Array(data)
    }
}
