import Testing

@testable import Pages

@Suite struct `A name for people` {
    @Test func `is cut where it is a digest, and nowhere else`() {
        let digest = String(repeating: "0123456789abcdef", count: 4)
        #expect(Names.brief("opposite: \(digest)/shop/\(digest)") == "opposite: 01234567…/shop/01234567…")
        #expect(Names.brief("acme/shop/deadbeef") == "acme/shop/deadbeef")
        #expect(Names.brief("") == "")
    }
}
