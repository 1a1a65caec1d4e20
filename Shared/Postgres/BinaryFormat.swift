/// PostgreSQL's numbers for its types (`pg_type.oid`), and the array type of each.
enum TypeID {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let json: UInt32 = 114
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let unknown: UInt32 = 705
    static let bpchar: UInt32 = 1042
    static let varchar: UInt32 = 1043
    static let timestamptz: UInt32 = 1184
    static let jsonb: UInt32 = 3802

    static func array(of element: UInt32) -> UInt32 {
        switch element {
        case bool: 1000
        case bytea: 1001
        case int2: 1005
        case int4: 1007
        case text: 1009
        case int8: 1016
        case float4: 1021
        case float8: 1022
        case timestamptz: 1185
        case jsonb: 3807
        default: preconditionFailure("no array type known of type \(element)")
        }
    }
}

/// The first byte of a binary jsonb; there has been no other.
let jsonbVersion: UInt8 = 1

/// `timestamptz` counts microseconds from 2000; its two extremes mean the infinities.
enum Timestamp {
    /// 2000-01-01T00:00:00Z in milliseconds since 1970: 10,957 days.
    static let epochMs: Int64 = 10_957 * 86_400_000

    /// Milliseconds beyond what fits become an infinity, never another time.
    static func micros(fromMs milliseconds: Int64) -> Int64 {
        let (sinceEpoch, early) = milliseconds.subtractingReportingOverflow(epochMs)
        let (micros, beyond) = sinceEpoch.multipliedReportingOverflow(by: 1_000)
        return early || beyond ? (milliseconds < 0 ? .min : .max) : micros
    }

    /// Rounds down to whole milliseconds; an infinity becomes the extreme of `Int64`.
    static func milliseconds(fromMicros micros: Int64) -> Int64 {
        if micros == .min || micros == .max { return micros }
        // Shifting by an arithmetic floor: -1 microsecond is in the millisecond before 2000.
        let floor = micros / 1_000 - (micros % 1_000 < 0 ? 1 : 0)
        return floor + epochMs
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// The header of a binary array of one dimension that starts at 1.
    mutating func appendArrayHeader(of element: UInt32, count: Int, hasNull: Bool) {
        // An empty array has no dimension.
        appendBigEndian(Int32(count == 0 ? 0 : 1))
        appendBigEndian(Int32(hasNull ? 1 : 0))
        appendBigEndian(element)
        guard count > 0 else { return }
        appendBigEndian(Int32(count))
        appendBigEndian(Int32(1))
    }
}

extension UnsafeRawBufferPointer {
    /// The big-endian number that these bytes are, nil when they are too many or too few.
    func bigEndian<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        guard count == MemoryLayout<Number>.size else { return nil }
        return Number(bigEndian: loadUnaligned(as: Number.self))
    }
}
