import Testing
import Topics

@Suite struct `An invocation in JSON` {
    @Test func `is read whole`() throws {
        #expect(
            try decode(
                """
                {"customer": "acme", "service": "shop", "function": "checkout",
                 "invocation": "28efe333-4752", "started_at_ms": 1574000000123,
                 "duration_ms": 81.25, "cpu_ms": 44.5, "memory_mb": 128, "memory_peak_mb": 94.4,
                 "init_ms": 212.5, "deadline_ms": 30000, "trigger": "http",
                 "runtime": "python3.12", "worker": "worker-3", "outcome": "success"}
                """) == whole)
    }

    @Test func `needs no more than eight fields, and null is the same as not given`() throws {
        let read = try decode(bare)
        #expect(read.cpuMs == nil && read.trigger == nil && read.initMs == nil)
        #expect(try decode(bare.replacing("{\"cust", with: "{\"cpu_ms\":null,\"cust")) == read)
    }

    @Test func `may hold fields that we do not know`() throws {
        let more = #"{"v":[{"a":[]},-1.5e+3,true,null,"\u00e9\\"],"w":{},"customer""#
        #expect(try decode(bare.replacing("{\"customer\"", with: more)) == decode(bare))
    }

    @Test func `says in escapes what it could say without`() throws {
        let escaped = bare.replacing("\"acme\"", with: #""\u0061c\u006De\ud83d\ude42\/\n""#)
            .replacing("\"service\"", with: #""s\u0065rvice""#)
            .replacing("\"success\"", with: #""s\u0075ccess""#)
        var expected = try decode(bare)
        expected.customer = "acme🙂/"
        #expect(try decode(escaped.replacing("\\n", with: "")) == expected)
        #expect(rejection(escaped)?.reason == .invalidName)
    }

    @Test func `counts an unknown outcome as such`() throws {
        #expect(try decode(bare.replacing("success", with: "vanished")).outcome == .unknown)
        #expect(
            try decode(bare.replacing("success", with: "out_of_memory")).outcome == .outOfMemory)
    }

    @Test(arguments: [
        ("", Rejection.Reason.empty, "no bytes"),
        ("   ", .notJSON, "byte 3 is the end, expected an object"),
        ("hello", .notJSON, "hello"),
        ("{", .notJSON, "a member's name in quotes"),
        (bare + "x", .notJSON, "is x, expected nothing more"),
        (bare + bare, .notJSON, "nothing more"),
        (String(bare.dropLast()), .notJSON, "a comma or the object's end"),
        (bare.replacing("\"acme\"", with: "\"ac\u{1}me\""), .notJSON, "no control character"),
        (bare.replacing("\"acme\"", with: #""\ud83d""#), .notJSON, "a surrogate pair"),
        (bare.replacing("\"acme\"", with: #""\ude42\ud83d""#), .notJSON, "a surrogate pair"),
        (bare.replacing("\"acme\"", with: #""\x""#), .notJSON, "an escape of JSON's"),
        (bare.replacing("128", with: "0128"), .notJSON, "without leading zeros"),
        (bare.replacing("128", with: "1."), .notJSON, "a digit behind the point"),
        (bare.replacing("128", with: "1e"), .notJSON, "a digit of the exponent"),
        (bare.replacing("128", with: "NaN"), .notJSON, "NaN"),
        (bare.replacing("128", with: "+1"), .notJSON, "+1"),
        (bare.replacing("{\"cust", with: "{\"service\":\"a\",\"cust"), .notJSON, "given twice"),
        ("[" + bare + "]", .wrongType, "the message is [{"),
        ("3", .wrongType, "the message is 3, expected an object"),
        (
            bare.replacing("81.25", with: "\"81.25\""), .wrongType,
            #"duration_ms is "81.25", expected a number"#
        ),
        (bare.replacing("\"acme\"", with: "7"), .wrongType, "customer is 7, expected a string"),
        (
            bare.replacing("1574000000123", with: "1.5"), .wrongType,
            "started_at_ms is 1.5, expected an integer"
        ),
        (bare.replacing("1574000000123", with: "true"), .wrongType, "started_at_ms is true"),
        (bare.replacing("\"acme\"", with: "null"), .missingField, "customer is not given"),
        (bare.replacing("\"outcome\"", with: "\"out_come\""), .missingField, "outcome"),
        (
            bare.replacing("81.25", with: "-1"), .outOfRange,
            "duration_ms is -1.0, expected 0.0 to 86400000.0"
        ),
        (
            bare.replacing("81.25", with: "1e999"), .outOfRange,
            "duration_ms is 1e999, expected a number of 64 bits"
        ),
        (
            bare.replacing("1574000000123", with: "99999999999999999999"), .outOfRange,
            "started_at_ms is 99999999999999999999, expected an integer of 64 bits"
        ),
        (bare.replacing("1574000000123", with: "253402300800000"), .outOfRange, "started_at_ms"),
        (bare.replacing("\"acme\"", with: "\"\""), .invalidName, "customer is empty"),
        (
            bare.replacing("acme", with: String(repeating: "a", count: 257)), .invalidName,
            "customer has 257 bytes, at most 256 fit"
        ),
        (
            bare.replacing("{\"cust", with: "{\"trigger\":\"\\u0000\",\"cust"), .invalidName,
            "trigger holds a control character"
        ),
        (
            bare + String(repeating: " ", count: 1_048_576), .tooLarge,
            "at most 65536 fit"
        ),
        (
            bare.replacing(
                "{\"cust", with: "{\"v\":" + String(repeating: "[", count: 40) + "\"cust"),
            .tooLarge, "nests deeper than 32"
        ),
    ])
    func `is refused with what was got and expected`(
        json: String, reason: Rejection.Reason, detail: String
    ) {
        let found = rejection(json)
        #expect(found?.reason == reason)
        #expect(found?.detail.contains(detail) == true)
    }

    @Test func `is refused when it is not UTF-8`() {
        // Overlong "/", a surrogate, beyond U+10FFFF, a lone continuation, a scalar cut off.
        let wrong: [[UInt8]] = [
            [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
        ]
        for sequence in wrong {
            var bytes = Array(bare.utf8)
            bytes.insert(contentsOf: sequence, at: 14)
            #expect(rejection(bytes, as: .json)?.reason == .notJSON)
        }
    }

    @Test func `never reads beyond what it was given`() throws {
        // Every beginning of it ends too early: refused, wherever the cut is.
        let bytes = whole.encodedJSON()
        for cut in 0..<bytes.count {
            #expect(rejection(Array(bytes[..<cut]), as: .json) != nil)
        }
    }

    @Test(arguments: UInt64(0)..<50)
    func `is written as Foundation writes it, and read back`(seed: UInt64) throws {
        var random = Draws(seed: seed)
        for _ in 0..<20 {
            let invocation = someInvocation(&random)
            let bytes = invocation.encodedJSON()
            #expect(try bytes == writtenByFoundation(invocation))
            #expect(try Invocation(decoding: bytes.span) == invocation)
            #expect(
                try batch(bytes, as: .json) == batch(invocation))
        }
    }
}
