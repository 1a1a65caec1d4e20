internal import CLibPQ

/// The rows that one statement returned, in order.
public struct Rows: RandomAccessCollection {
    private let result: Result

    init(_ result: Result) { self.result = result }

    public var startIndex: Int { 0 }
    public var endIndex: Int { result.rowCount }
    public var columnNames: [String] { result.columnNames }

    /// How many rows the statement inserted, updated, deleted or returned.
    public var affected: Int { Int(String(cString: PQcmdTuples(result.pointer))) ?? 0 }

    public subscript(position: Int) -> Row {
        precondition(
            0 <= position && position < result.rowCount, "row \(position) of \(result.rowCount)")
        return Row(result: result, index: Int32(position))
    }
}

/// One row; its columns are read by number, from 0, or by name.
///
/// Reading a column as another type than it has, or NULL as a type that is not optional, is a
/// mistake in the statement or its reader, and traps.
public struct Row {
    let result: Result
    let index: Int32

    public subscript<Value: ColumnValue>(column: Int) -> Value {
        precondition(
            0 <= column && column < result.columnCount,
            "column \(column) of \(result.columnCount)")
        return Value.decode(Cell(result, row: index, column: Int32(column)))
    }

    public subscript<Value: ColumnValue>(name: String) -> Value {
        guard let column = result.column(named: name) else {
            preconditionFailure("no column \"\(name)\" among \(result.columnNames)")
        }
        return self[column]
    }
}

/// Sole owner of a `PGresult`.
final class Result {
    let pointer: OpaquePointer
    let rowCount: Int
    let columnCount: Int
    private(set) lazy var columnNames = (0..<Int32(columnCount)).map {
        String(cString: PQfname(pointer, $0))
    }
    private lazy var columns = Dictionary(
        columnNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })

    /// Takes over `pointer`.
    init(taking pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        columnCount = Int(PQnfields(pointer))
    }

    deinit { PQclear(pointer) }

    func column(named name: String) -> Int? { columns[name] }
}

/// One value of a result, or one element of an array in it, as the server sent it.
@safe
public struct Cell {
    let type: UInt32
    /// nil is NULL. Valid while `result` is.
    let bytes: UnsafeRawBufferPointer?
    let result: Result
    private let column: Int32

    init(_ result: Result, row: Int32, column: Int32) {
        self.result = result
        self.column = column
        type = PQftype(result.pointer, column)
        if PQgetisnull(result.pointer, row, column) == 1 {
            bytes = nil
        } else {
            bytes = UnsafeRawBufferPointer(
                start: PQgetvalue(result.pointer, row, column),
                count: Int(PQgetlength(result.pointer, row, column)))
        }
    }

    private init(_ array: Cell, type: UInt32, bytes: UnsafeRawBufferPointer?) {
        result = array.result
        column = array.column
        self.type = type
        self.bytes = bytes
    }

    /// The bytes of a value that has one of these types.
    func bytes<Value>(as value: Value.Type, from types: UInt32...) -> UnsafeRawBufferPointer {
        guard let bytes else { refuse("is NULL", value) }
        guard types.contains(type) else { refuse("has type \(type)", value) }
        return bytes
    }

    /// The elements of an array of one dimension.
    func elements<Value>(as value: Value.Type) -> [Cell] {
        guard let bytes else { refuse("is NULL", value) }
        var rest = bytes[...]
        func take(_ count: Int) -> UnsafeRawBufferPointer {
            guard count <= rest.count else { refuse("has type \(type)", value) }
            defer { rest = rest.dropFirst(count) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        func number() -> Int32 { take(4).bigEndian() ?? 0 }
        let dimensions = number()
        _ = number()
        let element = UInt32(bitPattern: number())
        guard dimensions > 0 else { return [] }
        guard dimensions == 1 else { refuse("has \(dimensions) dimensions", value) }
        let count = number()
        _ = number()
        return (0..<count).map { _ in
            let length = number()
            return Cell(self, type: element, bytes: length < 0 ? nil : take(Int(length)))
        }
    }

    func refuse<Value>(_ reason: String, _ value: Value.Type) -> Never {
        preconditionFailure(
            "column \"\(result.columnNames[Int(column)])\" \(reason), and was read as \(value)")
    }
}
