import Testing

@testable import Topics

@Suite struct `A key's partition` {
    /// From Apache Kafka's own `UtilsTest.testMurmur2`.
    @Test(arguments: [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ])
    func `comes from the hash that Kafka's clients use`(key: String, expected: Int) {
        #expect(Int32(bitPattern: murmur2(key.utf8Span.span)) == Int32(expected))
    }

    @Test func `is the same for a service and its functions`() {
        let service = ServiceID(customer: "acme", service: "shop")
        let shape = FunctionShape(
            customer: "acme", service: "shop", function: "checkout", slotStartMs: 0)
        let assignment = Assignment(
            FunctionID(service: service, function: "pay"), cell: 0, tier: .burstable,
            placements: [], reason: "", decidedAtMs: 0, revision: 0)
        let expected = partition(ofKey: "acme/shop", among: 16)
        #expect(shape.partition(keyed: 16) == expected)
        #expect(assignment.partition(keyed: 16) == expected)
    }
}

@Suite struct `A function's path` {
    @Test(arguments: [
        ("acme", "shop", "checkout"), ("a/b", "c%d", "e%2Ff"), ("ü", "日本", "🙂 / %"),
        ("%", "/", "%25/"), ("\u{301}a", "\u{301}", "\u{20dd}/\u{301}"),
        ("a/\u{301}b", "%\u{301}", "c"),
    ])
    func `gives the function back`(customer: String, service: String, function: String) {
        let id = FunctionID(customer: customer, service: service, function: function)
        #expect(FunctionID(path: id.path) == id)
    }

    /// To Swift a "/" with an accent on it is one character; to Kafka and the scanner it is a "/".
    @Test func `is no other function's, bytes for bytes`() {
        let names = ["a", "/", "%", "\u{301}", "a/\u{301}", "\u{301}/a", "%2F", "/\u{301}"]
        var paths: Set<[UInt8]> = []
        for customer in names {
            for service in names {
                for function in names {
                    let id = FunctionID(customer: customer, service: service, function: function)
                    let path = Array(id.path.utf8)
                    #expect(path.filter { $0 == UInt8(ascii: "/") }.count == 2)
                    paths.insert(path)
                }
            }
        }
        #expect(paths.count == 8 * 8 * 8)
    }

    @Test func `is read where what looks like an escape is none`() {
        let id = FunctionID(path: "a%2/%2G%/%25%2f%2F")
        #expect(id == FunctionID(customer: "a%2", service: "%2G%", function: "%%2f/"))
    }

    @Test func `is another's where one byte is another`() {
        func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
            InvocationBatch.isSame(a.span, b.span)
        }
        for count in 0..<40 {
            let path = (0..<count).map { UInt8($0) }
            #expect(isSame(path, path))
            #expect(!isSame(path, path + [0]))
            for place in 0..<count {
                var other = path
                other[place] ^= 0x80
                #expect(!isSame(path, other))
            }
        }
    }

    @Test(arguments: ["", "a", "a/b", "a/b/c/d"])
    func `has three parts`(path: String) {
        #expect(FunctionID(path: path) == nil)
    }
}
