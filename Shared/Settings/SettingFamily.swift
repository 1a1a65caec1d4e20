/// Settings that another program names: `kafka.` before any property of its client.
///
/// `kafka.ssl.ca.location` is the flag `--kafka-ssl-ca-location` and the environment variable
/// `KAFKA_SSL_CA_LOCATION`. A declared setting of the same name counts first.
public struct SettingFamily: Sendable {
    /// The first part of every key: "kafka".
    public let prefix: String
    public let help: String
    /// All names there are, without the prefix.
    let names: @Sendable () -> [String]
    let isSecret: @Sendable (_ name: String) -> Bool
    let refusal: @Sendable (_ name: String, _ value: String) -> String?
    /// Beginnings of variables that belong to other programs, without the prefix.
    let foreign: [String]

    /// - Parameters:
    ///   - isSecret: whether a name's value is never shown, and not taken from an argument.
    ///   - refusal: why a value is not taken, without the value of a secret; nil when it is.
    ///   - foreign: how variables of other programs go on after the prefix: `HEAP_OPTS`.
    public init(
        _ prefix: String, _ help: String, names: @escaping @Sendable () -> [String],
        isSecret: @escaping @Sendable (_ name: String) -> Bool,
        refusal: @escaping @Sendable (_ name: String, _ value: String) -> String?,
        foreign: [String] = []
    ) {
        self.prefix = prefix
        self.help = help
        self.names = names
        self.isSecret = isSecret
        self.refusal = refusal
        self.foreign = foreign
    }

    /// Of a flag or a variable; nil when it is not of this family.
    func target(flag: String) -> Target? {
        target(flag, after: "--\(prefix)-", of: "-", isVariable: false)
    }

    func target(variable: String) -> Target? {
        guard !foreign.contains(where: { variable.hasPrefix("\(prefix.uppercased())_\($0)") })
        else { return nil }
        return target(variable, after: "\(prefix.uppercased())_", of: "_", isVariable: true)
    }

    /// How a name is written as a flag or as a variable.
    func flag(of name: String) -> String { "--\(prefix)-" + written(name, "-") }
    func variable(of name: String) -> String {
        "\(prefix.uppercased())_" + written(name, "_").uppercased()
    }

    private func written(_ name: String, _ separator: String) -> String {
        name.map { $0 == "." || $0 == "_" ? separator : String($0) }.joined()
    }

    private func target(
        _ word: String, after start: String, of separator: Character, isVariable: Bool
    ) -> Target? {
        guard word.hasPrefix(start), word.count > start.count else { return nil }
        let rest = word.dropFirst(start.count)
        var name = String(
            (isVariable ? rest.lowercased() : String(rest)).map { $0 == separator ? "." : $0 })
        var isFile = false
        if name.hasSuffix(".file"), isSecret(String(name.dropLast(5))) {
            name.removeLast(5)
            isFile = true
        }
        return Target(
            key: "\(prefix).\(name)", isSwitch: false, isSecret: isSecret(name), isFile: isFile,
            variable: variable(of: name))
    }
}

/// What a flag or a variable sets.
struct Target {
    let key: String
    let isSwitch: Bool
    let isSecret: Bool
    /// Its value is the name of a file that holds the setting's.
    let isFile: Bool
    /// The variable of the setting itself.
    let variable: String
}

/// Reads a small file whole.
public typealias FileReader = (_ path: String) throws(UnreadableFile) -> [UInt8]

/// Why a file was not read.
public struct UnreadableFile: Error {
    public let reason: String
    public init(reason: String) { self.reason = reason }
}
