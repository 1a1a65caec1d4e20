/// Splits arguments into what the flags set and the bare words.
struct ArgumentReader {
    private(set) var declared: [any AnySetting] = []
    /// By key; of a flag given twice the last counts, so that a script's can be overridden.
    private(set) var given: [String: Given] = [:]
    private(set) var bare: [String] = []
    private(set) var problems: [SettingsError.Problem] = []
    private(set) var helpAsked = false

    struct Given {
        let text: String
        /// The flag or the variable.
        let source: String
    }

    init(declaring settings: [any AnySetting]) { declare(settings) }

    mutating func declare(_ settings: [any AnySetting]) {
        declared += settings
        let flags = declared.map(\.flag)
        precondition(Set(flags).count == flags.count, "two settings have the same flag: \(flags)")
    }

    /// - Returns: what it did not read: with `stopsAtBareWord`, from the first bare word on.
    @discardableResult
    mutating func read(
        _ arguments: ArraySlice<String>, stopsAtBareWord: Bool
    ) -> ArraySlice<String> {
        var rest = arguments
        while let argument = rest.first {
            guard argument.hasPrefix("-"), argument != "-" else {
                if stopsAtBareWord { return rest }
                bare.append(argument)
                rest.removeFirst()
                continue
            }
            rest.removeFirst()
            if argument == "--" {
                bare += rest
                return []
            }
            if argument == "--help" || argument == "-h" {
                helpAsked = true
            } else {
                readFlag(argument, &rest)
            }
        }
        return rest
    }

    /// Words that may be a secret's value gone astray are not repeated.
    func shown(_ word: String) -> String {
        declared.contains(where: \.isSecret)
            ? "an argument (not shown: it may be a secret)"
            : "\"\(word.prefix(Limits.shownCharacters))\""
    }

    private mutating func readFlag(_ argument: String, _ rest: inout ArraySlice<String>) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let flag = String(parts[0])
        guard let setting = declared.first(where: { $0.flag == flag }) else {
            let shown = String(flag.prefix(Limits.shownCharacters))
            let flags = declared.map(\.flag) + ["--help"]
            problems.append(.unknownFlag(shown, nearest: nearest(to: shown, among: flags)))
            // What follows is most likely its value, and would be a second complaint.
            if parts.count == 1, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            return
        }
        if parts.count == 2 {
            given[setting.key] = Given(text: String(parts[1]), source: flag)
        } else if setting.isSwitch {
            given[setting.key] = Given(text: "true", source: flag)
        } else if let next = rest.first, !next.hasPrefix("--") {
            given[setting.key] = Given(text: next, source: flag)
            rest.removeFirst()
        } else {
            problems.append(.valueMissing(flag: flag))
            given[setting.key] = nil
        }
    }
}
