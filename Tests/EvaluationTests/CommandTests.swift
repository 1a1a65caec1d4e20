import Foundation
import Numerics
import Testing

@testable import Evaluation

/// Each command over a small made file.
@Suite struct `The command` {
    @Test func `representation tells made classes apart, and repeats itself to the byte`() throws {
        try withFolder { folder in
            for split in ["TRAIN", "TEST"] {
                let text = MadeSet.text(split: split)
                try text.write(
                    toFile: "\(folder)/Waves_\(split).ts", atomically: true, encoding: .utf8)
            }
            let arguments = ["--ucr", folder, "--seed", "3", "--timings", "off"]
            let first = try RepresentationCommand(arguments).run()
            let policies = try policies(first)
            #expect(
                Set(policies.keys) == [
                    "antiphase", "antiphase_int8", "raw_1nn", "pca16", "catch_stats",
                ])
            let ours = try #require(policies["antiphase"])
            for metric in ["probe", "one_nn", "ari"] {
                let bySet = try #require(ours[metric] as? [String: Double])
                #expect(Set(bySet.keys) == ["Waves", "mean"])
                #expect(bySet["mean"] ?? 0 > 0.9)
            }
            #expect(policies["raw_1nn"]?["probe"] == nil)
            let second = try RepresentationCommand(arguments).run()
            #expect(second == first)
        }
    }

    @Test func `identity recognises series of their own kinds, also from another fleet`() throws {
        try withFolder { folder in
            let file = "\(folder)/fleet.csv"
            let other = "\(folder)/other.csv"
            try MadeFleet.columns(series: 12, days: 6, seed: 1)
                .write(toFile: file, atomically: true, encoding: .utf8)
            try MadeFleet.columns(series: 12, days: 6, seed: 2)
                .write(toFile: other, atomically: true, encoding: .utf8)
            let arguments = [
                "--utilisation", file, "--layout", "columns", "--train-days", "4",
                "--test-days", "2", "--transfer", other, "--capacity", "400",
                "--slots-per-day", "24",
            ]
            let first = try IdentityCommand(arguments).run()
            let policies = try policies(first)
            #expect(
                Set(policies.keys) == [
                    "antiphase", "antiphase_int8", "raw_pearson", "pca32", "transfer",
                    "transfer_recentred", "transfer_adapted",
                ])
            let recall = try #require(policies["antiphase"]?["recall_at_1"] as? Double)
            #expect(recall > 0.5)
            for metrics in policies.values {
                let (recall, rank) = (metrics["recall_at_1"] as? Double, metrics["mrr"] as? Double)
                #expect((0...1).contains(recall ?? -1) && (0...1).contains(rank ?? -1))
            }
            let second = try IdentityCommand(arguments).run()
            #expect(second == first)
        }
    }

    @Test func `anticorrelation finds planted antiphase, and none where all rise together`() throws
    {
        try withFolder { folder in
            let file = "\(folder)/fleet.csv"
            func captured(together: Bool) throws -> Double {
                try MadeFleet.shifted(series: 30, days: 6, together: together)
                    .write(toFile: file, atomically: true, encoding: .utf8)
                let result = try AnticorrelationCommand([
                    "--utilisation", file, "--layout", "columns", "--train-days", "4",
                    "--test-days", "2",
                ]).run()
                let policies = try policies(result)
                #expect(Set(policies.keys) == ["antiphase", "random", "pearson", "oracle"])
                return try #require(policies["antiphase"]?["captured"] as? Double)
            }
            let (planted, none) = (try captured(together: false), try captured(together: true))
            #expect(planted > 0.6)
            #expect(abs(none) <= 0.05)
        }
    }

    @Test func `popularity foretells made services, whatever the order of rows and names`() throws {
        try withFolder { folder in
            let file = "\(folder)/jobs.csv"
            func outcome(names: String, reversed: Bool) throws -> String {
                try MadeJobs.text(names: names, reversed: reversed)
                    .write(toFile: file, atomically: true, encoding: .utf8)
                return try PopularityCommand(["--format", "google2011", file]).run()
            }
            let first = try outcome(names: "a", reversed: false)
            let policies = try policies(first)
            #expect(Set(policies.keys) == ["antiphase", "last", "day_naive", "week_naive"])
            let ours = try #require(policies["antiphase"])
            #expect(ours["mae_ratio"] as? Double ?? 9 < 0.95)
            #expect(ours["crps_ratio"] as? Double ?? 9 < 0.77)
            #expect((0.8...1).contains(ours["coverage"] as? Double ?? 0))
            #expect(policies["day_naive"]?["crps_ratio"] as? Double == 1)
            #expect(try outcome(names: "z", reversed: true) == first)
            try "submit_s,logical\n700,a\nx,a\n".write(
                toFile: file, atomically: true, encoding: .utf8)
            let error = #expect(throws: EvaluationError.self) {
                try PopularityCommand(["--format", "google2011", file])
            }
            #expect(error?.description.hasSuffix("jobs.csv:3:1: \"x\" is no whole number") == true)
        }
    }

    @Test func `names the place of what it cannot read`() throws {
        try withFolder { folder in
            let file = "\(folder)/X_TRAIN.ts"
            func problem(_ text: String) throws -> String {
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                let error = #expect(throws: EvaluationError.self) { try TimeSeriesFile(file) }
                return try #require(error).description
            }
            let head = "@classLabel true a b\n@data\n"
            let expected = [
                (head + "\n1,2:a\n1,x:b\n", "X_TRAIN.ts:5:2: \"x\" is no number"),
                (head + "1,2\n", "X_TRAIN.ts:3:"),
                (head + "1,2:a\n1:2:b\n", "2 channels, expected 1"),
                ("1,2:a\n", "X_TRAIN.ts:1:1"), (head, "no cases"), ("@data\n1:\n", "no label"),
            ]
            for (text, words) in expected {
                let said = try problem(text)
                #expect(said.contains(words))
            }
            #expect(throws: EvaluationError.self) {
                try RepresentationCommand(["--ucr", "/no/such"]).run()
            }
        }
    }

    private func policies(_ result: String) throws -> [String: [String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(result.utf8)) as? [String: Any]
        #expect(object?["n"] is Int && object?["dataset"] is String)
        return try #require(object?["policies"] as? [String: [String: Any]])
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "evaluation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }
}

