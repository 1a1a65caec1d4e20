/// Names for people.
enum Names {
    /// Digests shorter than this are left whole.
    private static let digestLength = 32
    private static let shown = 8

    /// Cuts digests to their first letters, for public traces hash their names; the whole name
    /// stands in the link's title, in its address and in the CSV.
    static func brief(_ name: String) -> String {
        var brief = ""
        var digest = ""
        for character in name {
            if character.isHexDigit {
                digest.append(character)
            } else {
                brief += cut(digest)
                brief.append(character)
                digest = ""
            }
        }
        return brief + cut(digest)
    }

    private static func cut(_ digest: String) -> String {
        digest.utf8.count < digestLength ? digest : digest.prefix(shown) + "…"
    }
}
