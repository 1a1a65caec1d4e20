import Allocation
import Featurization
import Prediction
import Processing
import RepresentationLearning
import TestSupport
import Testing
import Topics
import Workload

/// All four stages joined in memory: what one publishes, the next reads.
struct Pipeline {
    static let cells: Int32 = 4

    var featurizer = StageDriver(partitions: cells) { FeaturizerStage(partition: $0) }
    var learner = StageDriver(partitions: cells) { LearnerStage(partition: $0) }
    var predictor = StageDriver(partitions: cells) { PredictorStage(partition: $0) }
    var allocator = StageDriver(partitions: cells) { AllocatorStage(cell: $0) }
    private var taken = (featurizer: 0, learner: 0, predictor: 0)

    /// Passes on what was published, until nothing is.
    mutating func settle() {
        while true {
            let shapes = featurizer.messages[taken.featurizer...]
            taken.featurizer = featurizer.messages.count
            for message in shapes {
                learner.feed(message)
                predictor.feed(message)
                allocator.feed(message)
            }
            let learned = learner.messages[taken.learner...]
            taken.learner = learner.messages.count
            for message in learned {
                if message is ModelReleased {
                    learner.feed(message)
                } else {
                    predictor.feed(message)
                    allocator.feed(message)
                }
            }
            let foretold = predictor.messages[taken.predictor...]
            taken.predictor = predictor.messages.count
            for message in foretold {
                if message is ModelReleased {
                    predictor.feed(message)
                } else {
                    allocator.feed(message)
                }
            }
            if shapes.isEmpty, learned.isEmpty, foretold.isEmpty { return }
        }
    }

    /// Nothing more comes.
    mutating func close() {
        for _ in 0..<2 {
            featurizer.advance(nowMs: 0, quietMs: 3_600_000)
            settle()
            learner.advance(nowMs: 0, quietMs: 3_600_000)
            settle()
            predictor.advance(nowMs: 0, quietMs: 3_600_000)
            settle()
            allocator.advance(nowMs: 0, quietMs: 3_600_000)
            settle()
        }
    }
}

@Suite struct `The pipeline in memory` {
    @Test func `places every function of a generated fleet and counts every invocation`() throws {
        var parameters = GeneratedFleet.Parameters()
        parameters.functions = 30
        let source = GeneratedFleet(parameters)
        var stream = EventStream(source)
        let writer = InvocationWriter(run: stream.run)
        var pipeline = Pipeline()
        for worker in WorkerPlan().workers(
            for: source.peakDemands, cells: Pipeline.cells, seed: 1)
        {
            pipeline.allocator.feed(worker)
        }
        var sent: [FunctionID: Int] = [:]
        var services: Set<ServiceID> = []
        var sequence = 0
        // Until 5,000 invocations have ended.
        while sequence < 5_000, let event = stream.next() {
            switch event {
            case .announced(let service, _):
                pipeline.predictor.feed(service)
                services.insert(service.serviceID)
            case .ended(let execution):
                var bytes: [UInt8] = []
                writer.write(
                    execution, of: stream.profile(of: execution), worker: nil, to: &bytes)
                let invocation = try Invocation(decoding: bytes.span)
                pipeline.featurizer.feed(
                    bytes, of: .invocations,
                    partition: invocation.partition(keyed: Pipeline.cells), nowMs: event.atMs)
                sent[invocation.functionID, default: 0] += 1
                sequence += 1
                if sequence % 500 == 0 { pipeline.settle() }
            }
        }
        pipeline.close()
        #expect(pipeline.featurizer.rejections == [])
        #expect(pipeline.learner.rejections == [])
        #expect(pipeline.predictor.rejections == [])
        #expect(pipeline.allocator.rejections == [])

        var folded: [FunctionID: Int] = [:]
        for shape in last(FunctionShape.self, of: pipeline.featurizer.messages).values {
            folded[shape.functionID, default: 0] += shape.counts.total
        }
        #expect(folded.filter { $0.value > 0 } == sent)
        let functions = Set(sent.keys)
        let represented = last(Representation.self, of: pipeline.learner.messages)
        #expect(Set(represented.values.map(\.functionID)).isSuperset(of: functions))
        let predicted = last(Prediction.self, of: pipeline.predictor.messages)
        #expect(Set(predicted.values.map(\.serviceID)).isSuperset(of: services))
        let assigned = last(Assignment.self, of: pipeline.allocator.messages)
        #expect(Set(assigned.values.map(\.functionID)).isSuperset(of: functions))
        #expect(assigned.values.filter { $0.placements.isEmpty }.map(\.reason) == [])
        for assignment in assigned.values {
            let shares = assignment.placements.reduce(0) { $0 + $1.share }
            #expect(abs(shares - 1) < 1e-9)
        }
    }

    /// The last message of each key.
    private func last<Message: TopicMessage>(
        _ type: Message.Type, of messages: [any TopicMessage]
    ) -> [String: Message] {
        var last: [String: Message] = [:]
        for case let message as Message in messages { last[message.key] = message }
        return last
    }
}
