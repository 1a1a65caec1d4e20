/// What a client asked for; there are no bodies, because nothing here is written over HTTP.
public struct Request: Sendable, Equatable {
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
    }

    /// A name with its value.
    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    public let method: Method
    /// Decoded; starts with "/", has no "." or ".." component and no control character.
    public let path: String
    /// The path's parts, split before they were decoded: "/a/b%2Fc/" is "a", "b/c".
    public let segments: [String]
    /// In the order given, decoded.
    public let queryItems: [Field]
    public let headers: [Field]

    /// - Parameter target: as on the wire: "/pages/a%20b?from=1".
    /// - Throws: when the target is malformed or beyond `Limits`.
    public init(
        method: Method = .get, target: String, headers: [(name: String, value: String)] = []
    ) throws(Refusal) {
        try self.init(
            method: method, target: Array(target.utf8),
            headers: headers.map { Field(name: $0.name, value: $0.value) })
    }

    init(method: Method, target: [UInt8], headers: [Field]) throws(Refusal) {
        guard target.count <= Limits.targetBytes else { throw .targetTooLong }
        let parts = originForm(target).split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let escaped = parts.first, escaped.first == slash else { throw .pathMalformed }
        guard let path = decoded(escaped, plusIsBlank: false) else { throw .pathMalformed }
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw .pathMalformed
        }
        self.method = method
        self.path = path
        // A part of a path that could be decoded may still not be UTF-8 by itself.
        segments = escaped.split(separator: slash).map { decoded($0, plusIsBlank: false) ?? "" }
        queryItems = parts.count < 2 ? [] : try items(of: parts[1])
        self.headers = headers
    }

    /// The value of the first query item of that name; nil when absent.
    public func query(_ name: String) -> String? {
        queryItems.first { $0.name == name }?.value
    }

    /// A header's value, several joined by commas; nil when absent. Upper and lower case are one.
    public func header(_ name: String) -> String? {
        let name = name.lowercased()
        let values = headers.filter { $0.name.lowercased() == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// Why a request is answered without its handler.
    public enum Refusal: Error, Equatable {
        case pathMalformed, queryMalformed, queryTooLong, targetTooLong, bodyTooLong, notRead,
            otherHost

        var response: Response {
            switch self {
            case .pathMalformed: .text("the path is malformed\n", status: 400)
            case .queryMalformed: .text("the query is malformed\n", status: 400)
            case .queryTooLong:
                .text("the query has more than \(Limits.queryItems) items\n", status: 400)
            case .targetTooLong:
                .text("the target has more than \(Limits.targetBytes) bytes\n", status: 414)
            case .bodyTooLong:
                .text("the body has more than \(Limits.bodyBytes) bytes\n", status: 413)
            case .otherHost:
                .text(
                    "this server is not known by the name in Host: ask it by its address\n",
                    status: 421)
            case .notRead:
                Response(
                    status: 405, contentType: Response.plainText, body: "only GET and HEAD\n",
                    headers: [("Allow", "GET, HEAD")])
            }
        }
    }
}

public enum Limits {
    /// Connections open at a time; more wait in the kernel.
    public static let connections: UInt32 = 1_000
    /// A connection on which nothing moves for so long is closed.
    public static let idleSeconds: UInt32 = 30
    /// What is read and built for one connection: request line and headers, answer headers.
    public static let connectionBytes = 32 * 1_024
    /// The longest path with its query.
    public static let targetBytes = 8 * 1_024
    public static let queryItems = 64
    /// A body is read and dropped; a longer one ends the connection.
    public static let bodyBytes = 64 * 1_024
    /// Streams open at a time, each with a thread; more are answered 503.
    public static let streams = 64
    /// What a stream holds for a client that reads slowly; its writer then waits.
    public static let streamBytes = 256 * 1_024
    /// How soon a stream that writes nothing learns that its client has gone.
    static let streamPollMs = 250
    /// How long a stopping server waits for the closures of its streams.
    static let stopMs = 500
}

private let slash = UInt8(ascii: "/")

/// "http://host/path" is "/path" (RFC 9112, section 3.2.2: a server must accept both).
private func originForm(_ target: [UInt8]) -> ArraySlice<UInt8> {
    let scheme = Array("http://".utf8)
    guard target.starts(with: scheme) else { return target[...] }
    let afterScheme = target[scheme.count...]
    return afterScheme.firstIndex(of: slash).map { afterScheme[$0...] } ?? [slash]
}

private func items(of query: ArraySlice<UInt8>) throws(Request.Refusal) -> [Request.Field] {
    var items: [Request.Field] = []
    for pair in query.split(separator: UInt8(ascii: "&")) {
        guard items.count < Limits.queryItems else { throw .queryTooLong }
        let parts = pair.split(
            separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = decoded(parts[0], plusIsBlank: true),
            let value = decoded(parts.count == 2 ? parts[1] : [], plusIsBlank: true)
        else { throw .queryMalformed }
        items.append(Request.Field(name: name, value: value))
    }
    return items
}

/// - Returns: nil for an escape that is none, for what is not UTF-8, and for control characters.
private func decoded(_ escaped: ArraySlice<UInt8>, plusIsBlank: Bool) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(escaped.count)
    var rest = escaped
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = rest.popFirst().flatMap(hexDigit),
                let low = rest.popFirst().flatMap(hexDigit)
            else { return nil }
            bytes.append(high << 4 | low)
        case UInt8(ascii: "+") where plusIsBlank: bytes.append(UInt8(ascii: " "))
        default: bytes.append(byte)
        }
    }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}

private func hexDigit(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): letter - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): letter - UInt8(ascii: "A") + 10
    default: nil
    }
}
