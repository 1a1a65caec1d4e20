/// Bytes that are written line by line and then read.
///
/// Room is made once a line, so that appending is a copy and nothing else.
final class LineBuffer {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    func removeAll() { count = 0 }

    /// Takes back what was appended since.
    func truncate(to count: Int) {
        precondition(count <= self.count, "\(count) bytes are more than \(self.count)")
        self.count = count
    }

    func reserve(_ room: Int) {
        guard count + room > capacity else { return }
        capacity = max(2 * capacity, count + room)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        moved.update(from: start, count: count)
        start.deallocate()
        start = moved
    }

    @inline(__always)
    func append(_ byte: UInt8) {
        precondition(count < capacity, "room for a byte was not reserved")
        start[count] = byte
        count += 1
    }

    @inline(__always)
    func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= capacity - count, "room for \(bytes.count) was not reserved")
        guard let from = bytes.baseAddress else { return }
        (start + count).update(from: from, count: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    func append(_ word: StaticString) {
        append(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

    func withSpan<Result, Failure: Error>(
        of range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.upperBound <= count, "\(range) is beyond \(count) bytes")
        let bytes = UnsafeBufferPointer(start: start + range.lowerBound, count: range.count)
        return try body(Span(_unsafeElements: bytes))
    }

    /// The digits of a number that is not below 0.
    @inline(__always)
    func append(integer value: Int64) {
        precondition(value >= 0, "\(value) was checked and is below 0")
        precondition(capacity - count >= 20, "room for a number was not reserved")
        var rest = UInt64(value)
        var digits = 1
        var power: UInt64 = 10
        while digits < 19, rest >= power {
            digits += 1
            power *= 10
        }
        var place = count + digits
        count = place
        repeat {
            place -= 1
            start[place] = UInt8(truncatingIfNeeded: rest % 10) + UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
    }

    /// The shortest digits that read back as the same value.
    ///
    /// A double that is the nearest to n / 10^6 with at most 15 digits has those as its shortest.
    func append(_ value: Double) {
        if value >= 0, value < 1e15 {
            let whole = Int64(value)
            if Double(whole) == value {
                append(integer: whole)
                return
            }
            let millionths = Int64((value * 1e6).rounded())
            // Smaller ones are written with an exponent.
            if value >= 1e-3, value < 1e9, Double(millionths) / 1e6 == value {
                append(integer: millionths / 1_000_000)
                append(fraction: millionths % 1_000_000)
                return
            }
        }
        let text = value.description
        append(Array(text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8.dropLast(0)))
    }

    private func append(fraction millionths: Int64) {
        append(UInt8(ascii: "."))
        var rest = millionths
        var place: Int64 = 100_000
        while rest > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / place))
            rest %= place
            place /= 10
        }
    }
}
