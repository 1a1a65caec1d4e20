import HTTP
import Testing

@Suite struct `A server`: ~Copyable {
    @Sendable private static func answer(_ request: Request) -> Response {
        switch request.path {
        case "/echo":
            let items = request.queryItems.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
            return .text("\(request.method) \(items) \(request.header("accept") ?? "-")")
        case "/page": return .html("<p>ä</p>")
        case "/asset": return .asset(Array("body".utf8), contentType: "text/css")
        case "/own":
            return Response(
                contentType: "text/plain", body: "",
                headers: [("content-security-policy", "default-src 'none'"), ("X-A", "b")])
        case "/split":
            let location = ("Location", "/\r\nSet-Cookie: x")
            return Response(contentType: "text/plain", body: "", headers: [location])
        case "/large": return .text(String(repeating: "0123456789", count: 200_000))
        case "/few": return .events { stream in for n in 1...3 { stream.send(data: "\(n)") } }
        default: return .notFound(request.path)
        }
    }

    private let server: Server

    init() throws { server = try Server(address: "127.0.0.1", port: 0, handler: Self.answer) }

    @Test func `answers on a port of its own, with what was asked`() throws {
        #expect(server.port != 0)
        let answer = try ask(server.port, "GET", "/echo?q=%C3%A4&b=", "aCCept: text/html")
        #expect(answer.status == 200)
        #expect(answer.body == "get q=ä;b= text/html")
        #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
    }

