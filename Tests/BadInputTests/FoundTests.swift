import Featurization
import Foundation
import Processing
import TestSupport
import Testing
import Topics

@testable import Allocation
@testable import Brokerage
@testable import Prediction
@testable import RepresentationLearning
@testable import Workload

/// What bad input did before it was found, each with the input that did it.
@Suite struct `Input that once did harm` {
    /// A name that begins with a mark which joins the slash before it, or ends with one that joins
    /// the slash behind it, is one character with it: paths split by characters had two parts.
    @Test(arguments: [
        "\u{301}pay", "pay\u{600}", "\u{200D}", "\u{FE0F}x", "a/\u{301}b", "%\u{301}2F",
    ])
    func `ends no featurizer by a name that joins a path's slashes`(name: String) throws {
        let invocation = Invocation(
            customer: name, service: name, function: name, invocation: "1",
            startedAtMs: 1_574_000_000_000, durationMs: 5, memoryMb: 128, outcome: .success)
        var driver = StageDriver { FeaturizerStage(partition: $0) }
        driver.feed(invocation, nowMs: 1_574_000_000_000)
        driver.checkpoint()
        try driver.restart()
        driver.feed(invocation, nowMs: 1_574_000_000_000)
        driver.advance(nowMs: 1_574_000_000_000, quietMs: 3_600_000)
        let shape = try #require(driver.messages.last as? FunctionShape)
        #expect(shape.counts.success == 2)
        #expect(Array(shape.function.utf8) == Array(name.utf8))
    }

    @Test func `ends no other stage by such a name either`() throws {
        let name = "\u{301}pay"
        let shape = FunctionShape(
            customer: name, service: name, function: name, slotStartMs: 300_000, cpuMs: 1_000)
        let worker = WorkerReported(
            worker: name, cell: 0, milliCpu: 1_000, memoryMb: 1_024, state: .ready)
        var learner = StageDriver { LearnerStage(partition: $0) }
        var predictor = StageDriver { PredictorStage(partition: $0) }
        var allocator = StageDriver { AllocatorStage(cell: $0) }
        learner.feed(shape)
        learner.checkpoint()
        try learner.restart()
        predictor.feed(shape)
        predictor.checkpoint()
        try predictor.restart()
        allocator.feed(worker)
        allocator.feed(shape)
        allocator.checkpoint()
        try allocator.restart()
        let gone = AllocatorStage.decodeTombstone(key: worker.key, of: .workers)
        guard case .workerGone(let told) = gone else { return #expect(Bool(false)) }
        #expect(Array(told.utf8) == Array(name.utf8))
    }

    /// The sum of a shape's counts overflowed in the learner and the allocator.
    @Test func `takes no shape whose counts do not add up`() throws {
        var shape = FunctionShape(
            customer: "c", service: "s", function: "f", slotStartMs: 0, cpuMs: 0)
        shape.counts.success = .max
        shape.counts.error = 1
        #expect(rejection(of: shape)?.reason == .outOfRange)
        shape.counts = OutcomeCounts()
        shape.perMinute[2] = -1
        #expect(rejection(of: shape)?.reason == .outOfRange)
    }

    /// PostgreSQL takes no zero byte in a text: a stage that wanted it there ended, and again after
    /// each start.
    @Test func `takes no word with a zero byte in it`() {
        let service = ServiceAnnounced(
            customer: "c", service: "s", trigger: "\u{0}", runtime: "", memoryMb: 1, deadlineMs: 1,
            tier: .burstable)
        #expect(rejection(of: service)?.reason == .invalidName)
        let model = ModelReleased(
            name: "learner/encoder", version: 1, metrics: ["\u{0}": 1], fittedFromMs: 0,
            fittedToMs: 0, seed: 0, parameters: [])
        #expect(rejection(of: model)?.reason == .invalidName)
    }

    /// A table's `int` holds a version; the learner ended on a larger one at each start.
    @Test func `takes no model of a version beyond 32 bits`() {
        let model = ModelReleased(
            name: "learner/encoder", version: 1 << 32, metrics: [:], fittedFromMs: 0,
            fittedToMs: 0, seed: 0, parameters: [])
        #expect(rejection(of: model)?.reason == .outOfRange)
    }

    /// Counts of all partitions are added up: two of these overflowed.
    @Test func `takes no part of a prior whose sums overflow`() {
        var contribution = PriorContribution()
        contribution.outcomes = .max
        contribution.successes = .max
        #expect(throws: CorruptState.self) {
            try PriorContribution(decoding: contribution.encoded)
        }
    }

    /// 4,294,967,295 invocations of a minute were drawn one by one, in memory.
    @Test func `takes no trace with more in a minute than can be sent`() {
        let table = "HashOwner,HashApp,HashFunction,Trigger,480\no,a,f,http,4294967295\n"
        #expect(throws: TraceError.self) {
            try AzureTrace(
                invocations: [(name: "invocations.csv", bytes: Array(table.utf8))], durations: [],
                memory: [])
        }
    }

    private func rejection(of message: some TopicMessage) -> Rejection? {
        do throws(Rejection) {
            _ = try type(of: message).init(decoding: message.encoded().span)
            return nil
        } catch { return error }
    }
}

