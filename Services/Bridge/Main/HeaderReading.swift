internal import Kafka
internal import Translation

/// The headers that name a function, made once of what repeats in record after record.
struct HeaderReading {
    private var known: [[UInt8]: FunctionHeaders] = [:]
    private var joined: [UInt8] = []

    /// Then it begins anew.
    private static let knownMax = 10_000
    private static let names = ["customer", "service", "function"]

    mutating func function(of record: RecordView) -> FunctionHeaders {
        joined.removeAll(keepingCapacity: true)
        var texts: (Range<Int>?, Range<Int>?, Range<Int>?) = (nil, nil, nil)
        texts.0 = join(Self.names[0], of: record)
        texts.1 = join(Self.names[1], of: record)
        texts.2 = join(Self.names[2], of: record)
        if let known = known[joined] { return known }
        func text(_ range: Range<Int>?) -> String? {
            range.map { String(decoding: joined[$0], as: UTF8.self) }
        }
        let headers = FunctionHeaders(
            customer: text(texts.0), service: text(texts.1), function: text(texts.2))
        if known.count >= Self.knownMax { known.removeAll() }
        known[joined] = headers
        return headers
    }

    /// Appends a header behind its length, so that no two sets of headers are joined to the same.
    private mutating func join(_ name: String, of record: RecordView) -> Range<Int>? {
        let range: Range<Int>? = record.withHeader(name) { value in
            append(length: value.count)
            let start = joined.count
            for i in value.indices { joined.append(value[i]) }
            return start..<joined.count
        }
        if range == nil { append(length: -1) }
        return range
    }

    private mutating func append(length: Int) {
        for shift in stride(from: 0, to: 32, by: 8) {
            joined.append(UInt8(truncatingIfNeeded: length >> shift))
        }
    }
}
