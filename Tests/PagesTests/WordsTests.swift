import TestSupport
import Testing

@testable import Pages

@Suite struct `A page's text` {
    @Test(arguments: UInt64(0)..<50)
    func `comes back as it was put in, but for what turns the direction of writing`(seed: UInt64) {
        var random = TestRandom(seed: seed)
        let letters = Array("ab<>&\"'/=` ;#é関🙂\u{202e}-!")
        let name = String((0..<40).map { _ in letters.randomElement(using: &random) ?? "a" })
        let page = Markup(Tag.p(.title(name)) { Tag.code { name } }.html)
        #expect(page.faults == [])
        #expect(page.elements.map(\.name) == ["p", "code"])
        let shown = name.replacing("\u{202e}", with: "\u{fffd}")
        #expect(page.elements[0].value("title") == shown)
        #expect(page.text == shown.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }

    @Test func `holds no character that HTML has not`() {
        #expect(Node.text("a\u{0}b\u{7}c\u{85}d").html == "a\u{fffd}b\u{fffd}c\u{fffd}d")
    }

    @Test(arguments: UInt64(0)..<50)
    func `addresses any name`(seed: UInt64) {
        var random = TestRandom(seed: seed)
        let letters = Array("a./?#%&=+ é関")
        let name = String((0..<8).map { _ in letters.randomElement(using: &random) ?? "a" })
        let (segments, query) = request(Address("workers", name, query: [("cell", name)]).text)
        let parts = segments == ["at"] ? query.filter { $0.name == "part" }.map(\.value) : segments
        #expect(parts == ["workers", name])
        #expect(query.last?.value == name)
    }

    @Test(arguments: [
        (0, "0"), (999, "999"), (1_000, "1 000"), (1_234_567, "1 234 567"), (-12_345, "−12 345"),
    ])
    func `groups digits`(number: Int, text: String) {
        #expect(plain(Numbers.whole(number)) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (0.00001, "< 0.001"), (0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"),
        (1234.5, "1 235"), (-4.5, "−4.50"), (.nan, "–"), (.infinity, "–"),
    ])
    func `rounds to what matters`(number: Double, text: String) {
        #expect(plain(Numbers.rounded(number)) == text)
    }

    @Test(arguments: [
        (0.0, "0 %"), (0.00002, "< 0.1 %"), (0.5, "50 %"), (0.4286, "42.9 %"), (0.9912, "99.1 %"),
        (0.9968, "99.68 %"), (0.99996, "99.996 %"), (0.9999999, "> 99.999 %"), (1.0, "100 %"),
        (1.25, "125 %"),
    ])
    func `gives shares more places where they matter`(share: Double, text: String) {
        #expect(plain(Numbers.percent(share)) == text)
    }

    // Seconds since 1970 by GNU date -u -d TEXT +%s.
    @Test(arguments: [
        (0, "1970-01-01 00:00 UTC"), (1_563_205_330, "2019-07-15 15:42 UTC"),
        (951_782_399, "2000-02-28 23:59 UTC"), (951_868_799, "2000-02-29 23:59 UTC"),
        (-1, "1969-12-31 23:59 UTC"),
    ])
    func `tells times as the calendar does`(seconds: Int64, text: String) {
        #expect(Times.full(seconds * 1_000) == text)
    }

    @Test(arguments: [
        (0, "0 s"), (119_999, "119 s"), (120_000, "2 min"), (7_200_000, "2 h"),
        (172_800_000, "2 days"), (-5, "0 s"),
    ])
    func `tells spans in one unit`(ms: Int64, text: String) {
        #expect(plain(Times.span(ms: ms)) == text)
    }

    private func plain(_ text: String) -> String {
        text.replacing("\u{202f}", with: " ").replacing("\u{a0}", with: " ")
    }
}

@Suite struct `A chart` {
    @Test(arguments: [1e-9, 0.3, 1, 9.99, 10, 37, 100, 101, 5_000, 123_456, 1e15])
    func `has few round heights, and reaches what it draws`(highest: Double) {
        let axis = Axis(reaching: highest)
        #expect(axis.ticks[0] == 0)
        #expect((2...6).contains(axis.ticks.count))
        #expect(axis.top >= highest * (1 - 1e-9))
        #expect(axis.top <= 2 * highest)
    }

    @Test func `draws on one another what it adds up`() {
        let chart = chart(stacked: [[1, 2, nil], [10, nil, nil]])
        #expect(chart.sums == [11, 2, nil])
        #expect(chart.highest == 11)
    }

    @Test func `says itself in a sentence`() {
        let chart = chart(stacked: [[1, 2, 0]])
        #expect(
            chart.summary == "0: highest 2\u{a0}mCPU at 00:05 UTC, lowest 0\u{a0}mCPU at 00:10 UTC."
        )
    }

    @Test func `is whole without values`() {
        for slots in [0, 1, 288] {
            let chart = Chart(
                id: "x", title: "x", unit: .milliCPU, startMs: 0, slots: slots,
                stacked: [.init(name: "a", style: "self", values: [])],
                lines: [.init(name: "b", style: "before", values: [])])
            #expect(Markup(chart.node.html).faults == [])
            #expect(!chart.node.html.contains("nan"))
        }
    }

    @Test func `gives a spreadsheet no formula`() {
        #expect(csvField("=1+1") == "'=1+1")
        #expect(csvField("a,\"b\"") == "\"a,\"\"b\"\"\"")
        #expect(csvField("plain") == "plain")
        // With an accent on it a mark is another character to Swift, and the same to a spreadsheet.
        let accented = csvField("\"\u{301},=1")
        #expect(Array(accented.utf8) == Array("\"\"\"\u{301},=1\"".utf8))
        #expect(Array(csvField("=\u{301}1").utf8) == Array("'=\u{301}1".utf8))
    }

    private func chart(stacked: [[Double?]]) -> Chart {
        Chart(
            id: "x", title: "x", unit: .milliCPU, startMs: 0, slots: 3,
            stacked: stacked.enumerated().map {
                .init(name: "\($0)", style: "self", values: $1)
            })
    }
}
