/// Why the settings cannot be used: everything wrong with them at once.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
    public let problems: [Problem]

    public init(_ problems: [Problem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }

    public enum Problem: Equatable, Sendable, CustomStringConvertible {
        case unknownFlag(String, nearest: String?)
        case unknownCommand(String, nearest: String?)
        case commandMissing(choices: [String])
        case valueMissing(flag: String)
        case required(flag: String, variable: String)
        /// - Parameter source: the flag or the variable.
        case unexpectedValue(source: String, got: String, expected: String)
        /// A secret was given where every user of the machine can read it.
        case secretArgument(flag: String, variable: String)
        case twoSources(variable: String, fileVariable: String)
        case unreadableFile(source: String, path: String, reason: String)
        /// - Parameter reason: without the value of a secret.
        case refused(source: String, reason: String)
        case unknownVariable(String, nearest: String?)
        case positionalMissing(String)
        case unexpectedArgument(String)

        public var description: String {
            switch self {
            case .unknownFlag(let flag, let nearest):
                "\(flag) names no setting; \(hint(nearest, otherwise: "--help lists them"))"
            case .unknownCommand(let command, let nearest):
                "\(command) names no command; \(hint(nearest, otherwise: "--help lists them"))"
            case .commandMissing(let choices):
                "a command is missing, expected one of \(choices.joined(separator: ", "))"
            case .valueMissing(let flag): "\(flag) needs a value"
            case .required(let flag, let variable): "\(flag) or \(variable) must be set"
            case .unexpectedValue(let source, let got, let expected):
                "\(source) is \(got), expected \(expected)"
            case .secretArgument(let flag, let variable):
                "\(flag) is a secret, and arguments are seen by all who list processes: "
                    + "set \(variable), or name its file by \(flag)-file or \(variable)_FILE "
                    + "(and change it, if it was one)"
            case .twoSources(let variable, let fileVariable):
                "\(variable) and \(fileVariable) are both set, expected one of them"
            case .unreadableFile(let source, let path, let reason):
                "\(source) names the file \(path), which cannot be used: \(reason)"
            case .refused(let source, let reason): "\(source): \(reason)"
            case .unknownVariable(let variable, let nearest):
                "\(variable) names no setting; "
                    + hint(nearest, otherwise: "if another program's, unset it here")
            case .positionalMissing(let name): "the argument \(name) is missing"
            case .unexpectedArgument(let argument): "\(argument) is one argument too many"
            }
        }

        private func hint(_ nearest: String?, otherwise: String) -> String {
            nearest.map { "the nearest is \($0)" } ?? otherwise
        }
    }
}
