/// What a customer rolls out: one or more functions.
public struct ServiceID: Hashable, Comparable, Sendable {
    public let customer: String
    public let service: String

    public init(customer: String, service: String) {
        self.customer = customer
        self.service = service
    }

    /// `customer/service`: what the partition is computed from.
    public var path: String { pathComponent(customer) + "/" + pathComponent(service) }

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
    public var path: String { service.path + "/" + pathComponent(function) }

    /// - Parameter path: as `path` gives it; nil when it has not three parts.
    public init?(path: String) {
        let parts = path.utf8.split(separator: slash, omittingEmptySubsequences: false)
            .map(component)
        guard parts.count == 3 else { return nil }
        self.init(customer: parts[0], service: parts[1], function: parts[2])
    }

    public var description: String { path }

    public static func < (a: Self, b: Self) -> Bool {
        (a.service, a.function) < (b.service, b.function)
    }
}

/// Names may hold any character; in a path `/` and `%` are written as `%2F` and `%25`.
///
/// By bytes, as Kafka and the scanner see them: to Swift a "/" before a combining accent is one
/// character with it, and no "/".
private func pathComponent(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == slash || $0 == percent }) else { return name }
    var bytes: [UInt8] = []
    for byte in name.utf8 {
        switch byte {
        case percent: bytes += "%25".utf8
        case slash: bytes += "%2F".utf8
        default: bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func component(_ text: Substring.UTF8View) -> String {
    guard text.contains(percent) else { return String(Substring(text)) }
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
        if byte == percent, rest.starts(with: "2F".utf8) || rest.starts(with: "25".utf8) {
            bytes.append(rest.starts(with: "2F".utf8) ? slash : percent)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

private let slash = UInt8(ascii: "/")
private let percent = UInt8(ascii: "%")
