import Postgres
import TestSupport
import Testing

/// Every value comes back as it went, through a column of its type.
@Suite(.enabled(if: ThrowawayPostgres.isInstalled, "needs PostgreSQL"))
struct `A value` {
    @Test func `of every scalar type comes back as it went`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            var values = Values(seed: 1)
            for _ in 0..<200 {
                try expectSame(&session, "int2", values.integer() as Int16) { .int2($0) }
                try expectSame(&session, "int4", values.integer() as Int32) { .int4($0) }
                try expectSame(&session, "int8", values.integer() as Int64) { .int8($0) }
                try expectSame(&session, "int8", Int(values.integer() as Int64)) { .int($0) }
                try expectSame(&session, "bool", Bool.random(using: &values.random)) { .bool($0) }
                try expectSame(&session, "text", values.text()) { .text($0) }
                try expectSame(&session, "bytea", values.bytes()) { .bytes($0) }
                // NaN is not equal to itself, its bits are.
                let float = values.float()
                let single: Float? = try session.execute("SELECT $1", .float4(float))[0][0]
                #expect(single?.bitPattern == float.bitPattern)
                let double = values.double()
                let doubled: Double? = try session.execute("SELECT $1", .float8(double))[0][0]
                #expect(doubled?.bitPattern == double.bitPattern)
            }
        }
    }

    @Test func `of every array type comes back as it went, empty and with NULL too`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            var values = Values(seed: 2)
            for count in [0, 1, 2, 3, 50, 1_000] {
                let integers: [Int64] = (0..<count).map { _ in values.integer() }
                let small = integers.map { Int32(truncatingIfNeeded: $0) }
                let tiny = integers.map { Int16(truncatingIfNeeded: $0) }
                try expectSame(&session, "int8[]", integers) { .int8Array($0 ?? []) }
                try expectSame(&session, "int4[]", small) { .int4Array($0 ?? []) }
                try expectSame(&session, "int2[]", tiny) { .int2Array($0 ?? []) }
                let flags = integers.map { $0 > 0 }
                try expectSame(&session, "bool[]", flags) { .boolArray($0 ?? []) }
                let texts = (0..<count).map { _ in values.text() }
                try expectSame(&session, "text[]", texts) { .textArray($0 ?? []) }
                let strings = (0..<count).map { _ in values.bytes() }
                try expectSame(&session, "bytea[]", strings) { .bytesArray($0 ?? []) }

                let holes = integers.map { $0 % 3 == 0 ? nil : $0 }
                try expectSame(&session, "int8[]", holes) { .int8Array($0 ?? []) }
                let gaps = texts.map { $0.isEmpty ? nil : $0 }
                try expectSame(&session, "text[]", gaps) { .textArray($0 ?? []) }
                let blanks = strings.map { $0.count % 2 == 0 ? nil : $0 }
                try expectSame(&session, "bytea[]", blanks) { .bytesArray($0 ?? []) }

                let floats = (0..<count).map { _ in values.float() }
                let singles: [Float] = try session.execute("SELECT $1", .float4Array(floats))[0][0]
                #expect(singles.map(\.bitPattern) == floats.map(\.bitPattern))
                let doubles = (0..<count).map { _ in values.double() }
                let back: [Double] = try session.execute("SELECT $1", .float8Array(doubles))[0][0]
                #expect(back.map(\.bitPattern) == doubles.map(\.bitPattern))
            }
        }
    }

    @Test func `that is NULL is nil in every type`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let row = try session.execute(
                "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10",
                .int2(nil), .int4(nil), .int8(nil), .float4(nil), .float8(nil), .bool(nil),
                .text(nil), .bytes(nil), .timestampMs(nil), .json(nil))[0]
            #expect(row[0] as Int16? == nil)
            #expect(row[1] as Int32? == nil)
            #expect(row[2] as Int64? == nil)
            #expect(row[3] as Float? == nil)
            #expect(row[4] as Double? == nil)
            #expect(row[5] as Bool? == nil)
            #expect(row[6] as String? == nil)
            #expect(row[7] as [UInt8]? == nil)
            #expect(row[8] as Int64? == nil)
            #expect(row[9] as String? == nil)
        }
    }

    /// The expected texts are PostgreSQL's own, so the conversion is checked from outside.
    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00+00"),
        (-1, "1969-12-31 23:59:59.999+00"),
        (946_684_800_000, "2000-01-01 00:00:00+00"),
        (946_684_799_999, "1999-12-31 23:59:59.999+00"),
        (1_795_219_200_123, "2026-11-21 00:00:00.123+00"),
        (.max, "infinity"),
        (.min, "-infinity"),
    ])
    func `of time is the instant that PostgreSQL writes`(ms: Int64, expected: String) throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            try session.run(script: "SET TIME ZONE 'UTC'")
            let row = try session.execute("SELECT $1::text, $1", .timestampMs(ms))[0]
            #expect(row[0] == expected)
            #expect(row[1] == ms)
            let array = try session.execute("SELECT $1", .timestampMsArray([ms, nil]))[0]
            #expect(array[0] == [ms, nil])
        }
    }

    @Test func `of time between two milliseconds is rounded down`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let row = try session.execute(
                """
                SELECT timestamptz '1999-12-31 23:59:59.9999+00',
                    timestamptz '2000-01-01 00:00:00.0009+00'
                """
            )[0]
            #expect(row[0] == Int64(946_684_799_999))
            #expect(row[1] == Int64(946_684_800_000))
        }
    }

    @Test func `of JSON is the same document`() throws {
        try ThrowawayPostgres.withDatabase { url in
            var session = try Session(url)
            let text = #"{"a": [1, 2.5, "\"ü😀"], "b": null}"#
            let row = try session.execute(
                "SELECT $1, $1->'a'->>2, $2", .json(text), .jsonArray([text]))[0]
            #expect(row[0] == text)
            #expect(row[1] == #""ü😀"#)
            #expect(row[2] == [text])
        }
    }

    private func expectSame<Value: ColumnValue & Equatable>(
        _ session: inout Session, _ type: String, _ value: Value, _ bind: (Value?) -> Parameter
    ) throws {
        let row = try session.execute(
            "SELECT $1 AS value, pg_typeof($1)::text AS type", bind(value))[0]
        #expect(row["value"] == value)
        let named: [String: String] = [
            "int2": "smallint", "int4": "integer", "int8": "bigint", "bool": "boolean",
            "int2[]": "smallint[]", "int4[]": "integer[]", "int8[]": "bigint[]",
            "bool[]": "boolean[]",
        ]
        #expect(row["type"] == named[type] ?? type)
    }
}