/// Two classes of two channels: slow and quick waves of any phase.
enum MadeSet {
    static func text(split: String) -> String {
        var random = SeededRandom(seed: 1, for: split)
        var lines = [
            "# made", "@problemName Waves", "@univariate false", "@classLabel true slow quick",
        ]
        lines.append("@data")
        for index in 0..<24 {
            let quick = index % 2 == 1
            let phase = random.uniform() * 6
            let channels = (0..<2).map { channel in
                (0..<40 + index % 3).map { t -> String in
                    let wave = sin(Double(t) * (quick ? 1.1 : 0.3) + phase + Double(channel))
                    return index == 5 && t == 7 ? "?" : "\(wave + 0.1 * random.uniform())"
                }.joined(separator: ",")
            }
            lines.append(channels.joined(separator: ":") + ":" + (quick ? "quick" : "slow"))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Services whose jobs come by a daily wave, in the layout of the Google trace; one is new.
enum MadeJobs {
    static func text(names: String, reversed: Bool) -> String {
        var random = SeededRandom(seed: 4)
        var rows: [String] = []
        for hour in 0..<10 * 24 {
            for service in 0..<6 where service > 0 || hour > 130 {
                let wave = 1 + 0.9 * sin(Double(hour) / 24 * 2 * .pi)
                for _ in 0..<random.poisson(mean: Double(1 + 2 * service) * wave) {
                    let second = 600 + hour * 3_600 + Int(random.uniform() * 3_600)
                    rows.append("\(second),\(names)\(service)")
                }
            }
        }
        let ordered = reversed ? rows.reversed() : rows
        return "submit_s,logical\n" + ordered.joined(separator: "\n") + "\n"
    }
}

/// Fleets, a column a series.
enum MadeFleet {
    /// In hours: each of its own level, period and noise.
    static func columns(series: Int, days: Int, seed: UInt64) -> String {
        var random = SeededRandom(seed: seed)
        let kinds = (0..<series).map { _ in
            (level: 1 + 50 * random.uniform(), period: 3 + Double(Int(random.uniform() * 40)))
        }
        let rows = (0..<days * 24).map { slot in
            kinds.map { kind -> String in
                let wave = sin(Double(slot) * 2 * .pi / kind.period)
                let value = kind.level * (1 + 0.5 * wave + 0.2 * random.uniform())
                return "\(max(0, value))"
            }.joined(separator: ",")
        }
        return ((0..<series).map { "vm\($0)" }.joined(separator: ",") + "\n")
            + rows.joined(separator: "\n") + "\n"
    }

    /// In five minutes: a busy third of the day, at the same hours for all or at one of three.
    static func shifted(series: Int, days: Int, together: Bool) -> String {
        var random = SeededRandom(seed: 9)
        let rows = (0..<days * 288).map { slot in
            (0..<series).map { index -> String in
                let third = slot % 288 / 96
                let busy = third == (together ? 0 : index % 3)
                return "\((busy ? 40 : 4) * (0.8 + 0.4 * random.uniform()))"
            }.joined(separator: ",")
        }
        return ((0..<series).map { "vm\($0)" }.joined(separator: ",") + "\n")
            + rows.joined(separator: "\n") + "\n"
    }
}
