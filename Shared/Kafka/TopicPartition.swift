internal import CRdKafka

/// One partition of one topic.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let topic: String
    public let partition: Int32

    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public var description: String { "\(topic)/\(partition)" }

    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// Where to start reading a partition.
public enum Start: Hashable, Sendable {
    case beginning
    case end
    /// The next offset to read, that is one more than the last one seen.
    case offset(Int64)

    var offset: Int64 {
        switch self {
        case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        case .offset(let offset): offset
        }
    }
}

/// The offsets between which a partition can be read: `low..<high`.
public struct Watermarks: Hashable, Sendable {
    /// The oldest offset that is still there.
    public let low: Int64
    /// The offset that the next message written will get.
    public let high: Int64
}

/// Sole owner of a C list of partitions.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ partitions: some Collection<(TopicPartition, Int64)>) {
        pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        for (partition, offset) in partitions {
            let element = rd_kafka_topic_partition_list_add(
                pointer, partition.topic, partition.partition)
            element?.pointee.offset = offset
        }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    /// The first error that librdkafka left on an element.
    func checkElements(_ attempt: String) throws(KafkaError) {
        for index in 0..<Int(pointer.pointee.cnt) {
            let element = pointer.pointee.elems[index]
            guard element.err != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            let name = TopicPartition(String(cString: element.topic), element.partition)
            throw KafkaError(element.err, "\(attempt) \(name)")
        }
    }

    func offsets() -> [TopicPartition: Int64] {
        var offsets: [TopicPartition: Int64] = [:]
        for index in 0..<Int(pointer.pointee.cnt) {
            let element = pointer.pointee.elems[index]
            let partition = TopicPartition(String(cString: element.topic), element.partition)
            offsets[partition] = element.offset
        }
        return offsets
    }
}

/// The partitions of a list that belongs to librdkafka.
func partitions(
    of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
) -> [TopicPartition] {
    (0..<Int(list.pointee.cnt)).map { index in
        let element = list.pointee.elems[index]
        return TopicPartition(String(cString: element.topic), element.partition)
    }
}
