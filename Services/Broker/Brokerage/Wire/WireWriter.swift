/// Writes the protocol's fields; record data is only pointed at, in the file where it lies.
///
/// In the flexible encoding (KIP-482) lengths are varints, one more than they are, and every
/// structure ends with tagged fields.
struct WireWriter {
    private(set) var bytes: [UInt8] = []
    var isFlexible = false
    /// Where parts of files go: `span` is sent before byte `at` of `bytes`.
    private(set) var insertions: [(at: Int, span: FileSpan)] = []

    var count: Int { bytes.count + insertions.reduce(0) { $0 + $1.span.count } }

    mutating func int8(_ value: Int8) { bytes.append(UInt8(bitPattern: value)) }
    mutating func int16(_ value: Int16) { integer(value) }
    mutating func int32(_ value: Int32) { integer(value) }
    mutating func int64(_ value: Int64) { integer(value) }
    mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }
    mutating func error(_ error: ErrorCode) { int16(error.rawValue) }

    mutating func string(_ value: String?) {
        guard let value else { return isFlexible ? varint(0) : int16(-1) }
        let utf8 = value.utf8.prefix(Int(Int16.max))
        isFlexible ? varint(utf8.count + 1) : int16(Int16(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    mutating func byteArray(_ value: [UInt8]?) {
        guard let value else { return isFlexible ? varint(0) : int32(-1) }
        length(value.count)
        bytes.append(contentsOf: value)
    }

    mutating func raw(_ value: [UInt8]) { bytes.append(contentsOf: value) }

    /// A byte string that is part of a file; nil is an empty one.
    mutating func fileBytes(_ span: FileSpan?) {
        guard let span else { return length(0) }
        length(span.count)
        insertions.append((bytes.count, span))
    }

    mutating func array<C: Collection>(
        _ elements: C, _ write: (C.Element, inout WireWriter) -> Void
    ) {
        length(elements.count)
        for element in elements { write(element, &self) }
    }

    /// The tagged fields at the end of a structure: none.
    mutating func tags() {
        if isFlexible { varint(0) }
    }

    private mutating func length(_ count: Int) {
        isFlexible ? varint(count + 1) : int32(Int32(count))
    }

    private mutating func varint(_ value: Int) {
        var rest = UInt32(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func overwrite(at position: Int, int32 value: Int32) {
        for byte in 0..<4 {
            bytes[position + byte] = UInt8(truncatingIfNeeded: value >> (24 - 8 * byte))
        }
    }

    private mutating func integer<T: FixedWidthInteger>(_ value: T) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }
}
