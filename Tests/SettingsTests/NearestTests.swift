import Testing

@testable import Settings

@Suite struct `The distance of two words` {
    // One letter put in, left out, replaced, swapped: 1 each; kitten to sitting: s, i and g.
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("ab", "acb", 1), ("acb", "ab", 1), ("ab", "ax", 1),
        ("ab", "ba", 1), ("kitten", "sitting", 3), ("ä", "a", 1),
    ])
    func `counts letters put in, left out, replaced and swapped`(
        a: String, b: String, expected: Int
    ) {
        #expect(editDistance(a, b) == expected)
        #expect(editDistance(b, a) == expected)
    }

    @Test func `is the length of one when the other is empty, and 0 to itself`() {
        for word in ["a", "--seed", "kafka.bootstrap"] {
            #expect(editDistance(word, "") == word.count)
            #expect(editDistance(word, word) == 0)
        }
    }
}
