extension Settings {
    /// The README's table of settings, in the order given.
    public static func markdownTable(of settings: [any AnySetting]) -> String {
        let header = "| setting | environment | default | range | meaning |\n"
        let rule = "| --- | --- | --- | --- | --- |\n"
        return header + rule + settings.map(row).joined()
    }
}

private func row(_ setting: any AnySetting) -> String {
    let unit = setting.unit.map { " \($0)" } ?? ""
    let fallback =
        switch setting.defaultText {
        case nil: "required"
        case "": "none"
        case let text?: "`\(text)`\(unit)"
        }
    let cells = [
        "`\(setting.shownFlag)`",
        setting.isSecret
            ? "`\(setting.variable)`, `\(setting.fileVariable)`" : "`\(setting.variable)`",
        fallback,
        setting.rangeText.map { $0 + unit } ?? "",
        setting.help + (setting.isSecret ? " (secret)" : ""),
    ]
    let escaped = cells.map { $0.map { $0 == "|" ? "\\|" : String($0) }.joined() }
    return "| " + escaped.joined(separator: " | ") + " |\n"
}
