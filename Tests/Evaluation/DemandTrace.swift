import Foundation
import Numerics
import Prediction

/// Series of demand by slot, new ones included: what `evaluate popularity` foretells.
struct DemandTrace {
    enum Format: String, CaseIterable {
        case google2011, utilisation
        case azureApps = "azure_apps"
    }

    static let flags =
        Trace.flags + ["--format", "--train-days", "--horizon", "--min-per-day", "--series-max"]

    /// A series, from its first slot with demand on.
    struct Series {
        /// The slot of the trace with which it begins.
        var start: Int
        var values: [Double]
    }

    let dataset: String
    let calendar: DemandCalendar
    /// Whether values are counts of an hour, as the stage has them.
    let isCounts: Bool
    let slots: Int
    /// Days before the first origin.
    let trainDays: Int
    /// In an order that only their values give, so that sums do not depend on the file's.
    let series: [Series]

    private static let trainDaysUnlessSaid = 7
    /// Of a google2011 service, from its first job on: below it nearly all hours hold none, and
    /// there is nothing to foretell by hour.
    private static let minPerDay = 5.0
    private static let seriesMax = 2_000

    /// - Parameter file: the one argument that belongs to no flag.
    init(_ flags: Flags, file: String?) throws {
        let name = try flags.text("--format")
        guard let format = Format(rawValue: name) else {
            throw EvaluationError(
                "--format is \"\(name)\", expected google2011, azure_apps or utilisation")
        }
        if format == .utilisation {
            let trace = try Trace(flags)
            dataset = trace.dataset
            isCounts = false
            calendar = .hours
            slots = trace.days[0].count / trace.slotsPerDay * 24
            trainDays = trace.trainDays
            series = Self.ordered(try Self.hours(of: trace), max: Int.max, seed: 0)
            return
        }
        guard let file else { throw EvaluationError("FILE is missing") }
        dataset = URL(filePath: file).lastPathComponent
        let table = try TextFile(file)
        isCounts = format == .google2011
        let all: [Series]
        switch format {
        case .google2011:
            calendar = .hours
            (slots, all) = try JobCounts.read(
                table, minPerDay: flags.number("--min-per-day", default: Self.minPerDay))
        default:
            // A week is twenty blocks of 504 minutes; three of them are nearest to a day.
            calendar = DemandCalendar(slotsPerDay: 3, slotsPerWeek: 20)
            (slots, all) = try Self.blocks(table)
        }
        guard !all.isEmpty else { throw EvaluationError("\(file): no series") }
        let days = slots / calendar.slotsPerDay
        guard days >= 2 else { throw EvaluationError("\(file): \(slots) slots, expected two days") }
        trainDays = try flags.count(
            "--train-days", default: min(Self.trainDaysUnlessSaid, days / 2))
        guard trainDays < days else {
            throw EvaluationError("--train-days is \(trainDays), the trace has \(days) days")
        }
        series = Self.ordered(
            all, max: try flags.count("--series-max", default: Self.seriesMax),
            seed: try flags.seed())
    }

    /// Chosen by what they hold and the seed, where there are too many.
    private static func ordered(_ all: [Series], max: Int, seed: UInt64) -> [Series] {
        var chosen = all.sorted(by: isBefore)
        if chosen.count > max {
            let lots = chosen.map { series in
                var mixer = SeededRandom(seed: seed, for: "\(series.start) \(series.values)")
                return (lot: mixer.next(), series: series)
            }
            // The sort is stable, so that equal lots stay in order.
            chosen = lots.sorted { $0.lot < $1.lot }.prefix(max).map(\.series)
                .sorted(by: isBefore)
        }
        return chosen
    }

    private static func isBefore(_ a: Series, _ b: Series) -> Bool {
        a.start != b.start ? a.start < b.start : a.values.lexicographicallyPrecedes(b.values)
    }

