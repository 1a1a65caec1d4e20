import Foundation

/// What is wrong with a text that a reader gets: looked at by scalars, as readers do.
enum Shown {
    /// Controls, C1 included, and what turns the direction of writing; line breaks are fine.
    static func steering(_ text: String) -> [String] {
        text.unicodeScalars.filter { scalar in
            switch scalar.value {
            case 0x0A, 0x0D, 0x09: false
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
            default: false
            }
        }.map { "U+" + String($0.value, radix: 16) }
    }

    private static let tags: Set<String> = [
        "html", "head", "meta", "title", "link", "script", "body", "header", "nav", "main",
        "section", "footer", "div", "h1", "h2", "h3", "p", "span", "strong", "code", "a", "time",
        "ul",
        "ol", "li", "dl", "dt", "dd", "br", "table", "caption", "thead", "tbody", "tr", "th", "td",
        "form", "label", "input", "button", "figure", "figcaption", "svg", "desc", "g", "path",
        "line",
        "rect", "text",
    ]

    /// Every "<" must begin a tag of ours whose attributes are ours and quoted; one script, by
    /// address.
    static func faults(inHTML html: String) -> [String] {
        var faults: [String] = []
        var scripts = 0
        let scalars = Array(html.unicodeScalars)
        var at = 0
        while at < scalars.count {
            guard scalars[at] == "<" else {
                if scalars[at] == ">" { faults.append("a > outside a tag at \(at)") }
                at += 1
                continue
            }
            guard let end = endOfTag(scalars, at) else { return faults + ["an open tag at \(at)"] }
            var tag = String.UnicodeScalarView()
            tag.append(contentsOf: scalars[at + 1..<end])
            let text = String(tag)
            at = end + 1
            if text == "!DOCTYPE html" { continue }
            let parts = text.hasPrefix("/") ? String(text.dropFirst()) : text
            let name = String(parts.prefix { $0 != " " })
            if !tags.contains(name) { faults.append("<\(name)>") }
            for attribute in attributes(of: parts) {
                if attribute.lowercased().hasPrefix("on") || attribute == "style" {
                    faults.append("attribute \(attribute)")
                }
            }
            if text.contains("javascript:") { faults.append("a script's address: \(text)") }
            if name == "script", !text.hasPrefix("/") {
                scripts += 1
                if !text.contains("src=\"/assets/dashboard.js\"") { faults.append(text) }
            }
        }
        return scripts == 1 ? faults : faults + ["\(scripts) scripts"]
    }

    /// Outside quotation marks.
    private static func endOfTag(_ scalars: [Unicode.Scalar], _ start: Int) -> Int? {
        var isQuoted = false
        for at in start + 1..<scalars.count {
            if scalars[at] == "\"" { isQuoted.toggle() }
            if scalars[at] == ">", !isQuoted { return at }
            if scalars[at] == "<" { return nil }
        }
        return nil
    }

    private static func attributes(of tag: String) -> [String] {
        var names: [String] = []
        var name = ""
        var isQuoted = false
        for scalar in tag.unicodeScalars {
            if scalar == "\"" { isQuoted.toggle() }
            if isQuoted { continue }
            if scalar == " " || scalar == "=" {
                if scalar == "=" { names.append(name) }
                name = ""
            } else {
                name.unicodeScalars.append(scalar)
            }
        }
        return names
    }

    /// Rows of a CSV text as RFC 4180 reads them, by bytes.
    static func rows(ofCSV text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if isQuoted {
                if byte == UInt8(ascii: "\""), at + 1 < bytes.count, bytes[at + 1] == byte {
                    field.append(byte)
                    at += 1
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                } else {
                    field.append(byte)
                }
            } else if byte == UInt8(ascii: "\""), field.isEmpty {
                isQuoted = true
            } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") {
                if field.last == UInt8(ascii: "\r") { field.removeLast() }
                row.append(String(decoding: field, as: UTF8.self))
                field = []
                if byte == UInt8(ascii: "\n") {
                    rows.append(row)
                    row = []
                }
            } else {
                field.append(byte)
            }
            at += 1
        }
        return rows
    }
}
