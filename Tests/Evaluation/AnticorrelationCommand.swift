import Foundation
import Numerics
import RepresentationLearning

/// `evaluate anticorrelation`: partners chosen from history, judged by the days after it.
struct AnticorrelationCommand {
    private let trace: Trace

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: Trace.flags + ["--control"])
        let seed = try flags.seed()
        trace =
            flags.has("--control")
            ? try Trace(
                control: flags.count("--control"), trainDays: flags.count("--train-days"),
                testDays: flags.count("--test-days"), seed: seed)
            : try Trace(flags)
        guard trace.history.count > 1 else {
            throw EvaluationError("\(trace.file): one series, expected two to pair")
        }
    }

    func run() -> String {
        let history = trace.history
        say("pairing \(history.count) series")
        let ratios = JointPeaks(trace.future)
        let choices: [(String, [Int?])] = [
            (
                "antiphase",
                AntiphasePartners(demand: history, slotsPerDay: trace.slotsPerDay).partners
            ),
            ("random", history.map { _ in nil }),
            ("pearson", Self.leastCorrelated(hourly(history, trace.slotsPerDay))),
            ("oracle", ratios.best),
        ]
        let random = ratios.mean(of: history.map { _ in nil })
        let oracle = ratios.mean(of: ratios.best)
        var policies: [String: [String: Any]] = [:]
        say("policy            joint peak  captured  paired")
        for (name, partners) in choices {
            let jointPeak = ratios.mean(of: partners)
            // Where the oracle finds nothing there is nothing to capture.
            let captured = random > oracle ? (random - jointPeak) / (random - oracle) : 0
            policies[name] = ["joint_peak": jointPeak, "captured": captured]
            say(
                name.padded(to: 16, left: true) + fixed(jointPeak, 4).padded(to: 12)
                    + fixed(captured, 3).padded(to: 10)
                    + "\(partners.count { $0 != nil })".padded(to: 8))
        }
        return result(dataset: trace.dataset, n: history.count, policies: policies)
    }

    /// By Pearson's correlation of hourly means; one that does not vary has 0 with all.
    private static func leastCorrelated(_ hours: [[Float]]) -> [Int?] {
        hours.indices.map { i in
            let all = hours.indices.filter { $0 != i }.map {
                (correlation(hours[i][...], hours[$0][...]), $0)
            }
            return all.min { $0 < $1 }?.1
        }
    }
}

/// (n, n) what two series need together over what they need apart, on the days that judge.
struct JointPeaks {
    private var ratios: Matrix

    /// - Parameter series: (n, T) at least two.
    init(_ series: [[Float]]) {
        let peaks = series.map { $0.max() ?? 0 }
        ratios = Matrix(rows: series.count, columns: series.count)
        for i in series.indices {
            for j in series.indices.dropFirst(i) {
                let apart = peaks[i] + peaks[j]
                let ratio = apart > 0 ? jointPeak(series[i][...], series[j][...]) / apart : 1
                ratios[i, j] = ratio
                ratios[j, i] = ratio
            }
        }
    }

    /// (n) of each the one that turned out best.
    var best: [Int?] {
        (0..<ratios.rows).map { row in
            (0..<ratios.rows).filter { $0 != row }.min { ratios[row, $0] < ratios[row, $1] }
        }
    }

    /// - Parameter partners: (n) nil: any other is as good, and the mean of them counts.
    func mean(of partners: [Int?]) -> Double {
        let sum = partners.enumerated().reduce(0.0) { sum, choice in
            let (row, partner) = choice
            if let partner { return sum + Double(ratios[row, partner]) }
            let all = ratios.row(row).reduce(0.0) { $0 + Double($1) } - Double(ratios[row, row])
            return sum + all / Double(ratios.rows - 1)
        }
        return sum / Double(max(1, partners.count))
    }
}

/// Hourly means of every series.
func hourly(_ series: [[Float]], _ slotsPerDay: Int) -> [[Float]] {
    let slots = max(1, slotsPerDay / 24)
    return series.map { values in
        stride(from: 0, to: values.count, by: slots).map {
            Numerics.mean(values[$0..<min(values.count, $0 + slots)])
        }
    }
}
