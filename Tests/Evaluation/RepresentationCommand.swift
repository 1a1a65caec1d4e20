import Foundation
import Numerics
import RepresentationLearning

/// `evaluate representation`: label-free representations of at most 32 numbers of labelled series,
/// fitted on the training split, judged by how easily the labels can be told from them.
struct RepresentationCommand {
    private let directory: String
    private let seed: UInt64
    private let timed: Bool

    init(_ arguments: [String]) throws {
        let flags = try Flags(arguments, known: ["--ucr", "--seed", "--timings"])
        directory = try flags.text("--ucr")
        seed = try flags.seed()
        timed = try flags.timed()
    }

    func run() throws -> String {
        let names = try Self.names(in: directory)
        var judged: [String: [(set: String, judgement: Judgement)]] = [:]
        for name in names {
            let set = try Self.set(name, in: directory)
            for baseline in representers(seed: seed) {
                let judgement = try Judgement(
                    of: baseline.representer, on: set, isRaw: baseline.isRaw, seed: seed)
                judged[baseline.name, default: []].append((name, judgement))
            }
            say("\(name): \(set.train.series.count) + \(set.test.series.count) series")
        }
        sayTable(judged)
        return result(
            dataset: URL(filePath: directory).lastPathComponent, n: names.count,
            policies: judged.mapValues(metrics))
    }

    /// Sets whose training and test split are both there, in order of their names.
    private static func names(in directory: String) throws -> [String] {
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw EvaluationError("\(directory): no such folder, or not to be read")
        }
        let names = Set(
            files.compactMap { file -> String? in
                ["_TRAIN.ts.gz", "_TRAIN.ts"].first { file.hasSuffix($0) }
                    .map { String(file.dropLast($0.count)) }
            })
        guard !names.isEmpty else {
            throw EvaluationError("\(directory): no NAME_TRAIN.ts.gz or NAME_TRAIN.ts")
        }
        return names.sorted()
    }

    private static func set(_ name: String, in directory: String) throws -> LabelledSeries {
        let files = ["TRAIN", "TEST"].map { split -> String in
            let plain = "\(directory)/\(name)_\(split).ts"
            return FileManager.default.fileExists(atPath: plain) ? plain : plain + ".gz"
        }
        return try LabelledSeries(name: name, train: files[0], test: files[1])
    }

    private func metrics(_ judged: [(set: String, judgement: Judgement)]) -> [String: Any] {
        var metrics: [String: Any] = [:]
        for (name, metric) in Judgement.metrics {
            let known = judged.compactMap { set, judgement in
                judgement[keyPath: metric].map { (set, $0) }
            }
            guard !known.isEmpty else { continue }
            var values = Dictionary(uniqueKeysWithValues: known)
            values["mean"] = known.reduce(0) { $0 + $1.1 } / Double(known.count)
            metrics[name] = values
        }
        if timed {
            metrics["seconds"] = judged.reduce(0) { $0 + $1.judgement.seconds }
            metrics["encode_microseconds"] =
                judged.reduce(0) { $0 + $1.judgement.encodeMicroseconds } / Double(judged.count)
        }
        return metrics
    }

    private func sayTable(_ judged: [String: [(set: String, judgement: Judgement)]]) {
        let policies = representers(seed: seed).map(\.name)
        for (name, metric) in Judgement.metrics {
            say(
                name.padded(to: 24, left: true)
                    + policies.map { $0.padded(to: 16) }.joined())
            let sets = judged["antiphase"]?.map(\.set) ?? []
            var rows = sets.enumerated().map { index, set in
                (set, policies.map { judged[$0]?[index].judgement[keyPath: metric] })
            }
            let means = policies.indices.map { policy in
                let known = rows.compactMap(\.1[policy])
                return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
            }
            rows.append(("mean", means))
            for (set, values) in rows {
                say(
                    "  " + set.padded(to: 22, left: true)
                        + values.map { ($0.map { fixed($0, 3) } ?? "-").padded(to: 16) }.joined())
            }
        }
        for policy in policies {
            guard let all = judged[policy] else { continue }
            let seconds = all.reduce(0) { $0 + $1.judgement.seconds }
            let encode = all.map(\.judgement.encodeMicroseconds).reduce(0, +) / Double(all.count)
            say(
                policy.padded(to: 24, left: true) + "\(fixed(seconds, 2)) s in all, "
                    + "\(fixed(encode, 0)) µs to encode a series")
        }
    }
}

/// What a representation of one set was worth.
struct Judgement {
    /// nil for raw series, which are too many numbers for it.
    let probe: Double?
    let oneNN: Double?
    let ari: Double?
    /// To fit and to encode both splits.
    let seconds: Double
    /// A series of the test split, on average.
    let encodeMicroseconds: Double

    static var metrics: [(String, KeyPath<Judgement, Double?>)] {
        [("probe", \.probe), ("one_nn", \.oneNN), ("ari", \.ari)]
    }

    init(
        of representer: any Representer, on set: LabelledSeries, isRaw: Bool, seed: UInt64
    ) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let order = contentOrder(set.train.series)
        let encode = try representer.fitted(to: order.map { set.train.series[$0] })
        let train = set.train.series.map(encode)
        let half = clock.now
        let test = set.test.series.map(encode)
        let end = clock.now
        seconds = (end - start) / .seconds(1)
        encodeMicroseconds = (end - half) / .microseconds(1) / Double(max(1, test.count))
        probe =
            isRaw
            ? nil
            : LogisticProbe(
                fitting: order.map { train[$0] }, labels: order.map { set.trainClasses[$0] },
                classes: set.classes
            ).accuracy(test, labels: set.testClasses)
        let nearest = nearestLabel(test, among: train, labels: set.trainClasses)
        oneNN =
            Double(zip(nearest, set.testClasses).count { $0 == $1 })
            / Double(max(1, test.count))
        let testOrder = contentOrder(set.test.series)
        var random = SeededRandom(seed: seed, for: "k-means")
        let groups = KMeans(
            testOrder.map { test[$0] }, count: Set(set.testClasses).count, random: &random)
        ari = adjustedRandIndex(groups.assignment, testOrder.map { set.testClasses[$0] })
    }
}
