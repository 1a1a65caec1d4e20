import Foundation
import Workloads

/// `benchmark featurizer`: its own arguments, for it has parts.
enum FeaturizerArguments {
    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    static var help: String {
        let parts = FeaturizerBenchmark.Part.allCases.map { part in
            let name = part.rawValue + String(repeating: " ", count: 14 - part.rawValue.count)
            return "  \(name)\(part.summary)"
        }
        return """
            usage: benchmark featurizer [OPTION...]

              The featurizer as a process, from a Kafka topic to shapes published and kept in
              PostgreSQL: ratios of one run, in tables. Build it with -c release; it takes some ten
              minutes, and 2 GB of disk at a time under the folder for temporary files. It ends with
              an error where a result is wrong.

              --part NAME       only this part; may be given several times
              --peers           peers as well
              --events N        in a topic; 10,000,000 unless said
              --functions N     of the fleet, instead of 100,000 and then 1,000,000
              --form NAME       only json, protobuf or telemetry; may be given several times
              --passes N        of 100,000 functions; 3 unless said; 1,000,000 get a third of them
              --smoke           small, to see that it works

            parts:
            \(parts.joined(separator: "\n"))
            """
    }

    static func run(_ given: ArraySlice<String>) throws(Wrong) {
        if given.contains("--help") || given.contains("-h") { return print(help) }
        if given.first == "--fold" { return try fold(given.dropFirst()) }
        let options = try options(given)
        do {
            _ = try FeaturizerBenchmark(options).run(BenchmarkCommand.tell)
        } catch {
            throw Wrong(description: "\(error)")
        }
    }

    private static func options(
        _ given: ArraySlice<String>
    ) throws(Wrong) -> FeaturizerBenchmark.Options {
        var options = FeaturizerBenchmark.Options()
        if given.contains("--smoke") { options.size = .smoke }
        var (parts, forms) = ([FeaturizerBenchmark.Part](), [InvocationForm]())
        let hasPeers = given.contains("--peers")
        var arguments = given
        while let argument = arguments.popFirst() {
            switch argument {
            case "--smoke", "--peers": continue
            case "--part": parts.append(try value(argument, &arguments))
            case "--form": forms.append(try value(argument, &arguments))
            case "--events":
                options.size.events = try number(argument, &arguments, in: 100...1_000_000_000)
            case "--functions":
                let count = try number(argument, &arguments, in: 16...10_000_000)
                options.size.functionCounts = [count]
                options.size.restartFunctions = count
                options.size.rebalanceFunctions = count
            case "--passes": options.passes = try number(argument, &arguments, in: 1...1_000)
            default: throw Wrong(description: "\(argument): see benchmark featurizer --help")
            }
        }
        if !forms.isEmpty { options.forms = forms }
        if !parts.isEmpty { options.parts = parts }
        if hasPeers { options.parts.append(.peers) }
        return options
    }

    /// What runs under valgrind: FORM EVENTS ROUNDS.
    private static func fold(_ given: ArraySlice<String>) throws(Wrong) {
        var arguments = given
        let form: InvocationForm = try value("--fold", &arguments)
        let events = try number("--fold", &arguments, in: 1...10_000_000)
        let rounds = try number("--fold", &arguments, in: 1...1_000)
        do {
            print(try FeaturizerBenchmark.fold(form, events: events, rounds: rounds))
        } catch {
            throw Wrong(description: "\(error)")
        }
    }

    private static func value<Value: RawRepresentable & CaseIterable>(
        _ option: String, _ arguments: inout ArraySlice<String>
    ) throws(Wrong) -> Value where Value.RawValue == String {
        guard let value = arguments.popFirst().flatMap({ Value(rawValue: $0) }) else {
            let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw Wrong(description: "\(option): expected one of \(names)")
        }
        return value
    }

    private static func number(
        _ option: String, _ arguments: inout ArraySlice<String>, in range: ClosedRange<Int>
    ) throws(Wrong) -> Int {
        guard let number = arguments.popFirst().flatMap({ Int($0) }), range.contains(number) else {
            throw Wrong(
                description: "\(option): expected a number of "
                    + "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
