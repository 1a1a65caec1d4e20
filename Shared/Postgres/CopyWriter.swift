internal import CLibPQ

/// Rows on their way into a table, column after column.
///
/// COPY converts nothing: each value must have exactly the type of its column.
public struct CopyWriter: ~Copyable {
    private let connection: Connection
    private let columns: Int
    private let attempt: String
    private var buffer: [UInt8] = []
    private var written = 0

    /// "PGCOPY\n\377\r\n\0", flags, length of extensions (COPY, "Binary Format").
    private static let header: [UInt8] =
        [0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00]
        + [UInt8](repeating: 0, count: 8)

    init(_ connection: Connection, columns: Int, _ attempt: String) {
        self.connection = connection
        self.columns = columns
        self.attempt = attempt
        buffer = CopyWriter.header
        written = columns
    }

    /// Starts a row; its columns follow in the order in which `copyIn` named them.
    public mutating func beginRow() throws(PostgresError) {
        precondition(written == columns, "\(written) columns in a row, expected \(columns)")
        if buffer.count >= Limits.copyBufferBytes { try flush() }
        buffer.appendBigEndian(Int16(columns))
        written = 0
    }

    public mutating func int2(_ value: Int16?) { fixed(value) }
    public mutating func int4(_ value: Int32?) { fixed(value) }
    public mutating func int8(_ value: Int64?) { fixed(value) }
    public mutating func float4(_ value: Float?) { fixed(value?.bitPattern) }
    public mutating func float8(_ value: Double?) { fixed(value?.bitPattern) }
    public mutating func bool(_ value: Bool?) { fixed(value.map { UInt8($0 ? 1 : 0) }) }
    public mutating func timestampMs(_ value: Int64?) {
        fixed(value.map { Timestamp.micros(fromMs: $0) })
    }

    public mutating func text(_ value: String?) {
        var value = value
        guard value != nil else { return null() }
        value?.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    public mutating func bytes(_ value: [UInt8]?) {
        guard let value else { return null() }
        value.withUnsafeBytes { append($0) }
    }

    public mutating func json(_ value: String?) { parameter(.json(value)) }

    /// A value of any type, arrays among them.
    public mutating func parameter(_ value: Parameter) { bytes(value.bytes) }

    mutating func finish() throws(PostgresError) {
        precondition(written == columns, "\(written) columns in a row, expected \(columns)")
        buffer.appendBigEndian(Int16(-1))
        try flush()
    }

    private mutating func fixed<Bits: FixedWidthInteger>(_ value: Bits?) {
        guard let value else { return null() }
        written += 1
        buffer.appendBigEndian(Int32(MemoryLayout<Bits>.size))
        buffer.appendBigEndian(value)
    }

    private mutating func null() {
        written += 1
        buffer.appendBigEndian(Int32(-1))
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        written += 1
        buffer.appendBigEndian(Int32(bytes.count))
        buffer.append(contentsOf: bytes)
    }

    private mutating func flush() throws(PostgresError) {
        let pointer = connection.pointer
        let outcome = buffer.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                PQputCopyData(pointer, $0.baseAddress, Int32($0.count))
            }
        }
        guard outcome == 1 else { throw PostgresError(attempt, connection: pointer) }
        buffer.removeAll(keepingCapacity: true)
    }
}
