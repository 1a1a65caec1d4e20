import Foundation
import Numerics
import Prediction
import Topics

/// `evaluate canaries`: of which new services to look at outcomes, a few at a time.
///
/// Of each service that starts nothing before the split, the first half of its outcomes can be looked at,
/// one by one; the others judge what is foretold of it by then. What the fleet knew at the split stays.
struct CanariesCommand {
    private let trace: OutcomeTrace
    private let splitMs: Int64
    private let seed: UInt64

    /// Looks a service, on average.
    static let budgets = [0, 0.5, 1, 2, 3, 5, 10]
    static let outcomesMin = 4
    /// Services that are looked at at once, of all.
    private static let batchShare = 0.05
    /// Draws of the policies that draw.
    private static let draws = 4

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: ["--format", "--split", "--seed"], files: 1)
        let name = try flags.text("--format")
        guard let format = OutcomeTrace.Format(rawValue: name), format != .philly else {
            throw EvaluationError("--format is \"\(name)\", expected google2011 or requests")
        }
        seed = try flags.seed()
        splitMs = Int64(try flags.number("--split") * 1_000)
        trace = try OutcomeTrace(file: flags.file(), format: format)
    }

    func run() throws -> String {
        var history = SuccessOfTrace(trace)
        for event in OutcomeEvents(trace) {
            switch event {
            case .started(let run) where run.startMs < splitMs: _ = history.start(run)
            case .ended(let run) where (run.endMs ?? .max) < splitMs: history.end(run)
            default: continue
            }
        }
        history.fitNow(atMs: splitMs)
        let pool = CanaryPool(trace, splitMs: splitMs)
        guard pool.services.count > 1 else {
            throw EvaluationError(
                "\(trace.file): \(pool.services.count) new services of \(Self.outcomesMin) outcomes,"
                    + " expected 2")
        }
        say("looking at outcomes of \(pool.services.count) new services")
        var losses: [(name: String, equal: [Double], weighted: [Double])] = []
        for policy in CanaryPolicy.allCases {
            let draws = policy.isDrawn ? Self.draws : 1
            let all = (0..<draws).map { draw in
                look(pool, policy, history.predictor, draw: draw)
            }
            func mean(_ values: [[Double]]) -> [Double] {
                Self.budgets.indices.map { index in
                    values.reduce(0) { $0 + $1[index] } / Double(values.count)
                }
            }
            losses.append((policy.rawValue, mean(all.map(\.equal)), mean(all.map(\.weighted))))
        }
        return report(losses, n: pool.services.count)
    }

    private func look(
        _ pool: CanaryPool, _ policy: CanaryPolicy, _ history: SuccessPredictor, draw: Int
    ) -> (equal: [Double], weighted: [Double]) {
        var random = SeededRandom(seed: seed, for: "\(policy.rawValue) \(draw)")
        // Ours is asked for each task apart: to say what data is for is the point.
        func losses(_ task: CanaryTask) -> [(equal: Double, weighted: Double)] {
            var looks = CanaryLooks(pool, history)
            let batch = max(1, Int(Double(pool.services.count) * Self.batchShare))
            var done = 0
            return Self.budgets.map { budget in
                let wanted = Int(budget * Double(pool.services.count))
                while done < wanted {
                    let count = min(batch, wanted - done)
                    looks.look(policy.chosen(looks, task, count: count, &random))
                    done += count
                }
                return looks.losses
            }
        }
        let weighted = losses(.requests)
        let equal = policy == .antiphase ? losses(.equal) : weighted
        return (equal.map(\.equal), weighted.map(\.weighted))
    }

    private func report(
        _ losses: [(name: String, equal: [Double], weighted: [Double])], n: Int
    ) -> String {
        let names = Self.budgets.map { fixed($0, $0 == $0.rounded() ? 0 : 1) }
        var policies: [String: [String: Any]] = [:]
        for (title, which) in [("weighted by requests", 0), ("every service the same", 1)] {
            say(
                "log-loss, \(title), after looks a service:".padded(to: 58, left: true)
                    + names.map { $0.padded(to: 8) }.joined())
            for (name, equal, weighted) in losses {
                let values = which == 0 ? weighted : equal
                say(
                    name.padded(to: 58, left: true)
                        + values.map { fixed($0, 4).padded(to: 8) }.joined())
                let metric = which == 0 ? "log_loss" : "log_loss_equal"
                policies[name, default: [:]][metric] = Dictionary(
                    uniqueKeysWithValues: zip(names, values))
            }
        }
        return result(dataset: trace.dataset, n: n, policies: policies)
    }
}

/// New services, with the outcomes that can be looked at and those that judge.
struct CanaryPool {
    struct Service {
        /// Of the trace.
        let number: Int
        let kind: String
        let early: [Bool]
        let late: [Bool]
    }

