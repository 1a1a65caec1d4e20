/// What the client gets.
public struct Response: Sendable {
    public var status: Int
    public var contentType: String
    /// Beside the ones the server adds; one of the same name takes the place of a default.
    public var headers: [(name: String, value: String)]
    public var body: Body
    /// Names this very content: a client that has it already is answered 304.
    public var etag: String?

    public enum Body: Sendable {
        case bytes([UInt8])
        /// The closure runs on a thread of its own, writes, and ends the answer by returning. When
        /// the client goes away or the server stops, writes return false and it must return.
        case stream(@Sendable (ResponseStream) -> Void)
    }

    public init(
        status: Int = 200, contentType: String, body: Body,
        headers: [(name: String, value: String)] = [], etag: String? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
        self.etag = etag
    }

    public init(
        status: Int = 200, contentType: String, body: String,
        headers: [(name: String, value: String)] = []
    ) {
        self.init(
            status: status, contentType: contentType, body: .bytes(Array(body.utf8)),
            headers: headers)
    }

    public static let plainText = "text/plain; charset=utf-8"

    public static func text(_ body: String, status: Int = 200) -> Response {
        Response(status: status, contentType: plainText, body: body)
    }

    public static func html(_ body: String, status: Int = 200) -> Response {
        Response(status: status, contentType: "text/html; charset=utf-8", body: body)
    }

    public static func json(_ body: String, status: Int = 200) -> Response {
        Response(status: status, contentType: "application/json", body: body)
    }

    public static func notFound(_ path: String) -> Response {
        text("there is nothing at \(path)\n", status: 404)
    }

    /// What does not change while the process runs; make it once, the ETag is computed here.
    public static func asset(_ bytes: [UInt8], contentType: String) -> Response {
        Response(contentType: contentType, body: .bytes(bytes), etag: ETag.of(bytes))
    }

    /// Server-sent events (HTML Living Standard, section 9.2).
    public static func events(_ produce: @escaping @Sendable (ResponseStream) -> Void) -> Response {
        Response(contentType: "text/event-stream", body: .stream(produce))
    }

    /// Added to every answer that does not say otherwise: nothing is loaded from outside, nothing
    /// is framed, nothing sniffed, nothing lent to other sites, nothing kept but what has an ETag.
    public static let defaultHeaders: [(name: String, value: String)] = [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        (
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
                + "form-action 'self'; frame-ancestors 'none'"
        ),
    ]

    /// All headers to send, defaults first.
    var allHeaders: [(name: String, value: String)] {
        let named = Set(headers.map { $0.name.lowercased() })
        var all = Self.defaultHeaders + [("Cache-Control", etag == nil ? "no-store" : "no-cache")]
        all.removeAll { named.contains($0.name.lowercased()) }
        all.append(("Content-Type", contentType))
        if let etag { all.append(("ETag", etag)) }
        return all + headers
    }

    /// 304 without a body when the client says that it has this content.
    func conditional(on request: Request) -> Response {
        guard status == 200, let etag, let known = request.header("If-None-Match"),
            ETag.list(known, contains: etag)
        else { return self }
        var unchanged = self
        unchanged.status = 304
        unchanged.body = .bytes([])
        return unchanged
    }
}

public enum ETag {
    /// FNV-1a of 64 bits: equal content has equal tags, and other content almost surely has not.
    ///
    /// - SeeAlso: <http://www.isthe.com/chongo/tech/comp/fnv/>
    public static func of(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return "\"\(String(hash, radix: 16))\""
    }

    /// Weak comparison (RFC 9110, section 13.1.2).
    static func list(_ list: String, contains tag: String) -> Bool {
        list.split(separator: ",").contains { item in
            let known = item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            let strong = String(known).hasPrefix("W/") ? String(known.dropFirst(2)) : String(known)
            return strong == "*" || strong == tag
        }
    }
}
