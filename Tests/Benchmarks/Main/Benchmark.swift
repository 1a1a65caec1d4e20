import Foundation
import Workloads

/// Measures the work of the stages, without a network, and the broker: `benchmark --help`.
@main struct BenchmarkCommand {
    static var help: String {
        let list = Benchmark.all.map { benchmark in
            let padded = benchmark.name + String(repeating: " ", count: 18 - benchmark.name.count)
            let against = benchmark.baselineName.map { "; beside \($0)" } ?? ""
            let asked = benchmark.isUnasked ? "" : "; only when named"
            return "  \(padded)\(benchmark.summary)\(against)\(asked)"
        }
        return """
            usage: benchmark [NAME...] [--smoke] [--passes N]
                   benchmark broker|bridge|first-prediction|placement [--smoke] [--passes N]
                   benchmark featurizer [--help | OPTION...]

              Measures all of them, or those named: how many, the median CPU time of a pass, how many
              a second, the digest of the result, and how many times as fast as the baseline.
              Times depend on the machine and what else it does: compare ratios, and runs side by
              side. Build it with -c release.

              --smoke       small, to see that it works
              --passes N    of 1...1000; 5 unless said

              broker            the broker as a process, beside Apache Kafka where it is there, with the
                                same client in turn: rates, latency, memory, restarts on a long log; it
                                takes minutes, and 11 GB of disk under the folder for temporary files
              featurizer        the featurizer as a process, from a Kafka topic to shapes kept in PostgreSQL,
                                beside plain consumption of the same topic; restarts, rebalancing,
                                scaling out: benchmark featurizer --help
              bridge            the bridge as a process, from each platform's topic to committed
                                invocations, beside plain consumption of the same topic
              first-prediction  the predictor as a process, on the embedded broker and PostgreSQL: from the
                                announcement of a new service until its prediction can be read
              placement         the allocator's cell: packed from nothing, a decision among 1,000 workers,
                                memory; it takes minutes

            \(list.joined(separator: "\n"))
            """
    }

    static func main() {
        var names: [String] = []
        var (isSmoke, passes) = (false, 5)
        var arguments = CommandLine.arguments.dropFirst()
        if arguments.first == FeaturizerBenchmark.name {
            do throws(FeaturizerArguments.Wrong) {
                return try FeaturizerArguments.run(arguments.dropFirst())
            } catch {
                fail(error.description)
            }
        }
        while let argument = arguments.popFirst() {
            switch argument {
            case "--help", "-h":
                print(help)
                return
            case "--smoke": isSmoke = true
            case "--passes":
                guard let number = arguments.popFirst().flatMap({ Int($0) }),
                    (1...1_000).contains(number)
                else { fail("--passes: expected a number of 1...1000") }
                passes = number
            default: names.append(argument)
            }
        }
        for (name, measure) in alone where names.contains(name) {
            guard names.count == 1 else { fail("\(name) is measured alone") }
            do { try measure(isSmoke, passes) } catch { fail("\(error)") }
            return
        }
        if names.contains(FeaturizerBenchmark.name) {
            fail("\(FeaturizerBenchmark.name) is measured alone, and named first")
        }
        for name in names where !Benchmark.all.contains(where: { $0.name == name }) {
            fail("no benchmark \"\(name)\"; see benchmark --help")
        }
        for benchmark in Benchmark.all
        where names.contains(benchmark.name) || names.isEmpty && benchmark.isUnasked {
            do {
                let size = isSmoke ? benchmark.smokeSize : benchmark.fullSize
                print(try Measurement(of: benchmark, size: size, passes: passes).line)
            } catch {
                fail("\(error)")
            }
        }
    }

    /// Those that measure processes.
    private static var alone: [(String, (_ isSmoke: Bool, _ passes: Int) throws -> Void)] {
        [
            (
                BrokerBenchmark.name,
                { print(try BrokerBenchmark(size: $0 ? .smoke : .full, passes: $1).run(tell)) }
            ),
            (
                BridgeBenchmark.name,
                {
                    let benchmark = BridgeBenchmark(size: $0 ? .smoke : .full, passes: $1)
                    for row in try benchmark.run(tell) { print(row) }
                }
            ),
            (
                FirstPredictionBenchmark.name,
                {
                    let benchmark = FirstPredictionBenchmark(
                        size: $0 ? .smoke : .full, passes: $1)
                    print(FirstPredictionBenchmark.table(try benchmark.run(tell)))
                }
            ),
            (
                PlacementBenchmark.name,
                { isSmoke, _ in
                    try PlacementBenchmark(size: isSmoke ? .smoke : .full).run(tell)
                }
            ),
        ]
    }

    /// At once, into a file too: it takes minutes.
    static func tell(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    private static func fail(_ text: String) -> Never {
        FileHandle.standardError.write(Data("benchmark: \(text)\n".utf8))
        exit(2)
    }
}