    let trace: OutcomeTrace
    let splitMs: Int64
    let services: [Service]

    init(_ trace: OutcomeTrace, splitMs: Int64) {
        self.trace = trace
        self.splitMs = splitMs
        var runs = Array(repeating: [OutcomeTrace.Run](), count: trace.services.count)
        for run in trace.runs { runs[run.service].append(run) }
        services = runs.indices.compactMap { number -> Service? in
            guard let first = runs[number].first, first.startMs >= splitMs else { return nil }
            let outcomes = runs[number].filter { $0.endMs != nil }.map(\.isSuccess)
            guard outcomes.count >= CanariesCommand.outcomesMin else { return nil }
            return Service(
                number: number, kind: first.kind, early: Array(outcomes.prefix(outcomes.count / 2)),
                late: Array(outcomes.dropFirst(outcomes.count / 2)))
        }
    }
}

/// What was looked at so far, and what is foretold by it.
struct CanaryLooks {
    let pool: CanaryPool
    private var predictor: SuccessPredictor
    private(set) var counts: [Int]
    private(set) var forecasts: [SuccessForecast]

    init(_ pool: CanaryPool, _ history: SuccessPredictor) {
        self.pool = pool
        predictor = history
        counts = Array(repeating: 0, count: pool.services.count)
        forecasts = pool.services.map {
            history.forecast(
                of: pool.trace.services[$0.number], trigger: $0.kind, atMs: pool.splitMs)
        }
    }

    /// Requests that are to come.
    func weight(_ place: Int) -> Double { Double(pool.services[place].late.count) }

    /// What has no outcome left to look at teaches nothing; the look is spent all the same.
    mutating func look(_ places: [Int]) {
        for place in places {
            let service = pool.services[place]
            counts[place] += 1
            guard counts[place] <= service.early.count else { continue }
            let id = pool.trace.services[service.number]
            predictor.learn(
                isSuccess: service.early[counts[place] - 1], of: id, trigger: service.kind,
                atMs: pool.splitMs,
                foretold: predictor.foretold(of: id, atMs: pool.splitMs))
            forecasts[place] = predictor.forecast(
                of: id, trigger: service.kind, atMs: pool.splitMs)
        }
    }

    func isSpent(_ place: Int) -> Bool { counts[place] >= pool.services[place].early.count }

    /// Mean log-loss of the outcomes that judge: of services, and of requests.
    var losses: (equal: Double, weighted: Double) {
        var (equal, weighted, requests) = (0.0, 0.0, 0.0)
        for (service, forecast) in zip(pool.services, forecasts) {
            var scores = OutcomeScores()
            for outcome in service.late { scores.add(forecast.rate, outcome, customer: 0) }
            equal += scores.logLoss
            weighted += scores.logLoss * Double(service.late.count)
            requests += Double(service.late.count)
        }
        return (equal / Double(forecasts.count), weighted / requests)
    }
}

/// Which services to look at next.
enum CanaryPolicy: String, CaseIterable {
    case antiphase, random, roundRobin = "round_robin", traffic, uncertainty

    var isDrawn: Bool { self == .random || self == .traffic || self == .roundRobin }

    /// Each policy passes over what has no outcome left, as long as anything has.
    func chosen(
        _ looks: CanaryLooks, _ task: CanaryTask, count: Int, _ random: inout SeededRandom
    ) -> [Int] {
        let open = looks.counts.indices.filter { !looks.isSpent($0) }
        guard !open.isEmpty else { return Array(looks.counts.indices.prefix(count)) }
        switch self {
        case .antiphase:
            let candidates = open.map { place in
                CanaryCandidate(
                    customer: looks.pool.trace.services[looks.pool.services[place].number].customer,
                    outcomes: Double(looks.counts[place]),
                    gain: looks.forecasts[place].gainOfOneMore,
                    weight: task == .equal ? 1 : looks.weight(place))
            }
            return CanaryRanking.ranked(candidates, count: count).map { open[$0] }
        case .random:
            return (0..<count).map { _ in open[random.integer(below: open.count)] }
        case .roundRobin:
            let shuffled = open.shuffled(using: &random)
            return Array(
                shuffled.sorted { looks.counts[$0] < looks.counts[$1] }.prefix(count))
        case .traffic:
            let table = AliasTable(open.map(looks.weight))
            return (0..<count).map { _ in open[table.draw(&random)] }
        case .uncertainty:
            return Array(
                open.sorted {
                    abs(looks.forecasts[$0].rate - 0.5) < abs(looks.forecasts[$1].rate - 0.5)
                }.prefix(count))
        }
    }
}
