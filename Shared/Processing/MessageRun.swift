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
    private var headerSets: [HeaderRanges] = []
    /// What those are of.
    private var headerTexts: [UInt8] = []

    public init(_ topic: Topic) { self.topic = topic }

    public var count: Int { unsafe values.count }

    /// - Parameter value: stays as it is until the run is emptied.
    @unsafe public mutating func append(_ value: UnsafeRawBufferPointer) {
        if headerSets.isEmpty { headerSets.append(HeaderRanges()) }
        unsafe values.append(value)
        headerNumbers.append(Int32(headerSets.count - 1))
    }

    /// The headers of the messages that are appended from here on, which are copied.
    public mutating func append(_ headers: HeaderBytes) {
        if let last = headerSets.last, isSame(headers, last) { return }
        headerSets.append(headers.append(to: &headerTexts))
    }

    private func isSame(_ headers: HeaderBytes, _ ranges: HeaderRanges) -> Bool {
        unsafe headerTexts.withUnsafeBytes { unsafe headers.says(HeaderBytes(ranges, of: $0)) }
    }

    public mutating func removeAll() {
        unsafe values.removeAll(keepingCapacity: true)
        headerNumbers.removeAll(keepingCapacity: true)
        let last = headerSets.last.map { last in
            unsafe headerTexts.withUnsafeBytes { bytes in
                var kept: [UInt8] = []
                let ranges = unsafe HeaderBytes(last, of: bytes).append(to: &kept)
                return (ranges: ranges, texts: kept)
            }
        }
        headerSets.removeAll(keepingCapacity: true)
        headerTexts.removeAll(keepingCapacity: true)
        guard let last else { return }
        headerSets.append(last.ranges)
        headerTexts += last.texts
    }

    /// The same number, the same headers.
    public func headersNumber(at index: Int) -> Int { Int(headerNumbers[index]) }
    public func headers(at index: Int) -> Headers {
        unsafe headerTexts.withUnsafeBytes { bytes in
            unsafe Headers(HeaderBytes(headerSets[Int(headerNumbers[index])], of: bytes))
        }
    }

    /// Calls `body` with their bytes; of a header that is not given, with nothing.
    public func withHeaders<Result, Failure: Error>(
        at index: Int,
        _ body: (
            _ contentType: Span<UInt8>, _ customer: Span<UInt8>, _ service: Span<UInt8>,
            _ function: Span<UInt8>
        ) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let ranges = headerSets[Int(headerNumbers[index])]
        let texts = headerTexts.span
        let none = 0..<0
        return try body(
            texts.extracting(ranges.contentType ?? none), texts.extracting(ranges.customer ?? none),
            texts.extracting(ranges.service ?? none), texts.extracting(ranges.function ?? none))
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
