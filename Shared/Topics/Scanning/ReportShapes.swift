/// How the Lambda reports before were written. A writer's differ in their values alone, but for a
/// member that is there or not, so a report is compared with what stood between those of another.
///
/// Where all of that is the same, and each value is a text or a number as there, the report is JSON
/// of the same members: nothing else needs to be looked at.
public struct ReportShapes: Sendable {
    /// Cold starts and errors have members of their own.
    static let countMax = 4

    private var shapes: [ReportShape] = []
    /// The one that fitted last.
    private var likely = 0
    /// The one to be replaced.
    private var oldest = 0
    private var minute = KnownMinute()

    public init() {}

    /// - Parameter bytes: of a report that was scanned whole.
    mutating func learn(
        _ bytes: UnsafeBufferPointer<UInt8>, _ places: ReportPlaces, present: UInt32
    ) {
        guard let shape = ReportShape(of: bytes, places, present: present) else { return }
        if shapes.count < Self.countMax {
            likely = shapes.count
            shapes.append(shape)
        } else {
            likely = oldest
            shapes[oldest] = shape
            oldest = (oldest + 1) % Self.countMax
        }
    }

    @inline(__always)
    fileprivate mutating func read(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        into scanned: inout ScannedInvocation
    ) -> Bool {
        var place = likely
        for _ in 0..<shapes.count {
            var cursor = CompactCursor(start: start, end: end)
            if cursor.readReport(shapes[place], &minute, into: &scanned) {
                likely = place
                return true
            }
            place = place + 1 < shapes.count ? place + 1 : 0
        }
        return false
    }
}

extension ScannedInvocation {
    /// A report of a shape that is known, in ASCII, without escapes in its values, its numbers without
    /// sign or exponent and its time as Lambda writes it.
    ///
    /// - Returns: false when anything is otherwise, which says nothing about whether it is right;
    ///   else it is what `scan(anyReport:)` makes it.
    mutating func read(
        knownReport bytes: UnsafeBufferPointer<UInt8>, _ shapes: inout ReportShapes
    ) -> Bool {
        guard let start = bytes.baseAddress, bytes.count <= ScanningLimits.messageBytesMax,
            bytes.count >= CompactCursor.bytesMin
        else { return false }
        unmarkAll()
        return shapes.read(start, start + bytes.count, into: &self)
    }
}

/// What of a report is read.
enum ReportValue: UInt8 {
    case time, type, requestID, status, errorType
    case durationMs, memorySizeMb, memoryUsedMb, initMs
    /// Of members that nobody reads.
    case otherText, otherNumber
    /// Behind the last.
    case none
}

/// Where in a report's bytes its values begin, those of texts behind the quote; -1 where it has none.
struct ReportPlaces {
    private var places = InlineArray<9, Int32>(repeating: -1)

    /// - Parameter value: one that is read.
    subscript(value: ReportValue) -> Int32 {
        get { places[Int(value.rawValue)] }
        set { places[Int(value.rawValue)] = newValue }
    }

    func value(at place: Int) -> ReportValue? {
        for i in places.indices where Int(places[i]) == place {
            return ReportValue(rawValue: UInt8(i))
        }
        return nil
    }
}

/// One report's bytes without its values.
struct ReportShape: Sendable {
    /// Bytes that stand before a value, and which that is.
    struct Step {
        let count: Int
        let value: ReportValue
        /// Of them, those that are compared sixteen at a time.
        let wholes: Int
        /// Of the sixteen behind, those that are of them.
        let lowMask: UInt64
        let highMask: UInt64

        init(count: Int, value: ReportValue) {
            func firstBytes(_ count: Int) -> UInt64 {
                count >= 8 ? .max : 1 << UInt64(8 * max(count, 0)) - 1
            }
            self.count = count
            self.value = value
            wholes = count & ~15
            lowMask = firstBytes(count & 15)
            highMask = firstBytes(count & 15 - 8)
        }
    }

    /// One behind the other; quotes of values are here.
    private(set) var literals: [UInt8] = []
    private(set) var steps: [Step] = []
    /// Fields that such a report gives.
    let present: UInt32

    static let literalBytesMax = 2_048
    static let stepsMax = 64
    /// So much may be read behind the last of them.
    static let slack = 16

    /// - Parameter bytes: a report that was scanned whole, so JSON.
    /// - Returns: nil when it is larger than is worth keeping.
    init?(of bytes: UnsafeBufferPointer<UInt8>, _ places: ReportPlaces, present: UInt32) {
        self.present = present
        var pieces = ReportPieces(bytes: bytes, places: places)
        while let (literal, value) = pieces.next() {
            guard steps.count < Self.stepsMax,
                literals.count + literal.count <= Self.literalBytesMax
            else { return nil }
            steps.append(Step(count: literal.count, value: value))
            literals += bytes[literal]
        }
        literals += repeatElement(0, count: Self.slack)
    }
}

/// Takes a report apart into its values and what stands before each.
private struct ReportPieces {
    let bytes: UnsafeBufferPointer<UInt8>
    let places: ReportPlaces
    private var place = 0
    private var literalStart = 0
    private var isOver = false

    init(bytes: UnsafeBufferPointer<UInt8>, places: ReportPlaces) {
        self.bytes = bytes
        self.places = places
    }

    mutating func next() -> (literal: Range<Int>, value: ReportValue)? {
        guard !isOver else { return nil }
        let start = literalStart
        while place < bytes.count {
            switch byte(at: place) {
            case UInt8(ascii: "\""):
                let first = place + 1
                let close = closingQuote(from: first)
                place = close + 1
                guard !isName(before: close), places.value(at: first) != .type else { continue }
                // The closing quote is of what stands before the next value.
                literalStart = close
                return (start..<first, places.value(at: first) ?? .otherText)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let first = place
                while isOfNumber(byte(at: place)) { place += 1 }
                literalStart = place
                return (start..<first, places.value(at: first) ?? .otherNumber)
            default: place += 1
            }
        }
        isOver = true
        return (start..<bytes.count, .none)
    }

    /// 0 behind the end.
    private func byte(at place: Int) -> UInt8 { place < bytes.count ? bytes[place] : 0 }

    private func closingQuote(from first: Int) -> Int {
        var place = first
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return place
    }

    private func isName(before quote: Int) -> Bool {
        var place = quote + 1
        while [0x20, 0x09, 0x0A, 0x0D].contains(byte(at: place)) { place += 1 }
        return byte(at: place) == UInt8(ascii: ":")
    }

    private func isOfNumber(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || "+-.eE".utf8.contains(byte)
    }
}
