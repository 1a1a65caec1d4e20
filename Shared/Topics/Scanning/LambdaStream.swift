/// What surrounds `platform.report` in what a Telemetry API subscriber passes on.
public struct LambdaStream: Sendable {
    /// Each event's bytes, of an array: subscribers get those, and may pass them on as they are.
    public static func events(in bytes: Span<UInt8>) throws(ScanFailure) -> [Range<Int>] {
        try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try JSONCursor(bytes, bytesMax: ScanningLimits.exportBytesMax)
            var events: [Range<Int>] = []
            try cursor.array("the message") { cursor throws(ScanFailure) in
                cursor.skipWhitespace()
                let from = cursor.offset
                try cursor.skipValue(depth: 2)
                events.append(from..<cursor.offset)
            }
            try cursor.expectEnd()
            return events
        }
    }

    /// Whether the bytes begin an array.
    public static func isArray(_ bytes: Span<UInt8>) -> Bool {
        for i in bytes.indices {
            switch bytes[i] {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case let first: return first == UInt8(ascii: "[")
            }
        }
        return false
    }

    /// `platform.report`, another of the Telemetry API's, or none of them.
    public enum EventType: Sendable { case report, other, unknown }

    public private(set) var type = EventType.unknown
    /// The function's ARN where a subscriber wrote it into the event: AWS itself does not.
    public private(set) var functionARN: ScannedText?

    /// - Parameter bytes: one event's.
    public init(event bytes: Span<UInt8>) throws(ScanFailure) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            var cursor = try JSONCursor(bytes)
            var stream = LambdaStream()
            var seen: UInt32 = 0
            try cursor.object("the message") { cursor, name throws(ScanFailure) in
                if cursor.says(name, "type") {
                    guard let type = try cursor.optionalText("type") else { return }
                    try cursor.mark(0, of: &seen, "type")
                    stream.type = Self.type(cursor.says(type))
                } else if cursor.says(name, "record"), cursor.peek() == UInt8(ascii: "{") {
                    try cursor.object("record") { cursor, name throws(ScanFailure) in
                        try stream.readARN(name, at: &cursor, &seen, depth: 3)
                    }
                } else {
                    try stream.readARN(name, at: &cursor, &seen, depth: 2)
                }
            }
            try cursor.expectEnd()
            return stream
        }
    }

    private init() {}

    private mutating func readARN(
        _ name: ScannedText, at cursor: inout JSONCursor, _ seen: inout UInt32, depth: Int
    ) throws(ScanFailure) {
        guard cursor.says(name, "functionArn") || cursor.says(name, "invokedFunctionArn") else {
            try cursor.skipValue(depth: depth)
            return
        }
        guard let arn = try cursor.optionalText("functionArn") else { return }
        try cursor.mark(1, of: &seen, "functionArn")
        functionARN = arn
    }

    private static func type(_ word: String) -> EventType {
        if word == "platform.report" { return .report }
        let isAnother = word.hasPrefix("platform.") || word == "function" || word == "extension"
        return isAnother ? .other : .unknown
    }
}
