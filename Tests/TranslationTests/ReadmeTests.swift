import Foundation
import Settings
import Testing

@testable import Bridge

@Suite struct `The bridge's README` {
    /// With ANTIPHASE_REWRITE=1 in the environment it writes the table anew instead.
    @Test func `lists the settings as they are declared`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Services/Bridge/README.md")
        let table = Settings.markdownTable(of: BridgeSettings.own)
        let readme = try String(contentsOf: file, encoding: .utf8)
        if ProcessInfo.processInfo.environment["ANTIPHASE_REWRITE"] == "1" {
            let start = try #require(readme.range(of: "a test holds them together -->\n"))
            let end = try #require(readme.range(of: "<!-- /settings -->"))
            let written = readme.replacingCharacters(
                in: start.upperBound..<end.lowerBound, with: table)
            try written.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(readme.contains(table))
        }
    }
}
