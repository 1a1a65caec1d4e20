import Processing
import Testing

@Suite struct `A key of kept state` {
    @Test func `is taken apart by its bytes`() {
        #expect("function/a/b".rest(after: "function/") == "a/b")
        #expect("function/".rest(after: "function/") == "")
        #expect("funct".rest(after: "function/") == nil)
        // One character with the "/" before it, to Swift.
        #expect("function/\u{301}a".rest(after: "function/") == "\u{301}a")
        #expect("a/\u{301}b//c".parts == ["a", "\u{301}b", "", "c"])
    }
}
