/// A value for one `$n` of a statement, in PostgreSQL's binary form and with its type.
public struct Parameter: Sendable {
    let type: UInt32
    /// nil is NULL.
    let bytes: [UInt8]?

    public static func int2(_ value: Int16?) -> Parameter { fixed(TypeID.int2, value) }
    public static func int4(_ value: Int32?) -> Parameter { fixed(TypeID.int4, value) }
    public static func int8(_ value: Int64?) -> Parameter { fixed(TypeID.int8, value) }
    /// An `int8` from Swift's own `Int`.
    public static func int(_ value: Int?) -> Parameter {
        fixed(TypeID.int8, value.map { Int64($0) })
    }
    public static func float4(_ value: Float?) -> Parameter {
        fixed(TypeID.float4, value?.bitPattern)
    }
    public static func float8(_ value: Double?) -> Parameter {
        fixed(TypeID.float8, value?.bitPattern)
    }
    public static func bool(_ value: Bool?) -> Parameter {
        fixed(TypeID.bool, value.map { UInt8($0 ? 1 : 0) })
    }
    /// The server refuses text that contains U+0000.
    public static func text(_ value: String?) -> Parameter {
        Parameter(type: TypeID.text, bytes: value.map { Array($0.utf8) })
    }
    public static func bytes(_ value: [UInt8]?) -> Parameter {
        Parameter(type: TypeID.bytea, bytes: value)
    }
    /// A `timestamptz`, from milliseconds since 1970. What lies beyond PostgreSQL's calendar is
    /// refused by the server, or `infinity` where it does not fit at all.
    public static func timestampMs(_ value: Int64?) -> Parameter {
        fixed(TypeID.timestamptz, value.map { Timestamp.micros(fromMs: $0) })
    }
    /// A `jsonb`, from its text.
    public static func json(_ value: String?) -> Parameter {
        Parameter(type: TypeID.jsonb, bytes: value.map { [jsonbVersion] + Array($0.utf8) })
    }

    private static func fixed(_ type: UInt32, _ value: (some FixedWidthInteger)?) -> Parameter {
        guard let value else { return Parameter(type: type, bytes: nil) }
        var bytes: [UInt8] = []
        bytes.appendBigEndian(value)
        return Parameter(type: type, bytes: bytes)
    }
}

// Arrays, for `unnest`: one statement writes a thousand rows.
extension Parameter {
    public static func int2Array(_ values: [Int16]) -> Parameter {
        fixedArray(TypeID.int2, values) { $0 }
    }
    public static func int2Array(_ values: [Int16?]) -> Parameter {
        array(TypeID.int2, values) { $0.appendBigEndian($1) }
    }
    public static func int4Array(_ values: [Int32]) -> Parameter {
        fixedArray(TypeID.int4, values) { $0 }
    }
    public static func int4Array(_ values: [Int32?]) -> Parameter {
        array(TypeID.int4, values) { $0.appendBigEndian($1) }
    }
    public static func int8Array(_ values: [Int64]) -> Parameter {
        fixedArray(TypeID.int8, values) { $0 }
    }
    public static func int8Array(_ values: [Int64?]) -> Parameter {
        array(TypeID.int8, values) { $0.appendBigEndian($1) }
    }
    public static func float4Array(_ values: [Float]) -> Parameter {
        fixedArray(TypeID.float4, values) { $0.bitPattern }
    }
    public static func float4Array(_ values: [Float?]) -> Parameter {
        array(TypeID.float4, values) { $0.appendBigEndian($1.bitPattern) }
    }
    public static func float8Array(_ values: [Double]) -> Parameter {
        fixedArray(TypeID.float8, values) { $0.bitPattern }
    }
    public static func float8Array(_ values: [Double?]) -> Parameter {
        array(TypeID.float8, values) { $0.appendBigEndian($1.bitPattern) }
    }
    public static func boolArray(_ values: [Bool]) -> Parameter {
        fixedArray(TypeID.bool, values) { UInt8($0 ? 1 : 0) }
    }
    public static func boolArray(_ values: [Bool?]) -> Parameter {
        array(TypeID.bool, values) { $0.append($1 ? 1 : 0) }
    }
    public static func timestampMsArray(_ values: [Int64]) -> Parameter {
        fixedArray(TypeID.timestamptz, values) { Timestamp.micros(fromMs: $0) }
    }
    public static func timestampMsArray(_ values: [Int64?]) -> Parameter {
        array(TypeID.timestamptz, values) { $0.appendBigEndian(Timestamp.micros(fromMs: $1)) }
    }
    public static func textArray(_ values: [String]) -> Parameter {
        array(TypeID.text, values) { $0.append(contentsOf: $1.utf8) }
    }
    public static func textArray(_ values: [String?]) -> Parameter {
        array(TypeID.text, values) { $0.append(contentsOf: $1.utf8) }
    }
    public static func bytesArray(_ values: [[UInt8]]) -> Parameter {
        array(TypeID.bytea, values) { $0.append(contentsOf: $1) }
    }
    public static func bytesArray(_ values: [[UInt8]?]) -> Parameter {
        array(TypeID.bytea, values) { $0.append(contentsOf: $1) }
    }
    public static func jsonArray(_ values: [String]) -> Parameter {
        jsonArray(values.map { $0 as String? })
    }
    public static func jsonArray(_ values: [String?]) -> Parameter {
        array(TypeID.jsonb, values) {
            $0.append(jsonbVersion)
            $0.append(contentsOf: $1.utf8)
        }
    }

