import Foundation

/// A page taken apart as a browser would, without forgiving anything.
struct Markup {
    struct Element {
        var name: String
        var attributes: [(name: String, value: String)]

        func value(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
    }

    private(set) var elements: [Element] = []
    /// What a person reads, its blanks made one.
    private(set) var text = ""
    /// What is wrong with it.
    private(set) var faults: [String] = []

    private static let void: Set<String> = ["meta", "link", "input", "br"]

    init(_ html: String) {
        var open: [String] = []
        var rest = html[...]
        if rest.hasPrefix("<!DOCTYPE html>") { rest = rest.dropFirst(15) }
        while let next = rest.first {
            guard next == "<" else {
                let end = rest.firstIndex(of: "<") ?? rest.endIndex
                text += decode(String(rest[..<end])) + " "
                rest = rest[end...]
                continue
            }
            guard let tag = Self.tag(&rest) else {
                faults.append("a < that starts no tag: \(rest.prefix(40))")
                break
            }
            if tag.isEnd {
                let expected = open.popLast() ?? "nothing"
                if expected != tag.element.name {
                    faults.append("</\(tag.element.name)> where \(expected) is open")
                }
                continue
            }
            elements.append(tag.element)
            if !Self.void.contains(tag.element.name) { open.append(tag.element.name) }
        }
        if !open.isEmpty { faults.append("open at the end: \(open)") }
        text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func tag(_ rest: inout Substring) -> (element: Element, isEnd: Bool)? {
        rest = rest.dropFirst()
        let isEnd = rest.first == "/"
        if isEnd { rest = rest.dropFirst() }
        let name = rest.prefix { $0.isLetter || $0.isNumber }
        guard !name.isEmpty else { return nil }
        rest = rest.dropFirst(name.count)
        var attributes: [(name: String, value: String)] = []
        while rest.first == " " {
            rest = rest.dropFirst()
            let key = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
            rest = rest.dropFirst(key.count)
            guard !key.isEmpty, rest.hasPrefix("=\"") else { return nil }
            rest = rest.dropFirst(2)
            guard let end = rest.firstIndex(of: "\"") else { return nil }
            attributes.append((String(key), decode(String(rest[..<end]))))
            rest = rest[rest.index(after: end)...]
        }
        guard rest.first == ">" else { return nil }
        rest = rest.dropFirst()
        return (Element(name: String(name), attributes: attributes), isEnd)
    }

    /// Targets of links and of what the page loads, without the part after "#".
    var targets: [String] {
        elements.flatMap { element in
            ["href", "src", "action"].compactMap { element.value($0) }
        }.map { String($0.prefix { $0 != "#" }) }.filter { !$0.isEmpty }
    }

    func values(_ attribute: String) -> [String] { elements.compactMap { $0.value(attribute) } }
}

/// Only the references that the pages write.
private func decode(_ text: String) -> String {
    text.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
        .replacing("&quot;", with: "\"").replacing("&#39;", with: "'")
        .replacing("&amp;", with: "&")
}

/// A target as a server takes it apart.
func request(_ target: String) -> (segments: [String], query: [(name: String, value: String)]) {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let segments = parts[0].split(separator: "/").map { $0.removingPercentEncoding ?? "" }
    let pairs = parts.count < 2 ? [] : parts[1].split(separator: "&")
    let query = pairs.map { pair -> (name: String, value: String) in
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (
            sides[0].removingPercentEncoding ?? "",
            sides.count < 2 ? "" : sides[1].removingPercentEncoding ?? ""
        )
    }
    return (segments, query)
}
