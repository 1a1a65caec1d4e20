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
    public init?(path: String) {
        let parts = path.utf8.split(separator: slash, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        self.init(
            customer: component(parts[0]), service: component(parts[1]),
            function: component(parts[2]))
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

func path(_ names: String...) -> String {
    var path = ""
    path.reserveCapacity(names.reduce(names.count) { $0 + $1.utf8.count })
    for (place, name) in names.enumerated() {
        if place > 0 { path += "/" }
        if isPlain(name) { path += name } else { path += escaped(name) }
    }
    return path
}

private func isPlain(_ name: String) -> Bool {
    let units = name.utf8Span.span
    var found = false
    for i in units.indices { found = found || units[i] == slash || units[i] == percent }
    return !found
}

private func escaped(_ name: String) -> String {
    var escaped: [UInt8] = []
    escaped.reserveCapacity(name.utf8.count + 8)
    for byte in name.utf8 {
        switch byte {
        case slash: escaped.append(contentsOf: "%2F".utf8)
        case percent: escaped.append(contentsOf: "%25".utf8)
        default: escaped.append(byte)
        }
    }
    return String(decoding: escaped, as: UTF8.self)
}

private func component(_ part: Substring.UTF8View) -> String {
    guard part.contains(percent) else { return String(Substring(part)) }
    var name: [UInt8] = []
    var rest = part[...]
    while let byte = rest.first {
        let escape = rest.prefix(3)
        if escape.elementsEqual("%2F".utf8) {
            name.append(slash)
            rest = rest.dropFirst(3)
        } else if escape.elementsEqual("%25".utf8) {
            name.append(percent)
            rest = rest.dropFirst(3)
        } else {
            name.append(byte)
            rest = rest.dropFirst()
        }
    }
    return String(decoding: name, as: UTF8.self)
}
