/// A file that pages load; the same while the process runs.
public struct Asset: Sendable {
    /// Below `/assets/`.
    public let name: String
    public let contentType: String
    public let bytes: [UInt8]

    private init(_ name: String, _ contentType: String, _ text: String) {
        self.name = name
        self.contentType = contentType
        bytes = Array(text.utf8)
    }

    public static let all = [
        Asset("dashboard.css", "text/css; charset=utf-8", stylesheetText),
        Asset("dashboard.js", "text/javascript; charset=utf-8", scriptText),
        Asset("icon.svg", "image/svg+xml", iconText),
    ]

    private static let iconText = #"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="3">
        <path stroke="#1673c4" d="M2 16C6 4 12 4 16 16S26 28 30 16"/>
        <path stroke="#d9730d" d="M2 16C6 28 12 28 16 16S26 4 30 16"/>
        </svg>
        """#
}
