/// A page of this site, or a part of one.
struct Address: Sendable, Equatable {
    let text: String

    /// With a label: without one it would be meant where one segment is given.
    private init(text: String) { self.text = text }

    /// - Parameter segments: any text; each becomes one part of the path.
    init(_ segments: String..., query: [(name: String, value: String)] = [], part: String? = nil) {
        var query = query
        var text = "/" + segments.map(percentEncoded).joined(separator: "/")
        // Every client takes %2E for a dot, and drops a part "..": such names go another way.
        if segments.contains(where: { hasDotPart($0) }) {
            query = segments.map { (Self.part, $0) } + query
            text = "/at"
        }
        if !query.isEmpty {
            text +=
                "?"
                + query.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }
                .joined(separator: "&")
        }
        if let part { text += "#\(percentEncoded(part))" }
        self.text = text
    }

    /// `/at?part=a&part=..` is the path a/.. without a path's meaning of dots.
    static let part = "part"

    /// A part of the page that it stands in.
    static func here(_ part: String) -> Address { Address(text: "#" + percentEncoded(part)) }

    static let fleet = Address()
    static let fleetLoad = Address("load.csv")
    static let workers = Address("workers")
    /// The list of functions on the fleet's page.
    static let search = Address(part: "functions")
    static let icon = Address("assets", "icon.svg")
    static let stylesheet = Address("assets", "dashboard.css")
    static let script = Address("assets", "dashboard.js")

    static func function(_ function: FunctionName) -> Address {
        Address("functions", function.customer, function.service, function.function)
    }

    static func functionLoad(_ function: FunctionName) -> Address {
        Address("functions", function.customer, function.service, function.function, "load.csv")
    }

    static func worker(_ worker: String, cell: Int? = nil) -> Address {
        Address("workers", worker, query: cell.map { [("cell", "\($0)")] } ?? [])
    }
    static func workerLoad(_ worker: String, cell: Int) -> Address {
        Address("workers", worker, "load.csv", query: [("cell", "\(cell)")])
    }
}

private func hasDotPart(_ name: String) -> Bool {
    name.split(separator: "/").contains { $0 == "." || $0 == ".." }
}

/// All but RFC 3986's unreserved characters, escaped.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            encoded += "%"
            encoded.append(digits[Int(byte >> 4)])
            encoded.append(digits[Int(byte & 15)])
        }
    }
    return encoded
}
