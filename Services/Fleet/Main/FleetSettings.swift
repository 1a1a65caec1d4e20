internal import Foundation
internal import Runtime
internal import Settings
internal import Telemetry
internal import Workload

enum FleetSettings {
    static let format = Setting("format", default: TraceFormat.azure2019, TraceFormat.help)
    static let trace = Positional("DIR|FILE", TraceFormat.placeHelp)
    static let form = Setting(
        "as", default: EventForm.Name.invocations,
        "how executions are written: our invocations, or Apache OpenWhisk's user events")
    static let eventsTopic = Setting(
        "events.topic", default: "events", "where OpenWhisk's events are written")
    static let speed = Setting(
        "speed", default: Speed.times(60), "how many times faster than real; max: unpaced")
    static let seed = Setting(
        "seed", default: 1, in: 0...Int.max, "the same seed gives the same events")
    static let functions = Setting(
        "functions", default: 200, in: 1...Limits.functionsMax,
        "at the start; new services come and go")
    static let days = Setting(
        "days", default: 0, in: 0...36_500, "how long the generated time is; 0 for ever")
    static let generatedStart = Setting(
        "start", default: Moment(ms: GeneratedFleet.Parameters().startMs),
        "when the generated time begins; the default is a Monday")
    static let traceStart = Setting<Moment?>(
        optional: "start",
        TraceFormat.startHelp)
    static let runTrace = Positional(
        "DIR|FILE", count: 0...1, "a trace to run, as replay takes it; left out, a generated fleet")
    static let runStart = Setting<Moment?>(
        optional: "start", "when its time begins; left out, as generate and replay have it")
    static let failureHours = Setting(
        "failures.mean_hours", default: 0.0, in: 0...1_000_000,
        "a worker runs this long on average until it fails (fleet time); 0: none fails")
    static let repairMinutes = Setting(
        "failures.repair_minutes", default: 10.0, in: 0.01...100_000,
        "how long it is then gone on average (fleet time)")
    static let limit = Setting(
        "limit", default: 0, in: 0...Int.max,
        "end after this many events of the workload, those of earlier runs included; 0: no limit")
    static let counts = Setting(
        "counts", default: "",
        "a CSV file to write at the end: events acknowledged of each function, earlier runs included"
    )
    static let hold = Setting(
        "hold", default: false, "keep running when the workload has ended, until stopped")
    static let followAssignments = Setting(
        "follow.assignments", default: true,
        "name in each event the worker that the allocator assigned")
    static let workerMilliCpu = Setting(
        "worker.milli_cpu", default: 2_000, in: 1_000...1_000_000, "what each worker has")
    static let workerMemoryMb = Setting(
        "worker.memory_mb", default: 12_288, in: 128...16_777_216,
        "what each worker has; no generated function is allotted more")
    static let workersPerCell = Setting(
        "workers.per_cell", default: 0, in: 0...Limits.workersPerCellMax,
        "0: room for the sum of the peaks and half as much again, 4 at least")

    static let command = Command(
        name: "fleet",
        summary: "a Lambda-like fleet: writes invocations, announces services and workers",
        settings: [
            speed, seed, limit, counts, hold, followAssignments, workerMilliCpu, workerMemoryMb,
            workersPerCell, StageSettings.bootstrapServers, StageSettings.partitions,
            StageSettings.replication, StageSettings.operationsAddress,
            StageSettings.operationsPort, StageSettings.logLevel,
        ], families: [StageSettings.kafka],
        subcommands: [
            Command(
                name: "generate", summary: "a fleet that never was, by published statistics",
                settings: [functions, days, generatedStart, form, eventsTopic]),
            Command(
                name: "replay", summary: "every invocation that a trace has, or counts",
                positional: [trace], settings: [format, traceStart, form, eventsTopic]),
            run,
        ])

    static let run = Command(
        name: "run",
        summary: "either of them on simulated workers, each function where it is assigned",
        positional: [runTrace],
        settings: [functions, days, format, runStart, failureHours, repairMinutes])

    /// - Throws: when the trace cannot be read, or holds a function that fits no worker.
    static func source(of program: Program) throws -> any FleetSource {
        let settings = program.settings
        let seed = UInt64(settings[Self.seed])
        let workerMemoryMb = Double(settings[workerMemoryMb])
        func generated(startMs: Int64) -> GeneratedFleet {
            var parameters = GeneratedFleet.Parameters()
            parameters.seed = seed
            parameters.functions = settings[functions]
            parameters.days = settings[days] > 0 ? settings[days] : nil
            parameters.startMs = startMs
            parameters.workerMemoryMb = workerMemoryMb
            return GeneratedFleet(parameters)
        }
        func traced(_ place: String, startMs: Int64?) throws -> any FleetSource {
            try settings[format].source(
                at: place, seed: seed, startMs: startMs, workerMemoryMb: workerMemoryMb,
                program.log)
        }
        switch program.command {
        case "generate": return generated(startMs: settings[generatedStart].ms)
        case "replay": return try traced(settings[trace][0], startMs: settings[traceStart]?.ms)
        default:
            let start = settings[runStart]
            guard let place = settings[runTrace].first else {
                return generated(startMs: start?.ms ?? GeneratedFleet.Parameters().startMs)
            }
            guard settings[format].saysDemand else { throw NothingToRun(format: settings[format]) }
            return try traced(place, startMs: start?.ms)
        }
    }

    struct NothingToRun: Error, CustomStringConvertible {
        let format: TraceFormat
        var description: String {
            "a trace of format \(format.rawValue) says how executions ended, and not what CPU they "
                + "took: it can be replayed, but not run"
        }
    }

    static func failures(_ settings: Settings, _ source: any FleetSource) -> WorkerFailures {
        let hours = settings[failureHours]
        return WorkerFailures(
            meanBetweenMs: hours > 0 ? max(1, Int64(hours * 3_600_000)) : nil,
            meanRepairMs: max(1, Int64(settings[repairMinutes] * 60_000)),
            seed: UInt64(settings[seed]), startMs: source.startMs)
    }

    static func workerPlan(_ settings: Settings) -> WorkerPlan {
        var plan = WorkerPlan()
        plan.milliCpu = Double(settings[workerMilliCpu])
        plan.memoryMb = Double(settings[workerMemoryMb])
        plan.perCell = settings[workersPerCell]
        return plan
    }
}

/// How fast the fleet's time runs.
enum Speed: SettingValue, Equatable {
    case times(Double)
    case max

    static let expected = "a number above 0 (60: an hour a minute), or max"
    static let placeholder = "X|max"

    init?(setting text: String) {
        guard text != "max" else {
            self = .max
            return
        }
        guard let times = Double(text), times.isFinite, times > 0 else { return nil }
        self = .times(times)
    }

    var settingText: String {
        switch self {
        case .times(let times): times.settingText
        case .max: "max"
        }
    }

    var times: Double? {
        if case .times(let times) = self { times } else { nil }
    }
}

/// A moment as ISO 8601 writes it.
struct Moment: SettingValue, Equatable {
    let ms: Int64

    static let expected = "a moment like 2026-01-05T00:00:00Z, from 1970 on"
    static let placeholder = "MOMENT"

    init(ms: Int64) { self.ms = ms }

    init?(setting text: String) {
        guard let date = try? Date(text, strategy: .iso8601), date.timeIntervalSince1970 >= 0,
            date.timeIntervalSince1970 < 9_000_000_000
        else { return nil }
        ms = Int64(date.timeIntervalSince1970) * 1_000
    }

    var settingText: String {
        Date(timeIntervalSince1970: Double(ms) / 1_000).formatted(.iso8601)
    }
}
