/// What was set: arguments over environment over defaults, all of it checked.
///
/// Neither printing nor dumping it shows a secret, or anything else.
public struct Settings: Sendable {
    private let values: [String: any Sendable]
    private let positional: [String: [String]]
    /// By prefix, then by name.
    private let families: [String: [String: String]]
    /// For the log at start: every setting in the order declared, secrets hidden.
    public let effective: [Effective]

    public struct Effective: Equatable, Sendable {
        public let key: String
        public let value: String
        /// The flag or variable that set it, "default" otherwise.
        public let source: String
    }

    /// - Parameter arguments: without the program's name.
    /// - Throws: when an argument names no declared setting, and when a declared one is missing,
    ///   unreadable or out of its range.
    public init(
        _ declared: [any AnySetting], families: [SettingFamily] = [], arguments: [String],
        environment: [String: String], readFile: FileReader = noFiles
    ) throws(SettingsError) {
        var reader = ArgumentReader(declaring: declared, families: families)
        reader.read(arguments[...], stopsAtBareWord: false)
        try self.init(reader, positional: [], environment: environment, readFile: readFile)
    }

    /// A setting's value.
    ///
    /// - Precondition: it was declared; all else was checked when the settings were read.
    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        guard let value = values[setting.key] as? Value else {
            preconditionFailure("setting \(setting.key) was not declared as \(Value.self)")
        }
        return value
    }

    /// What was set of a family, by name.
    ///
    /// - Precondition: it was declared.
    public subscript(_ family: SettingFamily) -> [String: String] {
        guard let given = families[family.prefix] else {
            preconditionFailure("settings \(family.prefix).* were not declared")
        }
        return given
    }

    /// The arguments given for it, as many as its count allows.
    public subscript(_ argument: Positional) -> [String] {
        guard let given = positional[argument.name] else {
            preconditionFailure("argument \(argument.name) was not declared")
        }
        return given
    }

    init(
        _ reader: ArgumentReader, positional: [Positional], environment: [String: String],
        readFile: FileReader
    ) throws(SettingsError) {
        var problems = reader.problems
        var values: [String: any Sendable] = [:]
        var effective: [Effective] = []
        for setting in reader.declared {
            do throws(SettingsError.Problem) {
                var given = reader.given[setting.key]
                if given == nil { given = try variable(of: setting, in: environment) }
                given = try opened(given, readFile)
                let text = given?.text ?? setting.defaultText ?? ""
                effective.append(
                    Effective(
                        key: setting.key,
                        value: setting.isSecret && !text.isEmpty ? "(secret)" : text,
                        source: given?.source ?? "default"))
                values[setting.key] = try value(of: setting, given)
            } catch {
                problems.append(error)
            }
        }
        var families: [String: [String: String]] = [:]
        for family in reader.families {
            let read = FamilyReading(family, reader, environment, readFile)
            families[family.prefix] = read.values
            effective += read.effective
            problems += read.problems
        }
        let arguments = assign(reader.bare, to: positional)
        problems += arguments.missing.map { .positionalMissing($0) }
        problems += arguments.unexpected.map { .unexpectedArgument(reader.shown($0)) }
        guard problems.isEmpty else { throw SettingsError(problems) }
        self.values = values
        self.families = families
        self.positional = arguments.assigned
        self.effective = effective
    }
}

extension Settings: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(effective.count) settings" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// An empty variable counts as unset: compose files pass on what nobody set as empty.
private func variable(
    of setting: any AnySetting, in environment: [String: String]
) throws(SettingsError.Problem) -> ArgumentReader.Given? {
    let text = environment[setting.variable] ?? ""
    let path = setting.isSecret ? environment[setting.fileVariable] ?? "" : ""
    guard text.isEmpty || path.isEmpty else {
        throw .twoSources(variable: setting.variable, fileVariable: setting.fileVariable)
    }
    if !path.isEmpty { return .init(text: path, source: setting.fileVariable, isFile: true) }
    return text.isEmpty ? nil : .init(text: text, source: setting.variable)
}

private func value(
    of setting: any AnySetting, _ given: ArgumentReader.Given?
) throws(SettingsError.Problem) -> any Sendable {
    guard let given else {
        guard let fallback = setting.fallback else {
            throw .required(flag: setting.flag, variable: setting.variable)
        }
        return fallback
    }
    do throws(Expected) {
        return try setting.read(given.text)
    } catch {
        let got = setting.isSecret ? "(secret)" : "\"\(given.text.prefix(Limits.shownCharacters))\""
        throw .unexpectedValue(source: given.source, got: got, expected: error.description)
    }
}

extension SettingsError.Problem: Error {}
