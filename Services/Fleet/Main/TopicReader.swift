internal import Kafka
internal import Runtime
internal import Telemetry
internal import Topics
internal import Workload

/// Reads what is there already, to the end, and no further.
struct TopicReader {
    private let cluster: Cluster
    private let program: Program

    /// Records looked at from the end of a partition for this run's; ten times as many where they
    /// do not tell, until the partition's beginning: other producers may write there, too.
    private static let tailRecords: Int64 = 1_000
    /// A killed fleet's last request may still be on its way into the log.
    private static let quietMs = 300
    private static let requestMs = 5_000
    private static let pollMs = 100
    private static let retryMs = 500

    init(_ cluster: Cluster, _ program: Program) {
        self.cluster = cluster
        self.program = program
    }

    /// How far a run got; nil when a stop came first.
    ///
    /// - Parameter unknown: the run's, before anything was found.
    func resume<Point: ResumePoint>(_ unknown: Point, _ form: EventForm) throws -> Point? {
        try retrying {
            var resume = try readTails(unknown, form)
            while !resume.isFresh, !program.stop.isRequested {
                program.stop.sleep(ms: Self.quietMs)
                let again = try readTails(unknown, form)
                if again == resume { break }
                resume = again
            }
            return resume
        }
    }

    /// The workers last reported; nil when a stop came first.
    func workers() throws -> [WorkerReported]? {
        try retrying {
            let consumer = try self.consumer()
            var known: [String: WorkerReported] = [:]
            let marks = try watermarks(of: Topic.workers.name, consumer)
            try read(marks.map { ($0.key, $0.value.low) }, consumer) { record in
                guard let key = record.copyKey() else { return }
                let name = String(decoding: key, as: UTF8.self)
                // What is no worker is for the allocator to reject.
                known[name] =
                    record.isTombstone
                    ? nil : record.withValue { try? WorkerReported(decoding: $0) }
            }
            return known.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func readTails<Point: ResumePoint>(
        _ unknown: Point, _ form: EventForm
    ) throws -> Point {
        let consumer = try self.consumer()
        var resume = unknown
        var unsure: [TopicPartition: Watermarks] = [:]
        for (partition, marks) in try watermarks(of: form.topic, consumer) {
            if marks.low < marks.high {
                unsure[partition] = marks
            } else if marks.high > 0 {
                resume.foundEmptied(partition.partition)
            }
        }
        var window = Self.tailRecords
        while !unsure.isEmpty, !program.stop.isRequested {
            let starts = unsure.map { ($0.key, max($0.value.low, $0.value.high - window)) }
            try read(starts, consumer) { record in
                let id = record.withValue { eventID(form.idMember, in: $0) }
                if let id { resume.found(invocation: id, in: record.partition) }
            }
            unsure = unsure.filter { partition, marks in
                marks.high - marks.low > window && !resume.isSettled(partition.partition)
            }
            window *= 10
        }
        return resume
    }

    private func consumer() throws -> BatchConsumer {
        var options = BatchConsumer.Options(cluster)
        options.reportsPartitionEnd = true
        return try BatchConsumer(options)
    }

    private func watermarks(
        of topic: String, _ consumer: BatchConsumer
    ) throws -> [TopicPartition: Watermarks] {
        var marks: [TopicPartition: Watermarks] = [:]
        for number in 0..<(try consumer.partitionCount(of: topic, timeoutMs: Self.requestMs)) {
            let partition = TopicPartition(topic, Int32(number))
            marks[partition] = try consumer.watermarks(of: partition, timeoutMs: Self.requestMs)
        }
        return marks
    }

    /// Calls `body` with each record from the starts to the ends, or to a stop.
    private func read(
        _ starts: [(TopicPartition, Int64)], _ consumer: BatchConsumer,
        _ body: (RecordView) -> Void
    ) throws {
        try consumer.assign(starts.map { (partition: $0.0, start: .offset($0.1)) })
        var open = Set(starts.map(\.0))
        while !open.isEmpty, !program.stop.isRequested {
            try consumer.withBatch(timeoutMs: Self.pollMs) { batch in
                for record in batch { body(record) }
                for event in batch.events {
                    switch event {
                    case .partitionEnd(let partition, _): open.remove(partition)
                    case .failure(let error, _) where error.kind == .fatal: throw error
                    case .failure: break
                    }
                }
            }
        }
    }

    /// Tries until Kafka answers; nil when a stop came first.
    private func retrying<Value>(_ attempt: () throws -> Value) throws -> Value? {
        while !program.stop.isRequested {
            do {
                let value = try attempt()
                return program.stop.isRequested ? nil : value
            } catch let error as KafkaError where error.kind == .retriable {
                program.health.waits(for: "kafka", "waiting for kafka: \(error)")
                program.stop.sleep(ms: Self.retryMs)
            }
        }
        return nil
    }
}

/// The id in an event that a fleet wrote; nil in what others wrote otherwise.
private func eventID(_ member: String, in value: Span<UInt8>) -> String? {
    let name = Array(#""\#(member)":""#.utf8)
    guard value.count > name.count else { return nil }
    for start in 0..<value.count - name.count {
        var matched = 0
        while matched < name.count, value[start + matched] == name[matched] { matched += 1 }
        guard matched == name.count else { continue }
        var id: [UInt8] = []
        for at in start + name.count..<value.count {
            guard value[at] != UInt8(ascii: "\"") else {
                return String(decoding: id, as: UTF8.self)
            }
            id.append(value[at])
        }
    }
    return nil
}