    /// Elements of one width and no NULL: written at computed places, without growing.
    private static func fixedArray<Element, Bits: FixedWidthInteger>(
        _ element: UInt32, _ values: [Element], _ bits: (Element) -> Bits
    ) -> Parameter {
        var bytes: [UInt8] = []
        let stride = 4 + MemoryLayout<Bits>.size
        bytes.reserveCapacity(arrayHeaderBytes + values.count * stride)
        bytes.appendArrayHeader(of: element, count: values.count, hasNull: false)
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: values.count * stride))
        bytes.withUnsafeMutableBytes { buffer in
            var offset = start
            for value in values {
                buffer.storeBytes(
                    of: Int32(MemoryLayout<Bits>.size).bigEndian, toByteOffset: offset,
                    as: Int32.self)
                buffer.storeBytes(
                    of: bits(value).bigEndian, toByteOffset: offset + 4, as: Bits.self)
                offset += stride
            }
        }
        return Parameter(type: TypeID.array(of: element), bytes: bytes)
    }

    private static func array<Element>(
        _ element: UInt32, _ values: [Element?], _ append: (inout [UInt8], Element) -> Void
    ) -> Parameter {
        var bytes: [UInt8] = []
        let hasNull = values.contains { $0 == nil }
        bytes.appendArrayHeader(of: element, count: values.count, hasNull: hasNull)
        for value in values { appendElement(value, to: &bytes, append) }
        return Parameter(type: TypeID.array(of: element), bytes: bytes)
    }

    private static func array<Element>(
        _ element: UInt32, _ values: [Element], _ append: (inout [UInt8], Element) -> Void
    ) -> Parameter {
        var bytes: [UInt8] = []
        bytes.appendArrayHeader(of: element, count: values.count, hasNull: false)
        for value in values { appendElement(value, to: &bytes, append) }
        return Parameter(type: TypeID.array(of: element), bytes: bytes)
    }

    private static func appendElement<Element>(
        _ value: Element?, to bytes: inout [UInt8], _ append: (inout [UInt8], Element) -> Void
    ) {
        let start = bytes.count
        bytes.appendBigEndian(Int32(-1))
        guard let value else { return }
        append(&bytes, value)
        let length = UInt32(bytes.count - start - 4)
        for place in 0..<4 {
            bytes[start + place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(place)))
        }
    }

    private static let arrayHeaderBytes = 20
}
