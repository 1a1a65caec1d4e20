/// An attribute of an element. There is none that holds script or style: the pages' content
/// security policy forbids both.
struct Attribute: Sendable, Equatable {
    let name: String
    let value: String

    private init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    func write(to target: inout String) {
        target += " \(name)=\""
        appendEscaped(value, to: &target)
        target += "\""
    }

    static func `class`(_ names: String) -> Attribute { Attribute("class", names) }
    static func id(_ id: String) -> Attribute { Attribute("id", id) }
    static func href(_ address: Address) -> Attribute { Attribute("href", address.text) }
    static func source(_ address: Address) -> Attribute { Attribute("src", address.text) }
    static func action(_ address: Address) -> Attribute { Attribute("action", address.text) }
    static func title(_ text: String) -> Attribute { Attribute("title", text) }
    static func language(_ code: String) -> Attribute { Attribute("lang", code) }
    static func relation(_ word: String) -> Attribute { Attribute("rel", word) }
    static func meta(_ name: String) -> Attribute { Attribute("name", name) }
    static func content(_ text: String) -> Attribute { Attribute("content", text) }
    static func charset(_ name: String) -> Attribute { Attribute("charset", name) }
    static let `defer` = Attribute("defer", "")
    static func role(_ role: String) -> Attribute { Attribute("role", role) }
    static func label(_ text: String) -> Attribute { Attribute("aria-label", text) }
    static func labelledBy(_ id: String) -> Attribute { Attribute("aria-labelledby", id) }
    static func live(_ politeness: String) -> Attribute { Attribute("aria-live", politeness) }
    static let hidden = Attribute("aria-hidden", "true")
    static let currentPage = Attribute("aria-current", "page")
    static let focusable = Attribute("tabindex", "0")
    static func scope(_ scope: String) -> Attribute { Attribute("scope", scope) }
    static func spans(_ columns: Int) -> Attribute { Attribute("colspan", "\(columns)") }
    static func type(_ type: String) -> Attribute { Attribute("type", type) }
    static func name(_ name: String) -> Attribute { Attribute("name", name) }
    static func value(_ text: String) -> Attribute { Attribute("value", text) }
    static func placeholder(_ text: String) -> Attribute { Attribute("placeholder", text) }
    static func forInput(_ id: String) -> Attribute { Attribute("for", id) }
    static func maximumLength(_ count: Int) -> Attribute { Attribute("maxlength", "\(count)") }
    static func datetime(_ text: String) -> Attribute { Attribute("datetime", text) }

    /// What the script reads: `data-live`, `data-values`.
    static func data(_ name: String, _ value: String) -> Attribute {
        Attribute("data-\(name)", value)
    }

    /// A presentation attribute of SVG: `x1`, `d`, `viewBox`.
    static func svg(_ name: String, _ value: String) -> Attribute { Attribute(name, value) }
    static func svg(_ name: String, _ value: Double) -> Attribute {
        Attribute(name, coordinate(value))
    }
}

/// With at most two decimals, as short as can be.
func coordinate(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    guard hundredths % 100 != 0 else { return "\(hundredths / 100)" }
    let (whole, rest) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
    let decimals = rest % 10 == 0 ? "\(rest / 10)" : (rest < 10 ? "0\(rest)" : "\(rest)")
    return "\(hundredths < 0 ? "-" : "")\(whole).\(decimals)"
}
