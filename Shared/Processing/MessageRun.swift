public import Topics

/// Some messages of one topic and one partition, in order.
///
/// Their bytes are borrowed: a run is not kept beyond the call that it was given to.
@safe
public struct MessageRun {
    public let topic: Topic
    private var values: [UnsafeRawBufferPointer] = unsafe []
    /// Which of `headerSets` each has.
    private var headerNumbers: [Int32] = []
    /// Messages in a row mostly have the same.
    private var headerSets: [HeaderBytes] = []

    public init(_ topic: Topic) { self.topic = topic }

    public var count: Int { unsafe values.count }

    /// - Parameter value: stays as it is until the run is emptied.
    @unsafe public mutating func append(_ value: UnsafeRawBufferPointer) {
        if headerSets.isEmpty { headerSets.append(HeaderBytes()) }
        unsafe values.append(value)
        headerNumbers.append(Int32(headerSets.count - 1))
    }

    /// The headers of the messages that are appended from here on.
    /// - Parameter headers: their bytes stay as they are as long as the run is used.
    @unsafe public mutating func append(_ headers: HeaderBytes) {
        guard headerSets.last?.says(headers) != true else { return }
        headerSets.append(headers)
    }

    public mutating func removeAll() {
        unsafe values.removeAll(keepingCapacity: true)
        headerNumbers.removeAll(keepingCapacity: true)
        let last = headerSets.last
        headerSets.removeAll(keepingCapacity: true)
        if let last { headerSets.append(last) }
    }

    /// The same number, the same headers.
    public func headersNumber(at index: Int) -> Int { Int(headerNumbers[index]) }
    public func headers(at index: Int) -> Headers { Headers(headerBytes(at: index)) }

    /// Calls `body` with their bytes; of a header that is not given, with nothing.
    @inlinable public func withHeaders<Result, Failure: Error>(
        at index: Int,
        _ body: (
            _ contentType: Span<UInt8>, _ customer: Span<UInt8>, _ service: Span<UInt8>,
            _ function: Span<UInt8>
        ) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try headerBytes(at: index).withBytes(body)
    }

    @usableFromInline func headerBytes(at index: Int) -> HeaderBytes {
        headerSets[Int(headerNumbers[index])]
    }

    @inlinable public func withValue<Result, Failure: Error>(
        at index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(Span(_unsafeBytes: value(at: index)))
    }

    @unsafe @usableFromInline func value(at index: Int) -> UnsafeRawBufferPointer {
        unsafe values[index]
    }

    /// For whoever has messages as arrays.
    public static func with<Result>(
        _ messages: [[UInt8]], of topic: Topic, headers: Headers, _ body: (MessageRun) -> Result
    ) -> Result {
        // One behind the other, so that one pointer holds for all.
        var all: [UInt8] = []
        for message in messages { all += message }
        let ranges = headers.append(to: &all)
        return unsafe all.withUnsafeBytes { bytes in
            var run = MessageRun(topic)
            unsafe run.append(HeaderBytes(ranges, of: bytes))
            var start = 0
            for message in messages {
                unsafe run.append(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<start + message.count]))
                start += message.count
            }
            return body(run)
        }
    }
}
