internal import Glibc

/// A message's headers that mean something to a stage, as bytes, which are borrowed.
///
/// A message of its own headers costs no text on the heap that way.
@safe
public struct HeaderBytes {
    @unsafe public var contentType: UnsafeRawBufferPointer?
    @unsafe public var customer: UnsafeRawBufferPointer?
    @unsafe public var service: UnsafeRawBufferPointer?
    @unsafe public var function: UnsafeRawBufferPointer?

    public init() {
        unsafe (contentType, customer) = (nil, nil)
        unsafe (service, function) = (nil, nil)
    }

    /// - Parameter bytes: stay where they are as long as these headers are used.
    @unsafe public init(_ ranges: HeaderRanges, of bytes: UnsafeRawBufferPointer) {
        unsafe contentType = part(ranges.contentType, of: bytes)
        unsafe customer = part(ranges.customer, of: bytes)
        unsafe service = part(ranges.service, of: bytes)
        unsafe function = part(ranges.function, of: bytes)
    }

    /// Appends their bytes, one behind the other.
    func append(to bytes: inout [UInt8]) -> HeaderRanges {
        func append(_ part: UnsafeRawBufferPointer?) -> Range<Int>? {
            guard let part = unsafe part else { return nil }
            let start = bytes.count
            unsafe bytes.append(contentsOf: part)
            return start..<bytes.count
        }
        return unsafe HeaderRanges(
            contentType: append(contentType), customer: append(customer),
            service: append(service), function: append(function))
    }

    /// Whether both say the same. What mostly differs is looked at first.
    func says(_ other: HeaderBytes) -> Bool {
        unsafe Self.isSame(service, other.service) && Self.isSame(customer, other.customer)
            && Self.isSame(function, other.function)
            && Self.isSame(contentType, other.contentType)
    }

    /// Whether both are given and hold the same, or neither is given.
    @unsafe public static func isSame(
        _ a: UnsafeRawBufferPointer?, _ b: UnsafeRawBufferPointer?
    ) -> Bool {
        guard let a = unsafe a, let b = unsafe b else { return unsafe a == nil && b == nil }
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let other = b.baseAddress else { return a.count == 0 }
        return unsafe memcmp(first, other, a.count) == 0
    }
}

/// Where headers lie in an array of bytes; nil where one is not given.
public struct HeaderRanges: Sendable {
    public var contentType: Range<Int>?
    public var customer: Range<Int>?
    public var service: Range<Int>?
    public var function: Range<Int>?
}

extension Headers {
    /// Their bytes as texts; what is not UTF-8 is replaced.
    init(_ bytes: HeaderBytes) {
        func text(_ bytes: UnsafeRawBufferPointer?) -> String? {
            unsafe bytes.map { unsafe String(decoding: $0, as: UTF8.self) }
        }
        unsafe self.init(
            contentType: text(bytes.contentType), customer: text(bytes.customer),
            service: text(bytes.service), function: text(bytes.function))
    }

    /// Appends their bytes, one behind the other.
    public func append(to bytes: inout [UInt8]) -> HeaderRanges {
        func append(_ text: String?) -> Range<Int>? {
            guard let text else { return nil }
            let start = bytes.count
            bytes += text.utf8
            return start..<bytes.count
        }
        return HeaderRanges(
            contentType: append(contentType), customer: append(customer),
            service: append(service), function: append(function))
    }
}

private func part(
    _ range: Range<Int>?, of bytes: UnsafeRawBufferPointer
) -> UnsafeRawBufferPointer? {
    guard let range else { return nil }
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
}
