/// A piece of a page. What is put into it is escaped when it is written; there is no way around.
enum Node: Sendable, Equatable {
    case text(String)
    indirect case element(Tag, [Attribute], [Node])
    case group([Node])

    static let none = Node.group([])

    /// As HTML; the same text for the same node.
    var html: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to target: inout String) {
        switch self {
        case .text(let text): appendEscaped(text, to: &target)
        case .group(let nodes): for node in nodes { node.write(to: &target) }
        case .element(let tag, let attributes, let content):
            target += "<\(tag.name)"
            for attribute in attributes { attribute.write(to: &target) }
            target += ">"
            guard !tag.isVoid else { return }
            for node in content { node.write(to: &target) }
            target += "</\(tag.name)>"
        }
    }
}

/// Collects what a closure says: texts, nodes, and lists, conditions and loops of them.
@resultBuilder enum NodeBuilder {
    static func buildExpression(_ text: String) -> Node { .text(text) }
    static func buildExpression(_ node: Node) -> Node { node }
    static func buildExpression(_ nodes: [Node]) -> Node { .group(nodes) }
    static func buildBlock(_ parts: Node...) -> Node { .group(parts) }
    static func buildOptional(_ part: Node?) -> Node { part ?? .none }
    static func buildEither(first part: Node) -> Node { part }
    static func buildEither(second part: Node) -> Node { part }
    static func buildArray(_ parts: [Node]) -> Node { .group(parts) }
}

/// Characters that mean something in text or in a quoted attribute become references, and what
/// HTML cannot hold becomes U+FFFD (HTML Living Standard, section 13.1.4); likewise what turns the
/// direction of writing, by which a name would rearrange the words around it (Unicode Standard
/// Annex 9, section 2).
func appendEscaped(_ text: String, to target: inout String) {
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": target += "&amp;"
        case "<": target += "&lt;"
        case ">": target += "&gt;"
        case "\"": target += "&quot;"
        case "'": target += "&#39;"
        case "\t", "\n": target.unicodeScalars.append(scalar)
        case "\u{0}"..<"\u{20}", "\u{7f}"..<"\u{a0}", "\u{202a}"..."\u{202e}",
            "\u{2066}"..."\u{2069}":
            target += "\u{fffd}"
        default: target.unicodeScalars.append(scalar)
        }
    }
}
