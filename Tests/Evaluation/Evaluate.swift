import Foundation

/// Runs the libraries of the stages over a trace, beside the baselines: `evaluate packing --help`.
///
/// A table for people goes to stderr and one JSON object to stdout.
@main struct Evaluate {
    static let planned = [
        "anticorrelation", "representation", "identity", "success", "popularity", "canaries",
        "quality-of-service",
    ]

    static let help = """
        usage: evaluate packing --utilisation FILE --layout columns|rows|planetlab
                   --train-days N --test-days M --capacity C [options]

          Places every series of FILE on as few workers of capacity C as its first N days suggest,
          and scores the placement on the M days after them, beside the baselines.

          --layout columns     a header of ids, then a row a slot
          --layout rows        a row a series, no header, -1 where missing
          --layout planetlab   a header, then rows of date, vm and a day's slots; joined by vm
          --slots-per-day S    288 unless said
          --scale X            what a number is worth in the unit of C; 1 unless said
          --min-mean U         leave out series whose mean over the first N days is below U
          --budget B           share of worker-slots that may exceed C (gaussian); 0.001 unless said
          --deviations Z       room for noise of our own policy; 2 unless said
          --seed K             accepted for likeness; packing draws no random numbers

        not built yet: \(planned.joined(separator: ", "))
        """

    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        guard let command = arguments.first, command != "--help", command != "-h" else {
            say(help)
            exit(arguments.isEmpty ? 2 : 0)
        }
        arguments.removeFirst()
        if planned.contains(command) {
            say("evaluate \(command): not built yet")
            exit(2)
        }
        guard command == "packing" else {
            say("evaluate: no command \"\(command)\"; see evaluate --help")
            exit(2)
        }
        if arguments.contains("--help") {
            say(help)
            exit(0)
        }
        do {
            print(try PackingCommand(arguments).run())
        } catch {
            say("evaluate packing: \(error)")
            exit(1)
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

/// Flags and their values.
struct Flags {
    private var values: [String: String] = [:]

    init(_ arguments: [String], known: [String]) throws {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
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
}