    @Test func `resolves a name to loopback, and says what does not resolve`() throws {
        let named = try Server(address: "localhost", port: 0) { _ in .text("here") }
        #expect(try ask(named.port, "GET", "/").body == "here")
        #expect(throws: HTTPError.self) {
            _ = try Server(address: "no such.host", port: 0) { _ in .text("") }
        }
    }

    @Test func `says which port is taken`() {
        let port = server.port
        let taken = HTTPError(description: "listen on 127.0.0.1:\(port): Address already in use")
        #expect(throws: taken) {
            _ = try Server(address: "127.0.0.1", port: port) { _ in .text("") }
        }
    }

    @Test func `forbids what comes from outside, unless told otherwise`() throws {
        let page = try ask(server.port, "GET", "/page").headers
        #expect(page["x-content-type-options"] == "nosniff")
        #expect(page["referrer-policy"] == "no-referrer")
        #expect(page["content-security-policy"]?.hasPrefix("default-src 'self';") == true)
        #expect(page["cache-control"] == "no-store")
        let own = try ask(server.port, "GET", "/own").headers
        #expect(own["content-security-policy"] == "default-src 'none'")
        #expect(own["x-a"] == "b")
    }

    @Test(arguments: ["/echo?a=b", "/page", "/asset", "/own", "/split", "/large", "/few", "/none"])
    func `answers HEAD like GET, without the body`(target: String) throws {
        let get = try ask(server.port, "GET", target)
        let head = try ask(server.port, "HEAD", target)
        #expect(head.body == "")
        #expect(head.status == get.status)
        var (getHeaders, headHeaders) = (get.headers, head.headers)
        getHeaders["date"] = nil
        // What frames a body need not come with HEAD (RFC 9112, section 6.1).
        getHeaders["transfer-encoding"] = nil
        headHeaders["date"] = nil
        // The echo says which method it was: one letter more.
        if target.hasPrefix("/echo") {
            headHeaders["content-length"] = getHeaders["content-length"]
        }
        #expect(headHeaders == getHeaders)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "X"])
    func `refuses other methods`(method: String) throws {
        let answer = try ask(server.port, method, "/page", "Content-Length: 0")
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "GET, HEAD")
    }

    @Test func `reads a body and drops it`() throws {
        let client = try Loopback(port: server.port)
        client.send("GET /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.receive(until: "</p>").hasPrefix("HTTP/1.1 200"))
        client.send("POST /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.receive(until: "HEAD\n").hasPrefix("HTTP/1.1 405"))
    }

    @Test func `refuses a large body unread`() throws {
        let length = "Content-Length: \(Limits.bodyBytes + 1)"
        #expect(try ask(server.port, "GET", "/page", length).status == 413)
    }

    @Test func `refuses malformed and long targets`() throws {
        #expect(try ask(server.port, "GET", "/%2e%2e/etc/passwd").status == 400)
        #expect(try ask(server.port, "GET", "/?a=%zz").status == 400)
        let long = "/" + String(repeating: "a", count: Limits.targetBytes)
        #expect(try ask(server.port, "GET", long).status == 414)
        let longer = "X: " + String(repeating: "a", count: Limits.connectionBytes)
        #expect(try ask(server.port, "GET", "/", longer).status == 431)
    }

    @Test func `lets no text of an answer make a header`() throws {
        let answer = try ask(server.port, "GET", "/split")
        #expect(answer.status == 500)
        #expect(answer.headers["set-cookie"] == nil)
    }

    @Test func `answers that nothing changed to who has the content`() throws {
        let first = try ask(server.port, "GET", "/asset")
        let tag = try #require(first.headers["etag"])
        // FNV-1a of 64 bits over "body", by its published constants in another language.
        #expect(tag == "\"cd4de79bc6c93295\"")
        #expect(first.headers["cache-control"] == "no-cache")
        for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let again = try ask(server.port, "GET", "/asset", "If-None-Match: \(known)")
            #expect(again.status == 304)
            #expect(again.body == "")
            #expect(again.headers["etag"] == tag)
        }
        #expect(try ask(server.port, "GET", "/asset", "If-None-Match: \"x\"").status == 200)
    }

    @Test func `answers one after the other on one connection`() throws {
        let client = try Loopback(port: server.port)
        for number in 0..<3 {
            client.send("GET /echo?n=\(number) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(client.receive(until: " -").contains("n=\(number)"))
        }
    }

    @Test(arguments: UInt64(0)..<60)
    func `survives any bytes`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let client = try Loopback(port: server.port)
        let start = seed % 3 == 0 ? "" : "GET /echo?%"
        let letters = Array("GET /\r\n\r\n:%.? HTTP/1.1\0\u{1}".utf8) + [0x80, 0xff]
        let length = random.next(below: 3_000)
        let end = seed % 2 == 0 ? " HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n" : ""
        let noise = (0..<length).map { _ in
            random.next(below: 4) == 0
                ? UInt8(random.next(below: 256)) : letters[random.next(below: letters.count)]
        }
        client.send(Array(start.utf8) + noise + Array(end.utf8))
        client.finish()
        _ = client.receiveAll()
        #expect(try ask(server.port, "GET", "/page").status == 200)
    }
}

@Suite struct `A server's names` {
    private func status(
        _ address: String, _ hosts: HostRule?, _ header: String?
    ) throws -> Int {
        let server = try Server(address: address, port: 0, hosts: hosts) { _ in .text("in") }
        let client = try Loopback(port: server.port)
        let host = header.map { "Host: \($0)\r\n" } ?? ""
        // Only a client of 1.0 may leave it out.
        client.send("GET / HTTP/1.\(header == nil ? 0 : 1)\r\n\(host)Connection: close\r\n\r\n")
        return try Answer(client.receiveAll()).status
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `are its addresses and localhost, on loopback`(address: String) throws {
        for header in ["127.0.0.1", "127.0.0.1:80", "[::1]:80", "LOCALHOST:80", "10.1.2.3", nil] {
            #expect(try status(address, nil, header) == 200)
        }
        for header in [
            "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil", "",
        ] {
            #expect(try status(address, nil, header) == 421)
        }
    }

    @Test func `are whatever clients say elsewhere, unless they are told`() throws {
        #expect(try status("0.0.0.0", nil, "evil.example") == 200)
        let told = HostRule.only(["fleet.example"])
        #expect(try status("0.0.0.0", told, "evil.example") == 421)
        #expect(try status("0.0.0.0", told, "Fleet.Example:8080") == 200)
        #expect(try status("127.0.0.1", .any, "evil.example") == 200)
    }
}