/// Seeded values, every fourth of them an extreme.
private struct Values {
    var random: TestRandom
    init(seed: UInt64) { random = TestRandom(seed: seed) }

    mutating func integer<Number: FixedWidthInteger & SignedInteger>() -> Number {
        switch UInt8.random(in: 0..<12, using: &random) {
        case 0: .min
        case 1: .max
        case 2: 0
        case 3: -1
        default: Number(truncatingIfNeeded: random.next())
        }
    }

    mutating func double() -> Double {
        let extremes: [Double] = [
            .nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, .ulpOfOne,
        ]
        if Bool.random(using: &random) { return extremes.randomElement(using: &random) ?? 0 }
        return Double.random(in: -1e9...1e9, using: &random)
    }

    mutating func float() -> Float {
        let extremes: [Float] = [
            .nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        ]
        if Bool.random(using: &random) { return extremes.randomElement(using: &random) ?? 0 }
        return Float.random(in: -1e9...1e9, using: &random)
    }

    /// Any Unicode but U+0000, which PostgreSQL's text cannot hold.
    mutating func text() -> String {
        let count = Int.random(in: 0..<40, using: &random)
        var text = String.UnicodeScalarView()
        while text.count < count {
            let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
            if let scalar = Unicode.Scalar(UInt32.random(in: 1..<limit, using: &random)) {
                text.append(scalar)
            }
        }
        return String(text)
    }

    mutating func bytes() -> [UInt8] {
        let count = Int.random(in: 0..<100, using: &random)
        return (0..<count).map { index in
            index % 5 == 0 ? 0 : UInt8.random(in: 0...255, using: &random)
        }
    }
}
