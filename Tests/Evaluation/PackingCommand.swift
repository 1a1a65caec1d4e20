import Allocation
import Foundation

/// `evaluate packing`: a placement from history alone, scored on the days after it.
struct PackingCommand {
    private let trace: Trace
    private let capacity: Double
    private let budget: Double
    private let deviations: Double?

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: Trace.flags)
        capacity = try flags.number("--capacity")
        budget = try flags.number("--budget", default: 0.001)
        let fixed = try flags.number("--deviations", default: -1)
        deviations = fixed < 0 ? nil : fixed
        guard capacity > 0 else { throw EvaluationError("--capacity is \(capacity)") }
        guard budget > 0, budget < 1 else { throw EvaluationError("--budget is \(budget)") }
        trace = try Trace(flags)
    }

    func run() -> String {
        let (history, future) = (history(trace.history), history(trace.future))
        let tail = Float(normalQuantile(1 - budget))
        let policies: [(String, any PackingPolicy)] = [
            ("antiphase", Antiphase(budget: budget, deviations: deviations)),
            ("reservation", Scalar { _ in 100 }),
            ("sum_of_peaks", Scalar { $0.max() ?? 0 }),
            ("sum_p99", Scalar { percentile($0, 0.99) }),
            ("n_sigma", SummedDeviations(deviations: 5, floor: false)),
            ("coach", Coach()),
            ("gaussian", Gaussian(deviations: tail)),
            ("peak_prediction", SummedDeviations(deviations: 5, floor: true)),
            ("oracle", Oracle()),
        ]
        var scores: [(name: String, score: Score)] = []
        for (name, policy) in policies {
            say("packing \(history.series.count) series: \(name)")
            let clock = ContinuousClock()
            let start = clock.now
            let places = policy.place(name == "oracle" ? future : history)
            let seconds = (clock.now - start) / .seconds(1)
            scores.append((name, Score(places, future, seconds: seconds)))
        }
        let bound = Score.bound(future)
        sayTable(scores, bound)
        return json(scores, bound, n: history.series.count)
    }

    private func history(_ series: [[Float]]) -> History {
        History(series: series, capacity: Float(capacity), slotsPerDay: trace.slotsPerDay)
    }

    private func sayTable(_ scores: [(name: String, score: Score)], _ bound: Int) {
        say("policy            workers  violation %   volume %  utilisation %  seconds")
        for (name, score) in scores {
            say(
                name.padded(to: 16, left: true) + "\(score.workers)".padded(to: 9)
                    + fixed(score.violation * 100, 4).padded(to: 13)
                    + fixed(score.violationVolume * 100, 4).padded(to: 11)
                    + fixed(score.meanUtilisation * 100, 1).padded(to: 15)
                    + fixed(score.seconds, 3).padded(to: 9))
        }
        say("bound".padded(to: 16, left: true) + "\(bound)".padded(to: 9))
    }

    private func json(
        _ scores: [(name: String, score: Score)], _ bound: Int, n: Int
    ) -> String {
        var policies: [String: [String: Any]] = ["bound": ["workers": bound]]
        for (name, score) in scores {
            policies[name] = [
                "workers": score.workers, "violation": score.violation,
                "violation_volume": score.violationVolume,
                "mean_utilisation": score.meanUtilisation, "seconds": score.seconds,
            ]
        }
        return result(dataset: trace.dataset, n: n, policies: policies)
    }
}

/// What a placement does on the days that followed.
struct Score {
    let workers: Int
    /// Worker-slots over capacity, of all.
    let violation: Double
    /// Load beyond capacity, of all load.
    let violationVolume: Double
    let meanUtilisation: Double
    let seconds: Double

    init(_ places: [Int], _ future: History, seconds: Double) {
        var loads: [Int: [Float]] = [:]
        let slots = future.series[0].count
        for (series, place) in zip(future.series, places) {
            var load = loads.removeValue(forKey: place) ?? Array(repeating: 0, count: slots)
            for slot in 0..<slots { load[slot] += series[slot] }
            loads[place] = load
        }
        var over = 0
        var excess = 0.0
        var total = 0.0
        for (_, load) in loads.sorted(by: { $0.key < $1.key }) {
            for value in load {
                total += Double(value)
                if value > future.capacity {
                    over += 1
                    excess += Double(value - future.capacity)
                }
            }
        }
        workers = loads.count
        violation = Double(over) / Double(loads.count * slots)
        violationVolume = total > 0 ? excess / total : 0
        meanUtilisation = total / Double(future.capacity) / Double(loads.count * slots)
        self.seconds = seconds
    }

    /// As if load could be cut at will: `max_t ceil(sum D(t) / C)`.
    static func bound(_ future: History) -> Int {
        var sums = Array(repeating: Float(0), count: future.series[0].count)
        for series in future.series { for slot in sums.indices { sums[slot] += series[slot] } }
        return Int(((sums.max() ?? 0) / future.capacity).rounded(.up))
    }
}

/// By bisection of `erfc`.
func normalQuantile(_ share: Double) -> Double {
    var low = -10.0
    var high = 10.0
    for _ in 0..<60 {
        let middle = (low + high) / 2
        if 0.5 * erfc(-middle / 2.0.squareRoot()) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
}
