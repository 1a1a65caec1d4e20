import HTTP
import Synchronization
import Testing

@Suite struct `A stream` {
    /// What a stream's closure saw, for the test to wait on.
    final class Seen: Sendable {
        let writes = Atomic(0)
        let ended = Atomic(false)

        /// Gives up after 20 s, so that a test fails instead of hanging.
        func waitUntil(_ condition: (Seen) -> Bool) async throws -> Bool {
            for _ in 0..<2_000 {
                if condition(self) { return true }
                try await ContinuousClock().sleep(for: .milliseconds(10))
            }
            return false
        }
    }

    private let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test func `sends its events and ends when the closure returns`() throws {
        let server = try Server(address: "127.0.0.1", port: 0) { _ in
            .events { stream in
                stream.send(event: "load\nx", id: "7", data: "a\r\nb\rc\n\u{2028}d")
                stream.heartbeat()
                _ = stream.wait(milliseconds: 50)
                stream.send(data: "")
            }
        }
        let client = try Loopback(port: server.port)
        client.send("GET / HTTP/1.0\r\n\r\n")
        let answer = try Answer(client.receiveAll())
        #expect(answer.headers["content-type"] == "text/event-stream")
        #expect(
            answer.body == "event: load\nid: 7\ndata: a\ndata: b\ndata: c\ndata: \u{2028}d\n\n"
                + ":\n\ndata: \n\n")
    }

    @Test func `arrives as it is written, while others are answered`() throws {
        let server = try Server(address: "127.0.0.1", port: 0, threads: 1) { request in
            guard request.path == "/" else { return .text("other") }
            return .events { stream in
                var number = 0
                while stream.send(data: "event \(number)."), stream.wait(milliseconds: 5) {
                    number += 1
                }
            }
        }
        let clients = [try Held(server.port), try Held(server.port)]
        for client in clients { client.loopback.send(request) }
        for number in [0, 1, 2, 20] {
            for client in clients {
                #expect(client.loopback.receive(until: "event \(number).").contains("event"))
            }
            #expect(try ask(server.port, "GET", "/other").body == "other")
        }
    }

    @Test func `makes its writer wait for a slow reader, and loses nothing`() async throws {
        let seen = Seen()
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        let total = 300
        let server = try Server(address: "127.0.0.1", port: 0) { _ in
            Response(
                contentType: "application/octet-stream",
                body: .stream { stream in
                    for _ in 0..<total where stream.write(chunk) {
                        seen.writes.add(1, ordering: .relaxed)
                    }
                    seen.ended.store(true, ordering: .relaxed)
                })
        }
        let client = try Loopback(port: server.port)
        client.send("GET / HTTP/1.0\r\n\r\n")
        #expect(client.receive().count > 0)
        // 30 MB do not fit into the buffers of the kernel (some MB) and ours (256 KiB).
        #expect(try await seen.waitUntil { $0.writes.load(ordering: .relaxed) > 0 })
        let endedEarly = seen.ended.load(ordering: .relaxed)
        #expect(!endedEarly)
        let rest = client.receiveAll()
        #expect(rest.count > (total - 2) * chunk.count)
        #expect(try await seen.waitUntil { $0.ended.load(ordering: .relaxed) })
        let writes = seen.writes.load(ordering: .relaxed)
        #expect(writes == total)
    }

    @Test(arguments: [true, false])
    func `ends when its client goes away, quiet or not`(isQuiet: Bool) async throws {
        let seen = Seen()
        let server = try Server(address: "127.0.0.1", port: 0) { _ in
            .events { stream in
                stream.send(data: "first")
                while stream.wait(milliseconds: isQuiet ? 3_600_000 : 1) {
                    seen.writes.add(1, ordering: .relaxed)
                    if !isQuiet { stream.send(data: "more") }
                }
                seen.ended.store(!stream.isOpen, ordering: .relaxed)
            }
        }
        do {
            let client = try Loopback(port: server.port)
            client.send(request)
            #expect(client.receive(until: "first").contains("first"))
        }
        #expect(try await seen.waitUntil { $0.ended.load(ordering: .relaxed) })
        #expect(try ask(server.port, "HEAD", "/").status == 200)
    }

    @Test func `ends when the server stops, waiting, full or writing`() async throws {
        let seen = Seen()
        let flood = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
        let server = try Server(address: "127.0.0.1", port: 0) { request in
            .events { stream in
                stream.send(data: "first")
                switch request.path {
                case "/wait": while stream.wait(milliseconds: 3_600_000) {}
                case "/full": while stream.write(flood) {}
                default: while stream.send(data: "more") {}
                }
                seen.writes.add(1, ordering: .relaxed)
            }
        }
        var clients: [Held] = []
        for path in ["/wait", "/full", "/write"] {
            let client = try Held(server.port)
            client.loopback.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(client.loopback.receive(until: "first").contains("first"))
            clients.append(client)
        }
        server.stop()
        #expect(try await seen.waitUntil { $0.writes.load(ordering: .relaxed) == 3 })
    }

    @Test func `is refused beyond the limit, and has room again after`() async throws {
        let server = try Server(address: "127.0.0.1", port: 0) { _ in
            .events { stream in
                stream.send(data: "first")
                while stream.wait(milliseconds: 3_600_000) {}
            }
        }
        do {
            var clients: [Held] = []
            for _ in 0..<Limits.streams {
                let client = try Held(server.port)
                client.loopback.send(request)
                #expect(client.loopback.receive(until: "first").contains("first"))
                clients.append(client)
            }
            #expect(try ask(server.port, "GET", "/").status == 503)
        }
        var status = ""
        for _ in 0..<200 where !status.contains("200") {
            let client = try Loopback(port: server.port)
            client.send(request)
            status = client.receive(until: "\r\n")
            try await ContinuousClock().sleep(for: .milliseconds(20))
        }
        #expect(status.contains("200"))
    }

    /// Arrays hold no noncopyable values.
    final class Held {
        let loopback: Loopback
        init(_ port: UInt16) throws { loopback = try Loopback(port: port) }
    }
}
