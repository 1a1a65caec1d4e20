/// Splits arguments into what the flags set and the bare words.
struct ArgumentReader {
    private(set) var declared: [any AnySetting] = []
    let families: [SettingFamily]
    /// By key; of a flag given twice the last counts, so that a script's can be overridden.
    private(set) var given: [String: Given] = [:]
    private(set) var bare: [String] = []
    private(set) var problems: [SettingsError.Problem] = []
    private(set) var helpAsked = false

    struct Given {
        let text: String
        /// The flag or the variable.
        let source: String
        /// The text names a file that holds the value.
        var isFile = false
    }

    init(declaring settings: [any AnySetting], families: [SettingFamily] = []) {
        self.families = families
        declare(settings)
    }

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
        guard let target = target(of: flag) else {
            let shown = String(flag.prefix(Limits.shownCharacters))
            problems.append(.unknownFlag(shown, nearest: nearest(to: shown, among: choices)))
            // What follows is most likely its value, and would be a second complaint.
            if parts.count == 1, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            return
        }
        let text: String
        if parts.count == 2 {
            text = String(parts[1])
        } else if target.isSwitch {
            text = "true"
        } else if let next = rest.first, !next.hasPrefix("--") {
            text = next
            rest.removeFirst()
        } else {
            problems.append(.valueMissing(flag: flag))
            given[target.key] = nil
            return
        }
        // Whoever lists the machine's processes sees their arguments.
        guard !target.isSecret || target.isFile else {
            problems.append(.secretArgument(flag: flag, variable: target.variable))
            return
        }
        given[target.key] = Given(text: text, source: flag, isFile: target.isFile)
    }

    private func target(of flag: String) -> Target? {
        for setting in declared {
            let isFile = setting.isSecret && flag == setting.fileFlag
            guard isFile || flag == setting.flag else { continue }
            return Target(
                key: setting.key, isSwitch: setting.isSwitch, isSecret: setting.isSecret,
                isFile: isFile, variable: setting.variable)
        }
        return families.lazy.compactMap { $0.target(flag: flag) }.first
    }

    /// What could have been meant by a flag that is none.
    private var choices: [String] {
        declared.map { $0.isSecret ? $0.fileFlag : $0.flag } + ["--help"]
    }
}
