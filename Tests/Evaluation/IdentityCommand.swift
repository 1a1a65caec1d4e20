import Foundation
import Numerics
import RepresentationLearning

/// `evaluate identity`: fitted on half of the series, each of the other half is to be recognised by
/// a week of its history among the first weeks after the history of all of that half.
struct IdentityCommand {
    private let trace: Trace
    private let transfer: Trace?
    private let seed: UInt64

    /// A view is a week, or as much of one as history and future have.
    static let viewDaysMax = 7
    /// Small fleets are halved several times: which half is which then matters less.
    static let halvingsMax = 5
    static let scoredMin = 300

    init(_ arguments: [String]) throws {
        let flags = try Flags(
            arguments,
            known: Trace.flags + [
                "--gap-days", "--transfer", "--transfer-layout", "--transfer-scale",
            ])
        seed = try flags.seed()
        trace = try Trace(flags)
        guard trace.history.count > 3 else {
            throw EvaluationError(
                "\(trace.file): \(trace.history.count) series, expected 4 to halve")
        }
        transfer =
            flags.has("--transfer")
            ? try Trace(flags, of: "--transfer", "--transfer-layout", "--transfer-scale") : nil
    }

    func run() throws -> String {
        let days = min(Self.viewDaysMax, trace.trainDays, trace.testDays)
        let length = days * trace.slotsPerDay
        let fleet = FleetViews(trace, length: length)
        say("recognising \(fleet.count) series by \(days) days")
        let foreign = try transfer.map { trace -> SeriesEncoder in
            let other = FleetViews(trace, length: length)
            return try Self.fitted(other, Array(0..<other.count), seed: seed)
        }
        var scores: [String: [Retrieval]] = [:]
        let halvings = max(1, min(Self.halvingsMax, Self.scoredMin / fleet.count))
        var random = SeededRandom(seed: seed, for: "halves")
        for _ in 0..<halvings {
            let order = Array(0..<fleet.count).shuffled(using: &random)
            let halves = [order.prefix(order.count / 2), order.dropFirst(order.count / 2)]
            for (fit, scored) in [(halves[0], halves[1]), (halves[1], halves[0])] {
                for (name, score) in try retrievals(fleet, Array(fit), Array(scored), foreign) {
                    scores[name, default: []].append(score)
                }
            }
        }
        return report(scores, n: fleet.count)
    }

    private func retrievals(
        _ fleet: FleetViews, _ fit: [Int], _ scored: [Int], _ foreign: SeriesEncoder?
    ) throws -> [(String, Retrieval)] {
        func judged(_ encode: ([Float]) -> [Float]) -> Retrieval {
            let queries = scored.map { unitLength(encode(fleet.query(of: $0))) }
            let answers = scored.map { unitLength(encode(fleet.answer(of: $0))) }
            return Retrieval(Matrix(queries).productTransposed(Matrix(answers)))
        }
        let perDay = trace.slotsPerDay
        let encoder = try Self.fitted(fleet, fit, seed: seed)
        let clock = ContinuousClock()
        let start = clock.now
        for function in scored { _ = encoder.encode([fleet.query(of: function)]) }
        let each = (clock.now - start) / .microseconds(1) / Double(scored.count)
        say("  fitted on \(fit.count), \(fixed(each, 0)) µs to encode a view")
        let bytes = encoder.inBytes
        var retrievals = [
            ("antiphase", judged { encoder.encode([$0]) }),
            ("antiphase_int8", judged { inBytes(bytes.encode([$0])) }),
            ("raw_pearson", judged { centred(hourly([$0], perDay)[0]) }),
        ]
        let components = try RawComponents(count: SeriesEncoder.dimensionsMax).fitted(
            to: fit.flatMap(fleet.views).map { hourly([$0], perDay) })
        retrievals.append(("pca32", judged { components(hourly([$0], perDay)) }))
        if let foreign {
            retrievals.append(("transfer", judged { foreign.encode([$0]) }))
            let (views, owners) = fleet.views(of: fit)
            let recentred = foreign.recentred(on: views)
            retrievals.append(("transfer_recentred", judged { recentred.encode([$0]) }))
            let adapted = try SeriesFit.demand(slotsPerDay: perDay)
                .adapted(foreign, to: views, functions: owners)
            retrievals.append(("transfer_adapted", judged { adapted.encode([$0]) }))
        }
        return retrievals
    }

    private static func fitted(
        _ fleet: FleetViews, _ functions: [Int], seed: UInt64
    ) throws -> SeriesEncoder {
        let (views, owners) = fleet.views(of: functions)
        return try SeriesFit.demand(slotsPerDay: fleet.slotsPerDay)
            .encoder(of: views, functions: owners, seed: seed)
    }

    private func centred(_ values: [Float]) -> [Float] {
        let centre = Numerics.mean(values)
        return values.map { $0 - centre }
    }

    private func report(_ scores: [String: [Retrieval]], n: Int) -> String {
        var policies: [String: [String: Any]] = [:]
        say("policy              recall@1     MRR")
        for (name, all) in scores.sorted(by: { $0.key < $1.key }) {
            let recall = all.reduce(0) { $0 + $1.recallAtOne } / Double(all.count)
            let rank = all.reduce(0) { $0 + $1.meanReciprocalRank } / Double(all.count)
            policies[name] = ["recall_at_1": recall, "mrr": rank]
            say(
                name.padded(to: 20, left: true) + fixed(recall, 3).padded(to: 8)
                    + fixed(rank, 3).padded(to: 8))
        }
        return result(dataset: trace.dataset, n: n, policies: policies)
    }
}

/// The weeks of a fleet's series, in an order that does not depend on the file's.
struct FleetViews {
    /// (n, T) all days.
    private let series: [[Float]]
    private let length: Int
    private let historyEnd: Int
    private let futureStart: Int
    let slotsPerDay: Int

    /// Views a fit takes of a fleet, about.
    static let viewsMax = SeriesFit.viewsMax

    init(_ trace: Trace, length: Int) {
        let order = contentOrder(trace.days.map { [$0] })
        series = order.map { trace.days[$0] }
        self.length = length
        historyEnd = trace.trainDays * trace.slotsPerDay
        futureStart = trace.days[0].count - trace.testDays * trace.slotsPerDay
        slotsPerDay = trace.slotsPerDay
    }

    var count: Int { series.count }

    /// The last of its history.
    func query(of function: Int) -> [Float] {
        Array(series[function][..<historyEnd].suffix(length))
    }

    /// The first after it.
    func answer(of function: Int) -> [Float] {
        Array(series[function][futureStart...].prefix(length))
    }

    /// (n, 1, T) the views of some functions, and (n) whose each is.
    func views(of functions: [Int]) -> (views: [[[Float]]], owners: [Int]) {
        let all = functions.map { function in views(of: function).map { [$0] } }
        let owners = zip(functions, all).flatMap { Array(repeating: $0, count: $1.count) }
        return (all.flatMap { $0 }, owners)
    }

    /// Spread evenly over all days, whole days apart; at least the first and the last, fewer than
    /// there are days where so many of so many functions would be too many.
    func views(of function: Int) -> [[Float]] {
        let starts = (series[function].count - length) / slotsPerDay
        let wanted = max(2, min(starts + 1, Self.viewsMax * 2 / max(1, count)))
        let chosen = Set((0..<wanted).map { starts * $0 / (wanted - 1) }).sorted()
        return chosen.map { start in
            Array(series[function][(start * slotsPerDay)...].prefix(length))
        }
    }
}
