/// A program, or one of the things it does: `fleet replay --format azure2019 DIR`.
public struct Command: Sendable {
    public let name: String
    /// What it does, in one line.
    public let summary: String
    public let positional: [Positional]
    /// A subcommand has these and its own.
    public let settings: [any AnySetting]
    /// Those that others name; of subcommands, too.
    public let families: [SettingFamily]
    public let subcommands: [Command]

    /// - Precondition: a command with subcommands has no positional arguments.
    public init(
        name: String, summary: String, positional: [Positional] = [],
        settings: [any AnySetting] = [], families: [SettingFamily] = [],
        subcommands: [Command] = []
    ) {
        precondition(
            subcommands.isEmpty || positional.isEmpty,
            "command \(name) has subcommands and positional arguments")
        self.name = name
        self.summary = summary
        self.positional = positional
        self.settings = settings
        self.families = families
        self.subcommands = subcommands
    }

    /// What the arguments ask for.
    public enum Parsed: Sendable {
        /// To print on standard output; the program then ends with success.
        case help(String)
        /// - Parameter command: the subcommand's name, or the program's own when it has none.
        case run(command: String, Settings)
    }

    /// - Parameter arguments: without the program's name.
    /// - Parameter readFile: for secrets that are kept in files.
    /// - Throws: as `Settings.init`, and when a subcommand is missing or unknown.
    public func parse(
        arguments: [String], environment: [String: String], readFile: FileReader = noFiles
    ) throws(SettingsError) -> Parsed {
        var path = [self]
        var reader = ArgumentReader(declaring: settings, families: families)
        var rest = arguments[...]
        while let command = path.last {
            rest = reader.read(rest, stopsAtBareWord: !command.subcommands.isEmpty)
            if reader.helpAsked { return .help(helpText(of: path)) }
            if command.subcommands.isEmpty { break }
            let choices = command.subcommands.map(\.name)
            guard let word = rest.popFirst() else {
                throw SettingsError(reader.problems + [.commandMissing(choices: choices)])
            }
            guard let next = command.subcommands.first(where: { $0.name == word }) else {
                let nearest = nearest(to: word, among: choices)
                throw SettingsError(
                    reader.problems + [.unknownCommand(reader.shown(word), nearest: nearest)])
            }
            reader.declare(next.settings)
            path.append(next)
        }
        let chosen = path[path.count - 1]
        return .run(
            command: chosen.name,
            try Settings(
                reader, positional: chosen.positional, environment: environment,
                readFile: readFile))
    }

    /// The text of `--help`; `parse` finds that of a subcommand.
    public var help: String { helpText(of: [self]) }
}

/// An argument known by its place.
public struct Positional: Sendable {
    /// In capitals, as `--help` shows it: "DIR".
    public let name: String
    public let help: String
    /// How often it may be given; all but the last positional argument take their least count.
    public let count: ClosedRange<Int>

    public init(_ name: String, count: ClosedRange<Int> = 1...1, _ help: String) {
        precondition(count.lowerBound >= 0, "argument \(name) cannot be given \(count) times")
        self.name = name
        self.help = help
        self.count = count
    }

    var usage: String {
        let once = count.upperBound > 1 ? "\(name)..." : name
        return count.lowerBound == 0 ? "[\(once)]" : once
    }
}

/// Gives each positional argument its words, in order.
func assign(
    _ words: [String], to positional: [Positional]
) -> (assigned: [String: [String]], missing: [String], unexpected: [String]) {
    var rest = words[...]
    var assigned: [String: [String]] = [:]
    var missing: [String] = []
    for (index, argument) in positional.enumerated() {
        let isLast = index == positional.count - 1
        let wanted = isLast ? argument.count.upperBound : max(1, argument.count.lowerBound)
        let given = Array(rest.prefix(wanted))
        rest = rest.dropFirst(given.count)
        assigned[argument.name] = given
        if given.count < argument.count.lowerBound { missing.append(argument.name) }
    }
    return (assigned, missing, Array(rest))
}
