/// The text of `--help` for the last command of `path`, whose earlier ones lead to it.
func helpText(of path: [Command]) -> String {
    guard let command = path.last else { return "" }
    let settings = path.flatMap(\.settings)
    let families = path.flatMap(\.families)
    var lines = wrapped("\(path.map(\.name).joined(separator: " ")): \(command.summary)", 0)
    lines += ["", usage(of: path)]
    if !command.subcommands.isEmpty {
        lines += ["", "commands:"]
        lines += columns(command.subcommands.map { ("  \($0.name)", [$0.summary]) })
    }
    if !command.positional.isEmpty {
        lines += ["", "arguments:"]
        lines += columns(command.positional.map { ("  \($0.name)", [$0.help]) })
    }
    lines += ["", "settings, by flag or environment variable (the flag counts first):"]
    lines += settingLines(settings, families)
    if settings.contains(where: \.isSecret) || !families.isEmpty {
        lines.append("")
        lines += wrapped(secretsText, 0)
    }
    return lines.joined(separator: "\n") + "\n"
}

private let secretsText = """
    Secrets are taken from the environment or from a file (a line break at its end does not count), \
    never from an argument, which everyone who lists processes could read; they are never printed.
    """

private func usage(of path: [Command]) -> String {
    guard let command = path.last else { return "" }
    var words = path.map(\.name)
    if !command.subcommands.isEmpty { words.append("COMMAND") }
    words.append("[--SETTING VALUE]...")
    words += command.positional.map(\.usage)
    return "usage: " + words.joined(separator: " ")
}

/// Groups in the order in which they first appear; all of them aligned alike.
private func settingLines(
    _ settings: [any AnySetting], _ families: [SettingFamily]
) -> [String] {
    var groups: [String] = []
    for setting in settings where !groups.contains(setting.group) { groups.append(setting.group) }
    var rows: [(left: String, right: [String])] = []
    for group in groups {
        rows.append(("", []))
        rows.append(("  \(group)", []))
        for setting in settings where setting.group == group {
            rows.append(("    \(setting.shownFlag)", [setting.help, facts(of: setting)]))
        }
        for family in families where family.prefix == group {
            let variable = "\(family.prefix.uppercased())_PROPERTY"
            rows.append(
                (
                    "    --\(family.prefix)-PROPERTY TEXT",
                    [family.help, "default: none; \(variable); of a secret \(variable)_FILE"]
                ))
        }
    }
    return columns(rows + [("", []), ("    --help, -h", ["show this text"])])
}

extension AnySetting {
    /// With its value: `--checkpoint-interval-ms N`; of a secret the flag that names its file.
    var shownFlag: String {
        isSecret ? "\(fileFlag) FILE" : isSwitch ? flag : "\(flag) \(placeholder)"
    }
    var shownVariable: String { isSecret ? "\(variable) or \(fileVariable)" : variable }
}

/// "default 1000 ms; 1 to 60000 ms; CHECKPOINT_INTERVAL_MS"
private func facts(of setting: any AnySetting) -> String {
    let unit = setting.unit.map { " \($0)" } ?? ""
    var facts: [String] = []
    switch setting.defaultText {
    case nil: facts.append("required")
    case "": facts.append("default: none")
    case let text?: facts.append("default: \(text)\(unit)")
    }
    if let range = setting.rangeText { facts.append("\(range)\(unit)") }
    if setting.rangeText == nil, let unit = setting.unit { facts.append("in \(unit)") }
    if setting.isSecret { facts.append("secret") }
    return (facts + [setting.shownVariable]).joined(separator: "; ")
}

/// Two columns; a left side too long for its column has a line to itself.
private func columns(_ rows: [(left: String, right: [String])]) -> [String] {
    let longest = rows.filter { !$0.right.isEmpty }.map(\.left.count).max() ?? 0
    let column = min(longest, Limits.helpColumns * 2 / 5) + 2
    var lines: [String] = []
    for (left, right) in rows {
        var texts = right.flatMap { wrapped($0, column) }
        if left.count + 2 <= column, let first = texts.first {
            let gap = String(repeating: " ", count: column - left.count)
            texts[0] = left + gap + first.dropFirst(column)
        } else {
            texts.insert(left, at: 0)
        }
        lines += texts
    }
    return lines
}

/// Breaks between words so that no line has more columns than `Limits.helpColumns`.
private func wrapped(_ text: String, _ indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, indent + line.count + 1 + word.count > Limits.helpColumns {
            lines.append(margin + line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return lines + (line.isEmpty ? [] : [margin + line])
}
