/// What a customer rolls out: one or more functions.
public struct ServiceID: Hashable, Comparable, Sendable {
    public let customer: String
    public let service: String

    public init(customer: String, service: String) {
        self.customer = customer
        self.service = service
    }

    /// `customer/service`: what the partition is computed from.
    public var path: String { Topics.path(customer, service) }

    public static func < (a: Self, b: Self) -> Bool {
        (a.customer, a.service) < (b.customer, b.service)
    }
}

/// The unit that is invoked, has a shape, and is placed.
public struct FunctionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let service: ServiceID
    public let function: String

    public init(service: ServiceID, function: String) {
        self.service = service
        self.function = function
    }

    public init(customer: String, service: String, function: String) {
        self.init(service: ServiceID(customer: customer, service: service), function: function)
    }

    /// `customer/service/function`.
    public var path: String { Topics.path(service.customer, service.service, function) }

    /// - Parameter path: as `path` gives it; nil when it has not three parts.
    public init?(path: String) { self.init(path: path.utf8Span.span) }

    /// - Parameter path: as `path` gives it, in UTF-8; nil when it has not three parts.
    public init?(path: Span<UInt8>) {
        var (slashes, first, second) = (0, 0, 0)
        for i in path.indices where path[i] == slash {
            slashes += 1
            if slashes == 1 { first = i } else { second = i }
        }
        guard slashes == 2 else { return nil }
        self.init(
            customer: component(path.extracting(..<first)),
            service: component(path.extracting(first + 1..<second)),
            function: component(path.extracting((second + 1)...)))
    }

    public var description: String { path }

    public static func < (a: Self, b: Self) -> Bool {
        (a.service, a.function) < (b.service, b.function)
    }
}

private let slash = UInt8(ascii: "/")
private let percent = UInt8(ascii: "%")

// Names may hold any character; in a path `/` and `%` are written as `%2F` and `%25`. By bytes, not
// by characters: a `/` before a combining mark is a character with it, and no `/` any more.

func path(_ customer: String, _ service: String) -> String {
    unsafe written(upTo: pathBytes(customer) + pathBytes(service)) { place in
        unsafe put(customer, at: &place)
        unsafe put(slash, at: &place)
        unsafe put(service, at: &place)
    }
}

/// - Parameter slotStartMs: the fourth part, where there is one.
func path(
    _ customer: String, _ service: String, _ function: String, slotStartMs: Int64? = nil
) -> String {
    let names = pathBytes(customer) + pathBytes(service) + pathBytes(function)
    let room = slotStartMs == nil ? names : names + DecimalDigits.bytesMax
    return unsafe written(upTo: room) { place in
        unsafe put(customer, at: &place)
        unsafe put(slash, at: &place)
        unsafe put(service, at: &place)
        unsafe put(slash, at: &place)
        unsafe put(function, at: &place)
        guard let slotStartMs else { return }
        unsafe put(slash, at: &place)
        unsafe DecimalDigits.put(slotStartMs, at: &place)
    }
}

/// A name's and a slash's.
private func pathBytes(_ name: String) -> Int {
    let units = name.utf8Span.span
    var escapes = 0
    for i in units.indices where units[i] == slash || units[i] == percent { escapes &+= 1 }
    return units.count + 2 * escapes + 1
}

/// - Parameter put: is given where the first byte goes, and moves that behind the last.
private func written(
    upTo bytesMax: Int, _ put: (inout UnsafeMutablePointer<UInt8>) -> Void
) -> String {
    unsafe String(unsafeUninitializedCapacity: bytesMax) { bytes in
        guard let start = bytes.baseAddress else { return 0 }
        var place = unsafe start
        unsafe put(&place)
        return unsafe place - start
    }
}

@inline(__always)
private func put(_ byte: UInt8, at place: inout UnsafeMutablePointer<UInt8>) {
    unsafe place.pointee = byte
    unsafe place += 1
}

private func put(_ name: String, at place: inout UnsafeMutablePointer<UInt8>) {
    let units = name.utf8Span.span
    for i in units.indices {
        let unit = units[i]
        unsafe put(unit, at: &place)
        guard unit == slash || unit == percent else { continue }
        // It becomes the first of three: `%2F` or `%25`.
        unsafe place[-1] = percent
        unsafe put(UInt8(ascii: "2"), at: &place)
        unsafe put(UInt8(ascii: unit == slash ? "F" : "5"), at: &place)
    }
}

private func component(_ part: Span<UInt8>) -> String {
    var isPlain = true
    for i in part.indices where part[i] == percent { isPlain = false }
    guard !isPlain else {
        return unsafe part.withUnsafeBufferPointer { part in
            unsafe String(decoding: part, as: UTF8.self)
        }
    }
    var name: [UInt8] = []
    var i = 0
    while i < part.count {
        let isEscape =
            part[i] == percent && part.count - i >= 3 && part[i + 1] == UInt8(ascii: "2")
        if isEscape, part[i + 2] == UInt8(ascii: "F") || part[i + 2] == UInt8(ascii: "5") {
            name.append(part[i + 2] == UInt8(ascii: "F") ? slash : percent)
            i += 3
        } else {
            name.append(part[i])
            i += 1
        }
    }
    return String(decoding: name, as: UTF8.self)
}
