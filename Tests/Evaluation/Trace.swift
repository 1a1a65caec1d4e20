import Foundation
import Numerics

/// A utilisation trace cut into the days that may be looked at and the days that judge: what the
/// commands over such a trace have in common.
struct Trace {
    /// Series with more missing than this are left out; what else is missing counts as idle.
    static let missingMax = 0.03

    static let flags = [
        "--utilisation", "--layout", "--train-days", "--test-days", "--capacity",
        "--slots-per-day", "--budget", "--min-mean", "--scale", "--deviations", "--seed",
    ]

    let file: String
    let trainDays: Int
    let testDays: Int
    let slotsPerDay: Int
    /// (n, all days x slotsPerDay) history, a gap if one was asked for, future.
    let days: [[Float]]

    /// (n, trainDays x slotsPerDay)
    var history: [[Float]] { days.map { Array($0.prefix(trainDays * slotsPerDay)) } }
    /// (n, testDays x slotsPerDay)
    var future: [[Float]] { days.map { Array($0.suffix(testDays * slotsPerDay)) } }

    var dataset: String { URL(filePath: file).lastPathComponent }

    /// - Parameter fileFlag: of this fleet; that of another one has the first one's layout and
    ///   scale unless flags say otherwise.
    init(
        _ flags: Flags, of fileFlag: String = "--utilisation", _ layoutFlag: String = "--layout",
        _ scaleFlag: String = "--scale"
    ) throws {
        file = try flags.text(fileFlag)
        let name = try flags.text(flags.has(layoutFlag) ? layoutFlag : "--layout")
        guard let layout = Utilisation.Layout(rawValue: name) else {
            throw EvaluationError(
                "--layout is \"\(name)\", expected columns, rows or planetlab")
        }
        trainDays = try flags.count("--train-days")
        testDays = try flags.count("--test-days")
        slotsPerDay = try flags.count("--slots-per-day", default: 288)
        guard slotsPerDay % 288 == 0 || 288 % slotsPerDay == 0 else {
            throw EvaluationError(
                "--slots-per-day is \(slotsPerDay), expected a divisor or multiple of 288")
        }
        let gapDays = flags.has("--gap-days") ? try flags.count("--gap-days") : 0
        let all = trainDays + gapDays + testDays
        let utilisation = try Utilisation(
            file: file, layout: layout,
            scale: flags.number(flags.has(scaleFlag) ? scaleFlag : "--scale", default: 1),
            slotsPerDay: slotsPerDay, days: all)
        days = try Self.kept(
            utilisation.series, file: file, days: all, slotsPerDay: slotsPerDay,
            meanSlots: trainDays * slotsPerDay, minMean: flags.number("--min-mean", default: 0))
    }

    /// A made fleet in which all rise together: a shared day and shared bursts, and of its own each
    /// has only its level and its noise. Whoever finds antiphase in it sells noise.
    init(control count: Int, trainDays: Int, testDays: Int, seed: UInt64) {
        file = "control"
        self.trainDays = trainDays
        self.testDays = testDays
        slotsPerDay = 288
        var random = SeededRandom(seed: seed, for: "control")
        let shared = (0..<(trainDays + testDays) * 288 / 12).flatMap { hour in
            let day = 1 + 0.8 * sin(Double(hour) * 2 * .pi / 24)
            return Array(repeating: day + 0.6 * random.uniform(), count: 12)
        }
        days = (0..<count).map { _ in
            let level = 1 + 9 * random.uniform()
            return shared.map { Float(level * $0 * (0.7 + 0.6 * random.uniform())) }
        }
    }

    private static func kept(
        _ all: [[Float]], file: String, days: Int, slotsPerDay: Int, meanSlots: Int,
        minMean: Double
    ) throws -> [[Float]] {
        let end = days * slotsPerDay
        guard end <= all[0].count else {
            throw EvaluationError("\(file): \(all[0].count / slotsPerDay) days, expected \(days)")
        }
        let series = all.compactMap { series -> [Float]? in
            let used = series[..<end]
            let missing = used.count { $0.isNaN }
            guard Double(missing) <= missingMax * Double(end) else { return nil }
            let filled = used.map { $0.isNaN ? 0 : $0 }
            return Double(mean(Array(filled[..<meanSlots]))) >= minMean ? filled : nil
        }
        guard !series.isEmpty else { throw EvaluationError("\(file): every series is left out") }
        return series
    }
}
