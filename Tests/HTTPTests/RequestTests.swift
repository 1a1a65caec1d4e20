import HTTP
import Testing

@Suite struct `A request` {
    @Test func `has its path decoded, and split before that`() throws {
        let request = try Request(target: "/functions/a%2Fb/%C3%A4+%20/?x")
        #expect(request.path == "/functions/a/b/ä+ /")
        #expect(request.segments == ["functions", "a/b", "ä+ "])
        #expect(try Request(target: "/").segments.isEmpty)
    }

    @Test func `has its query items in order, decoded`() throws {
        let request = try Request(target: "/?b=1&a=%26%3D+%2B&b=2&c&=d&&e=f=g?")
        #expect(request.queryItems.map(\.name) == ["b", "a", "b", "c", "", "e"])
        #expect(request.queryItems.map(\.value) == ["1", "&= +", "2", "", "d", "f=g?"])
        #expect(request.query("b") == "1")
        #expect(request.query("c") == "")
        #expect(request.query("z") == nil)
    }

    @Test func `takes a target with the host in it for its path`() throws {
        #expect(try Request(target: "http://host:1/a?b=c").path == "/a")
        #expect(try Request(target: "http://host").path == "/")
    }

    @Test(arguments: [
        "", "a", "*", "%2Fa", "/%", "/%4", "/%zz", "/%+1", "/%00", "/a%0d%0ab", "/%7F", "/%ff",
        "/..", "/a/../b", "/./a", "/%2e%2e/a", "/..%2fsecret", "/a%2f..", "https://host/a",
    ])
    func `is refused for its path`(target: String) {
        #expect(throws: Request.Refusal.pathMalformed) { try Request(target: target) }
    }

    @Test(arguments: ["/?%", "/?a=%0", "/?a=%80", "/?%00=a"])
    func `is refused for its query`(target: String) {
        #expect(throws: Request.Refusal.queryMalformed) { try Request(target: target) }
    }

    @Test func `is refused beyond the limits`() throws {
        let long = "/" + String(repeating: "a", count: Limits.targetBytes - 1)
        #expect(try Request(target: long).path == long)
        #expect(throws: Request.Refusal.targetTooLong) { try Request(target: long + "a") }
        let items = "/?" + String(repeating: "a&", count: Limits.queryItems)
        #expect(try Request(target: items).queryItems.count == Limits.queryItems)
        #expect(throws: Request.Refusal.queryTooLong) { try Request(target: items + "a") }
    }

    @Test func `has headers in upper and lower case alike`() throws {
        let request = try Request(
            target: "/", headers: [("Accept", "text/html"), ("accept", "a/b"), ("X", "")])
        #expect(request.header("ACCEPT") == "text/html, a/b")
        #expect(request.header("x") == "")
        #expect(request.header("If-None-Match") == nil)
    }

    @Test(arguments: UInt64(0)..<200)
    func `is made or refused, whatever the target, and never leaves the root`(seed: UInt64) {
        var random = SplitMix(state: seed)
        let letters = Array("/.%2eEfF0?&=+#a\u{7f}ä")
        var target = "/"
        for _ in 0..<random.next(below: 40) {
            target.append(letters[random.next(below: letters.count)])
        }
        guard let request = try? Request(target: target) else { return }
        #expect(request.path.hasPrefix("/"))
        #expect(!request.path.split(separator: "/").contains(".."))
        #expect(!request.segments.contains(".."))
        #expect(request.path.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
    }
}

/// The same numbers for the same seed.
struct SplitMix {
    var state: UInt64

    mutating func next(below count: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((z ^ (z >> 31)) % UInt64(count))
    }
}
