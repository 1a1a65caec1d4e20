/// Why a message was not taken: bad input is a value, kept and counted, and never stops a stage.
public struct Rejection: Error, Equatable, Sendable, CustomStringConvertible {
    /// A bounded set, for it labels a metric.
    public enum Reason: String, CaseIterable, Codable, Sendable {
        case notJSON = "not_json"
        case notProtobuf = "not_protobuf"
        case unknownContentType = "unknown_content_type"
        case missingField = "missing_field"
        case wrongType = "wrong_type"
        case outOfRange = "out_of_range"
        case invalidName = "invalid_name"
        case tooLarge = "too_large"
        case tooLate = "too_late"
        case inTheFuture = "in_the_future"
        case empty
    }

    public let reason: Reason
    /// What was got and what was expected, for people.
    public let detail: String

    public init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    public var description: String { "\(reason.rawValue): \(detail)" }
}

/// Checks that a field means something; each throws naming the field, what it got and expected.
public enum FieldLimits {
    /// Bytes of a customer's, service's or function's name.
    public static let nameBytesMax = 256
    /// A day: longer invocations belong to batch systems.
    public static let durationMsMax: Double = 86_400_000
    /// The end of the year 9999, the last that ISO 8601 writes with four digits.
    public static let timeMsMax: Int64 = 253_402_300_799_999
    public static let memoryMbMax: Double = 16_777_216
    /// Of one thing in one slot; sums of them stay far below 2^63.
    public static let countMax = 1_000_000_000
    /// Of releases and corrections: what a table's `int` holds.
    public static let versionMax = Int(Int32.max)

    public static func check(name: String, of field: StaticString) throws(Rejection) {
        guard !name.isEmpty else { throw Rejection(.invalidName, "\(field) is empty") }
        try check(word: name, of: field)
    }

    /// A name, or nothing: PostgreSQL takes no text with a zero byte in it.
    public static func check(word: String, of field: StaticString) throws(Rejection) {
        guard word.utf8.count <= nameBytesMax else {
            throw Rejection(
                .invalidName, "\(field) has \(word.utf8.count) bytes, at most \(nameBytesMax) fit")
        }
        guard word.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Rejection(.invalidName, "\(field) holds a control character")
        }
    }

    public static func check(
        _ value: Int, in range: ClosedRange<Int>, of field: StaticString
    ) throws(Rejection) {
        guard range.contains(value) else {
            throw Rejection(
                .outOfRange,
                "\(field) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }

    public static func check(
        _ value: Double, in range: ClosedRange<Double>, of field: StaticString
    ) throws(Rejection) {
        guard range.contains(value) else {
            // Of the kinds of NaN, copying makes one the other.
            let got = value.isNaN ? "not a number" : "\(value)"
            throw Rejection(
                .outOfRange,
                "\(field) is \(got), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }

    public static func check(timeMs: Int64, of field: StaticString) throws(Rejection) {
        guard (0...timeMsMax).contains(timeMs) else {
            throw Rejection(.outOfRange, "\(field) is \(timeMs), expected 0 to \(timeMsMax)")
        }
    }
}