@Suite struct `Requests and files that once ended a broker` {
    /// A producer's times are its own; their sum overflowed when a reader asked for a time.
    @Test func `looks for a time among times that overflow`() throws {
        let folder = TemporaryFolder("times")
        let handling = try Handling(folder: folder.path)
        let log = try #require(handling.topics.topic(Frames.topic)?.partitions.first)
        var bytes = Batches.batch(.none, deltaMs: .max / 2)
        bytes.withUnsafeMutableBytes { batch in
            let header = RecordBatchHeader(UnsafeRawPointer(batch.baseAddress!))
            #expect(log.append(batch, header).error == .none)
        }
        #expect(try log.firstRecord(asLateAs: 1_574_000_000_001)?.offset == 1)
    }

    /// The checksum does not cover the offset, and the next one overflowed.
    @Test(arguments: [Int64.max - 1, 1 << 62, 1 << 40])
    func `cuts a segment at an offset that it cannot hold`(offset: Int64) throws {
        let folder = TemporaryFolder("offset")
        let whole = Batches.batch(.none)
        try folder.write(
            whole + Target.placed(whole, at: offset), to: "00000000000000000000.log")
        var cut = 0
        let recovered = try LogRecovery(topic: "events", partition: 0, folder: folder.path) {
            if case .logCut(_, _, _, let bytes, _) = $0 { cut = bytes }
        }
        #expect(cut == whole.count)
        #expect(recovered.segments.last?.nextOffset == 3)
    }

    /// A topic with -1 partitions, and one whose folder is another's.
    @Test(arguments: [("events", Int32(-1)), ("events", 2_000_000_000), ("../events", 1)])
    func `passes over a topic that cannot be in its journal`(name: String, count: Int32) throws {
        let folder = TemporaryFolder("topics")
        var writer = WireWriter()
        writer.int32(count)
        writer.int32(0)
        var journal = try Journal("\(folder.path)/topics.journal")
        try journal.set([(Array(name.utf8), writer.bytes)])
        let registry = try TopicRegistry(
            BrokerConfiguration(dataFolder: folder.path), flusher: Flusher(intervalMs: 1_000)
        ) { _ in }
        #expect(registry.all.isEmpty)
    }

    /// 100,000 times the same topic of 1,000 partitions made an answer of 2.7 GB.
    @Test func `describes a topic once, however often it is named`() throws {
        let handling = try Handling(folder: nil)
        var writer = WireWriter()
        writer.int16(API.metadata.rawValue)
        writer.int16(4)
        writer.int32(7)
        writer.string("client")
        writer.array(Array(repeating: Frames.topic, count: 50_000)) { $1.string($0) }
        writer.bool(false)
        guard case .respond(let answer) = handling.answer(writer.bytes) else {
            return #expect(Bool(false))
        }
        #expect(answer.count < 1_000)
    }

    /// Its members are told each time.
    @Test func `describes a group once, however often it is named`() throws {
        let handling = try Handling(folder: nil)
        var writer = WireWriter()
        writer.int16(API.describeGroups.rawValue)
        writer.int16(0)
        writer.int32(7)
        writer.string("client")
        writer.array(Array(repeating: Frames.group, count: 50_000)) { $1.string($0) }
        guard case .respond(let answer) = handling.answer(writer.bytes) else {
            return #expect(Bool(false))
        }
        #expect(answer.count < 1_000)
    }

    /// More successes than outcomes made a distribution of less than no failures, at the next slot.
    @Test func `is refused where a service's slot was kept with more successes than outcomes`()
        throws
    {
        let id = ServiceID(customer: "acme", service: "pay")
        var service = ServiceState()
        service.functions = ["f"]
        service.recent = [
            .init(
                startMs: 0, function: 0, correction: 0, successes: 1, outcomes: 1, cpuMs: 1,
                foretold: .init(rate: 1, strength: 1, byWay: [1, 1, 1, 1], ownStrength: 1),
                baseline: 1, isNew: true)
        ]
        _ = try ServiceState(decoding: service.encoded, of: id)
        service.recent[0].successes = 2
        #expect(throws: CorruptState("2 successes of 1 outcomes")) {
            try ServiceState(decoding: service.encoded, of: id)
        }
    }

    /// One kind of NaN became the other on its way, and two readers gave other reasons.
    @Test(arguments: [Double.nan, -.nan, .signalingNaN])
    func `is called not a number, whichever kind it is`(value: Double) {
        #expect(throws: Rejection(.outOfRange, "cpu_ms is not a number, expected 0.0 to 1.0")) {
            try FieldLimits.check(value, in: 0...1, of: "cpu_ms")
        }
    }

    /// A longer one was written, and at the next start taken for a torn end: all behind it was lost.
    @Test func `writes no entry of a journal that it would not read`() throws {
        let folder = TemporaryFolder("entries")
        let path = "\(folder.path)/entries.journal"
        var journal = try Journal(path)
        #expect(throws: StorageError.self) {
            try journal.set([
                ([1], [UInt8](repeating: 0, count: Brokerage.Limits.journalEntryBytes))
            ])
        }
        try journal.set([([2], [3])])
        #expect(try Journal(path).entries == [[2]: [3]])
    }
}
