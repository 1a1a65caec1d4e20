import Foundation

/// Runs the libraries of the stages over a trace, beside the baselines: `evaluate packing --help`.
///
/// A table for people goes to stderr and one JSON object to stdout.
@main struct Evaluate {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        guard let command = arguments.first, command != "--help", command != "-h" else {
            say(help)
            exit(arguments.isEmpty ? 2 : 0)
        }
        arguments.removeFirst()
        if arguments.contains("--help") {
            say(help)
            exit(0)
        }
        do {
            guard let result = try run(command, arguments) else {
                say("evaluate: no command \"\(command)\"; see evaluate --help")
                exit(2)
            }
            print(result)
        } catch {
            say("evaluate \(command): \(error)")
            exit(1)
        }
    }

    /// - Returns: the JSON object; nil when there is no such command.
    static func run(_ command: String, _ arguments: [String]) throws -> String? {
        switch command {
        case "packing": try PackingCommand(arguments).run()
        case "quality-of-service": try QualityOfServiceCommand(arguments).run()
        case "representation": try RepresentationCommand(arguments).run()
        case "canaries": try CanariesCommand(arguments).run()
        case "success": try SuccessCommand(arguments).run()
        case "identity": try IdentityCommand(arguments).run()
        case "anticorrelation": try AnticorrelationCommand(arguments).run()
        case "closed-loop": try ClosedLoopCommand(arguments).run()
        case "popularity": try PopularityCommand(arguments).run()
        case "plan": try PlanCommand(arguments).run()
        case "fairness": try FairnessCommand(arguments).run()
        default: nil
        }
    }
}

/// For people, while the result goes to stdout.
func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// What was wrong with the arguments or the input.
struct EvaluationError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Flags and their values, and what stands without a flag.
struct Flags {
    private var values: [String: String] = [:]
    private(set) var files: [String] = []

    /// - Parameter files: how many may stand without a flag.
    init(_ arguments: [String], known: [String], files filesMax: Int = 0) throws {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if !flag.hasPrefix("-"), files.count < filesMax {
                files.append(flag)
                continue
            }
            guard known.contains(flag) else {
                throw EvaluationError(
                    "unknown flag \(flag), expected one of \(known.joined(separator: " "))")
            }
            guard let value = rest.popFirst() else {
                throw EvaluationError("\(flag) has no value")
            }
            values[flag] = value
        }
    }

    func text(_ flag: String) throws -> String {
        guard let value = values[flag] else { throw EvaluationError("\(flag) is missing") }
        return value
    }

    mutating func set(_ flag: String, _ value: String) { values[flag] = value }

    func file() throws -> String {
        guard let file = files.first else { throw EvaluationError("a FILE is missing") }
        return file
    }

    func number(_ flag: String, default fallback: Double? = nil) throws -> Double {
        guard values[flag] != nil || fallback == nil else { return fallback ?? 0 }
        let value = try text(flag)
        guard let number = Double(value), number.isFinite else {
            throw EvaluationError("\(flag) is \"\(value)\", expected a number")
        }
        return number
    }

    func count(_ flag: String, default fallback: Int? = nil) throws -> Int {
        let number = try number(flag, default: fallback.map(Double.init))
        guard number >= 1, number <= 1e6, number == number.rounded() else {
            throw EvaluationError("\(flag) is \(number), expected a whole number from 1")
        }
        return Int(number)
    }

    func has(_ flag: String) -> Bool { values[flag] != nil }

    func seed() throws -> UInt64 {
        guard let value = values["--seed"] else { return 1 }
        guard let seed = UInt64(value) else {
            throw EvaluationError("--seed is \"\(value)\", expected a whole number from 0")
        }
        return seed
    }

    /// Whether how long things took is in the result: it differs from run to run.
    func timed() throws -> Bool {
        guard let value = values["--timings"] else { return true }
        guard value == "on" || value == "off" else {
            throw EvaluationError("--timings is \"\(value)\", expected on or off")
        }
        return value == "on"
    }
}
