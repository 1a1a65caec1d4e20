/// A Swift type that a column can be read as.
///
/// | Swift | PostgreSQL |
/// | --- | --- |
/// | `Bool` | `bool` |
/// | `Int16` | `int2` |
/// | `Int32` | `int2`, `int4` |
/// | `Int64`, `Int` | `int2`, `int4`, `int8`, `oid`; `timestamptz` as milliseconds since 1970 |
/// | `Float` | `float4` |
/// | `Double` | `float4`, `float8` |
/// | `String` | `text`, `varchar`, `char`, `name`, `json`, `jsonb` |
/// | `[UInt8]` | `bytea` |
/// | `[T]`, `[T?]` | arrays of these with one dimension |
/// | `T?` | any of these, and NULL |
public protocol ColumnValue {
    static func decode(_ cell: Cell) -> Self
}

/// A type that an array column can have elements of.
public protocol ColumnElement: ColumnValue {
    static func decodeArray(_ cell: Cell) -> [Self]
}

extension ColumnElement {
    public static func decodeArray(_ cell: Cell) -> [Self] {
        cell.elements(as: [Self].self).map { decode($0) }
    }
}

extension Array: ColumnValue where Element: ColumnElement {
    public static func decode(_ cell: Cell) -> [Element] { Element.decodeArray(cell) }
}

/// `bytea[]` is an array of `bytea`, which is an array itself.
extension Array: ColumnElement where Element == UInt8 {}

extension UInt8: ColumnElement {
    /// PostgreSQL has no unsigned number; only `[UInt8]` can be read.
    public static func decode(_ cell: Cell) -> UInt8 { cell.refuse("is no byte", UInt8.self) }
    public static func decodeArray(_ cell: Cell) -> [UInt8] {
        Array(cell.bytes(as: [UInt8].self, from: TypeID.bytea))
    }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    public static func decode(_ cell: Cell) -> Wrapped? {
        cell.bytes == nil ? nil : Wrapped.decode(cell)
    }
}

extension Optional: ColumnElement where Wrapped: ColumnElement {}

extension Bool: ColumnElement {
    public static func decode(_ cell: Cell) -> Bool {
        cell.bytes(as: Bool.self, from: TypeID.bool).first == 1
    }
}

extension Int16: ColumnElement {
    public static func decode(_ cell: Cell) -> Int16 {
        cell.bytes(as: Int16.self, from: TypeID.int2).bigEndian() ?? 0
    }
}

extension Int32: ColumnElement {
    public static func decode(_ cell: Cell) -> Int32 {
        if cell.type == TypeID.int2 { return Int32(Int16.decode(cell)) }
        return cell.bytes(as: Int32.self, from: TypeID.int4).bigEndian() ?? 0
    }
}

extension Int64: ColumnElement {
    public static func decode(_ cell: Cell) -> Int64 {
        switch cell.type {
        case TypeID.int2, TypeID.int4:
            return Int64(Int32.decode(cell))
        case TypeID.oid:
            return Int64(cell.bytes(as: Int64.self, from: TypeID.oid).bigEndian(UInt32.self) ?? 0)
        case TypeID.timestamptz:
            let bytes = cell.bytes(as: Int64.self, from: TypeID.timestamptz)
            return Timestamp.milliseconds(fromMicros: bytes.bigEndian() ?? 0)
        default:
            return cell.bytes(as: Int64.self, from: TypeID.int8).bigEndian() ?? 0
        }
    }
}

extension Int: ColumnElement {
    public static func decode(_ cell: Cell) -> Int { Int(Int64.decode(cell)) }
}

extension Float: ColumnElement {
    public static func decode(_ cell: Cell) -> Float {
        Float(bitPattern: cell.bytes(as: Float.self, from: TypeID.float4).bigEndian() ?? 0)
    }
}

extension Double: ColumnElement {
    public static func decode(_ cell: Cell) -> Double {
        if cell.type == TypeID.float4 { return Double(Float.decode(cell)) }
        return Double(bitPattern: cell.bytes(as: Double.self, from: TypeID.float8).bigEndian() ?? 0)
    }
}

extension String: ColumnElement {
    public static func decode(_ cell: Cell) -> String {
        let bytes = cell.bytes(
            as: String.self, from: TypeID.text, TypeID.varchar, TypeID.bpchar, TypeID.name,
            TypeID.unknown, TypeID.json, TypeID.jsonb)
        // A jsonb starts with its version.
        return String(decoding: bytes.dropFirst(cell.type == TypeID.jsonb ? 1 : 0), as: UTF8.self)
    }
}
