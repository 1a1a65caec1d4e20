/// What arguments and environment say of a family of settings.
struct FamilyReading {
    private(set) var values: [String: String] = [:]
    private(set) var effective: [Settings.Effective] = []
    private(set) var problems: [SettingsError.Problem] = []

    init(
        _ family: SettingFamily, _ reader: ArgumentReader, _ environment: [String: String],
        _ readFile: FileReader
    ) {
        var given = Self.variables(of: family, reader, environment, &problems)
        for (key, value) in reader.given where Self.name(key, of: family, reader) != nil {
            given[key] = value
        }
        for (key, found) in given.sorted(by: { $0.key < $1.key }) {
            guard let asked = Self.name(key, of: family, reader) else { continue }
            // A few names have an underscore, which a flag and a variable cannot tell from a dot.
            let known = family.names()
            guard let name = known.first(where: { $0.map { $0 == "_" ? "." : $0 } == Array(asked) })
            else {
                problems.append(Self.unknown(asked, found.source, family, known))
                continue
            }
            do throws(SettingsError.Problem) {
                guard let found = try opened(found, readFile) else { continue }
                if let reason = family.refusal(name, found.text) {
                    throw .refused(source: found.source, reason: reason)
                }
                values[name] = found.text
                effective.append(
                    .init(
                        key: "\(family.prefix).\(name)",
                        value: family.isSecret(name) ? "(secret)" : found.text,
                        source: found.source))
            } catch {
                problems.append(error)
            }
        }
    }

    private static func variables(
        of family: SettingFamily, _ reader: ArgumentReader, _ environment: [String: String],
        _ problems: inout [SettingsError.Problem]
    ) -> [String: ArgumentReader.Given] {
        let declared = Set(reader.declared.flatMap { [$0.variable, $0.fileVariable] })
        var given: [String: ArgumentReader.Given] = [:]
        for (variable, text) in environment.sorted(by: { $0.key < $1.key })
        where !text.isEmpty && !declared.contains(variable) {
            guard let target = family.target(variable: variable) else { continue }
            if let other = given[target.key] {
                problems.append(.twoSources(variable: other.source, fileVariable: variable))
            }
            given[target.key] = .init(text: text, source: variable, isFile: target.isFile)
        }
        return given
    }

    /// A key's name in the family; nil when it is not of it.
    private static func name(
        _ key: String, of family: SettingFamily, _ reader: ArgumentReader
    ) -> String? {
        guard key.hasPrefix(family.prefix + "."),
            !reader.declared.contains(where: { $0.key == key })
        else { return nil }
        return String(key.dropFirst(family.prefix.count + 1))
    }

    private static func unknown(
        _ name: String, _ source: String, _ family: SettingFamily, _ known: [String]
    ) -> SettingsError.Problem {
        let shown = String(source.prefix(Limits.shownCharacters))
        let near = nearest(to: String(name.prefix(Limits.shownCharacters)), among: known)
        return source.hasPrefix("--")
            ? .unknownFlag(shown, nearest: near.map(family.flag(of:)))
            : .unknownVariable(shown, nearest: near.map(family.variable(of:)))
    }
}

/// What was given, or what is in the file that was: without the line break at its end.
func opened(
    _ given: ArgumentReader.Given?, _ readFile: FileReader
) throws(SettingsError.Problem) -> ArgumentReader.Given? {
    guard let given, given.isFile else { return given }
    let path = String(given.text.prefix(Limits.shownCharacters))
    var bytes: [UInt8]
    do throws(UnreadableFile) {
        bytes = try readFile(given.text)
    } catch {
        throw .unreadableFile(source: given.source, path: path, reason: error.reason)
    }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty,
        !bytes.contains(0)
    else {
        throw .unreadableFile(
            source: given.source, path: path, reason: "it is empty, or holds no text")
    }
    return .init(text: text, source: given.source)
}

/// For settings that are read where there are no files.
public func noFiles(_ path: String) throws(UnreadableFile) -> [UInt8] {
    throw UnreadableFile(reason: "files are not read here")
}
