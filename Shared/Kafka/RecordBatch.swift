internal import CRdKafka
internal import Glibc

/// A topic by number: the position of its name in `BatchConsumer.topicNames`.
///
/// Topics are numbered in the order in which the consumer was told of them, so the first topic
/// of the first `subscribe` or `assign` is 0.
public struct TopicIndex: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// One record, borrowed from librdkafka: nothing of it may leave the closure of the batch.
@safe
public struct RecordView {
    public let topic: TopicIndex
    public let partition: Int32
    public let offset: Int64
    /// Milliseconds since 1970, nil when the record has no timestamp.
    public var timestampMs: Int64? {
        let timestamp = rd_kafka_message_timestamp(
            message.assumingMemoryBound(to: rd_kafka_message_t.self), nil)
        return timestamp < 0 ? nil : timestamp
    }

    @usableFromInline let valueStart: UnsafeRawPointer?
    @usableFromInline let valueCount: Int
    @usableFromInline let keyStart: UnsafeRawPointer?
    @usableFromInline let keyCount: Int
    /// The `rd_kafka_message_t`, for its headers.
    private let message: UnsafeRawPointer

    init(_ message: UnsafePointer<rd_kafka_message_t>, topic: TopicIndex) {
        self.topic = topic
        self.message = UnsafeRawPointer(message)
        let record = message.pointee
        partition = record.partition
        offset = record.offset
        valueStart = UnsafeRawPointer(record.payload)
        valueCount = record.len
        keyStart = UnsafeRawPointer(record.key)
        keyCount = record.key_len
    }

    /// Whether the record has no value, which deletes its key from a compacted topic.
    @inlinable public var isTombstone: Bool { unsafe valueStart == nil }
    /// Whether the record has a key, be it empty.
    @inlinable public var hasKey: Bool { unsafe keyStart != nil }

    /// The value's bytes, nil for a tombstone.
    @inlinable @unsafe public var value: UnsafeRawBufferPointer? {
        unsafe valueStart.map { unsafe UnsafeRawBufferPointer(start: $0, count: valueCount) }
    }

    /// The key's bytes, nil when there is no key.
    @inlinable @unsafe public var key: UnsafeRawBufferPointer? {
        unsafe keyStart.map { unsafe UnsafeRawBufferPointer(start: $0, count: keyCount) }
    }

    /// Calls `body` with the value; of a tombstone, with nothing.
    @inlinable public func withValue<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withSpan(valueStart, valueCount, body)
    }

    /// Calls `body` with the key; where there is none, with nothing.
    @inlinable public func withKey<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withSpan(keyStart, keyCount, body)
    }

    /// A copy of the value, nil for a tombstone.
    public func copyValue() -> [UInt8]? { unsafe value.map { Array($0) } }

    /// A copy of the key, nil when there is none.
    public func copyKey() -> [UInt8]? { unsafe key.map { Array($0) } }

    /// A copy of the last header of this name, nil when there is none.
    public func header(_ name: String) -> [UInt8]? {
        withHeader(name) { span in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(span.count)
            for index in span.indices { bytes.append(span[index]) }
            return bytes
        }
    }

    /// Calls `body` with the last header of this name, or returns nil when there is none.
    public func withHeader<Result, Failure: Error>(
        _ name: String, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let headers else { return nil }
        var start: UnsafeRawPointer?
        var count = 0
        guard
            rd_kafka_header_get_last(headers, name, &start, &count) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return nil }
        return try withSpan(start, count, body)
    }

    /// Takes the headers from the record, which then has none: what librdkafka makes of them is freed
    /// at once, and so costs a fraction of what it does for all of a batch.
    ///
    /// - Parameters:
    ///   - each: is called with each header's name and value, in order.
    ///   - use: is called once behind the last, and is where the bytes can still be used.
    @unsafe public func takeHeaders<Result>(
        _ each: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void,
        thenUse use: () -> Result
    ) -> Result {
        let own = message.assumingMemoryBound(to: rd_kafka_message_t.self)
        var headers: OpaquePointer?
        // The records of a batch are ours to take headers from; only C lacks the const.
        guard
            rd_kafka_message_detach_headers(UnsafeMutablePointer(mutating: own), &headers)
                == RD_KAFKA_RESP_ERR_NO_ERROR, let headers
        else { return use() }
        defer { rd_kafka_headers_destroy(headers) }
        var place = 0
        var name: UnsafePointer<CChar>?
        var start: UnsafeRawPointer?
        var count = 0
        while rd_kafka_header_get_all(headers, place, &name, &start, &count)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            if let name {
                each(
                    UnsafeRawBufferPointer(start: name, count: strlen(name)),
                    UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
            }
            place += 1
        }
        return use()
    }

    private var headers: OpaquePointer? {
        let message = message.assumingMemoryBound(to: rd_kafka_message_t.self)
        var headers: OpaquePointer?
        // The records of a batch are ours to read headers from; C only lacks the const.
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return nil
        }
        return headers
    }

    @usableFromInline func withSpan<Result, Failure: Error>(
        _ start: UnsafeRawPointer?, _ count: Int,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return try body(Span(_unsafeBytes: bytes))
    }
}

/// What one poll brought: records, and apart from them what librdkafka had to say.
@safe
public struct RecordBatch: RandomAccessCollection {
    /// Ends of partitions and errors, in the order in which they came.
    public let events: [ConsumerEvent]
    public let count: Int
    let slots: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    let topics: UnsafeMutablePointer<TopicIndex>

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> RecordView {
        precondition(0 <= position && position < count, "record \(position) of \(count)")
        return RecordView(slots[position].unsafelyUnwrapped, topic: topics[position])
    }
}

/// What a consumer is told besides records.
public enum ConsumerEvent: Equatable, Sendable {
    /// The partition has been read to its end; `next` is the offset to come.
    /// Only where `Options.reportsPartitionEnd` asks for it.
    case partitionEnd(TopicPartition, next: Int64)
    /// Something failed; of one partition where one is named.
    case failure(KafkaError, TopicPartition?)
}