    /// Means over the hour.
    private static func hours(of trace: Trace) throws -> [Series] {
        guard trace.slotsPerDay % 24 == 0 else {
            throw EvaluationError(
                "--slots-per-day is \(trace.slotsPerDay), expected a multiple of 24")
        }
        let width = trace.slotsPerDay / 24
        return trace.days.map { slots in
            let values = stride(from: 0, to: slots.count, by: width).map { first in
                slots[first..<first + width].reduce(0) { $0 + Double($1) } / Double(width)
            }
            return Series(start: 0, values: values)
        }
    }

    /// Apps by block of 504 minutes; blocks without a row hold nothing.
    private static func blocks(_ table: TextFile) throws -> (slots: Int, [Series]) {
        let columns = try Columns(table, ["app", "block", "invocations"])
        var counts: [Substring: [Int: Double]] = [:]
        for line in table.lines.indices.dropFirst() {
            let cells = try columns.cells(line)
            let block = try columns.wholeNumber(cells, 1, line)
            let count = try columns.number(cells, 2, line)
            guard block >= 0, block < blocksMax else {
                throw columns.error(1, line, "block \(block), expected 0 to \(blocksMax - 1)")
            }
            guard count >= 0 else { throw columns.error(2, line, "\(count) is below 0") }
            counts[cells[0], default: [:]][block, default: 0] += count
        }
        let blocks = counts.values.flatMap(\.keys)
        guard let first = blocks.min(), let last = blocks.max() else { return (0, []) }
        let series = counts.values.compactMap { counts -> Series? in
            guard let start = counts.filter({ $0.value > 0 }).keys.min() else { return nil }
            return Series(start: start - first, values: (start...last).map { counts[$0] ?? 0 })
        }
        return (last - first + 1, series)
    }

    private static let blocksMax = 100_000
}

/// Jobs submitted by hour and logical name: a service of the Google trace.
enum JobCounts {
    private static let hourS = 3_600
    private static let dayS = 86_400
    /// The trace begins at this second of its own clock; jobs before it were running already.
    private static let startS = 600
    private static let daysMax = 1_000

    /// - Parameter minPerDay: services with fewer jobs a day since their first are left out.
    static func read(
        _ table: TextFile, minPerDay: Double
    ) throws -> (slots: Int, [DemandTrace.Series]) {
        let columns = try Columns(table, ["submit_s", "logical"])
        var submitted: [Substring: [Int]] = [:]
        var running: Set<Substring> = []
        for line in table.lines.indices.dropFirst() {
            let cells = try columns.cells(line)
            let second = try columns.wholeNumber(cells, 0, line)
            guard second <= daysMax * dayS else {
                throw columns.error(0, line, "second \(second) is beyond \(daysMax) days")
            }
            let name = cells[1]
            if second < startS {
                running.insert(name)
            } else {
                submitted[name, default: []].append(second - startS)
            }
        }
        let seconds = submitted.values.flatMap { $0 }
        guard let first = seconds.min(), let last = seconds.max() else { return (0, []) }
        let start = first / dayS * dayS
        // The last hour is not whole.
        let slots = (last - start) / hourS
        let series = submitted.compactMap { name, seconds -> DemandTrace.Series? in
            counts(
                seconds.map { ($0 - start) / hourS }.filter { $0 < slots }, slots: slots,
                isOld: running.contains(name), minPerDay: minPerDay)
        }
        return (slots, series)
    }

    private static func counts(
        _ hours: [Int], slots: Int, isOld: Bool, minPerDay: Double
    ) -> DemandTrace.Series? {
        guard let first = hours.min() else { return nil }
        // Nobody knows whether those of the first day are new.
        let start = isOld || first < 24 ? 0 : first
        let days = max(1, Double(slots - start) / 24)
        guard Double(hours.count) / days >= minPerDay else { return nil }
        var values = Array(repeating: 0.0, count: slots - start)
        for hour in hours { values[hour - start] += 1 }
        return DemandTrace.Series(start: start, values: values)
    }
}
