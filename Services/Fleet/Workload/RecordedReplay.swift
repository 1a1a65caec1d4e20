internal import Numerics
public import Topics

/// A trace of outcomes as a fleet: each execution happens when it did, takes as long as it took, and
/// comes out as it did.
///
/// Such traces know neither CPU time, memory, runtimes nor deadlines. Where a message can be without
/// it is; where it cannot, it has `memoryMb` and `deadlineMs`. Only tiers are drawn from the seed.
public struct RecordedReplay: FleetSource {
    public let run: String
    public let startMs: Int64
    public let minutes: Int?
    public let durationMsMax: Double
    private let runs: [RecordedTrace.Run]
    /// From 1970, of what the trace counts from.
    private let originMicros: Int64
    /// Of the trace: what is minute 0 here.
    private let firstMinute: Int64
    private let functions: [FunctionProfile]
    /// In order of their first minute.
    private let services: [(minute: Int, announced: ServiceAnnounced)]
    private var announcedServices = 0

    /// Said of every function: the smallest allotment there is.
    public static let memoryMb = Limits.memoryMbMin
    /// Said of every service: what no invocation misses, the longest there are.
    public static let deadlineMs = FieldLimits.durationMsMax

    /// - Parameter startMs: what the trace counts from, unless that is 1970; nil for what the trace
    ///   says of itself.
    public init(_ trace: RecordedTrace, seed: UInt64, startMs: Int64? = nil) {
        let firstMinute = trace.firstMicros.map(\.minute).min() ?? 0
        let origin = trace.countsFrom1970 ? 0 : (startMs ?? trace.originMs)
        // Nothing is before 1970.
        let originMs = max(origin, -firstMinute * minuteMs)
        originMicros = originMs * 1_000
        self.firstMinute = firstMinute
        self.startMs = originMs + firstMinute * minuteMs
        runs = trace.runs
        minutes = trace.runs.last.map { Int($0.startMicros.minute - firstMinute) + 1 } ?? 0
        durationMsMax = Double(trace.runs.map(\.durationMicros).max() ?? 0) / 1_000
        functions = trace.functions.enumerated().map { number, function in
            FunctionProfile(
                recorded: FunctionID(service: function.serviceID, function: function.service),
                number: number, trigger: function.trigger, seed: seed)
        }
        services = Self.announcements(of: functions, trace, seed: seed)
        run = "\(trace.kind)\(seed).\(Self.digest(trace, self.startMs))"
    }

    /// What each function runs in the minute in which the fleet runs most.
    public var peakDemands: [PeakDemand] {
        var ms = Array(repeating: 0.0, count: functions.count)
        let opens = busiestMinute * minuteMs * 1_000
        let closes = opens + minuteMs * 1_000
        for run in runs where run.startMicros < closes && run.endMicros > opens {
            ms[Int(run.function)] +=
                Double(min(run.endMicros, closes) - max(run.startMicros, opens)) / 1_000
        }
        return functions.map { PeakDemand($0, atATime: ms[$0.number] / Double(minuteMs)) }
    }

    /// Of the trace: that in which most executions run.
    private var busiestMinute: Int64 {
        guard let last = runs.map(\.endMicros.minute).max() else { return 0 }
        var changes = Array(repeating: Int32(0), count: Int(last - firstMinute) + 2)
        for run in runs {
            changes[Int(run.startMicros.minute - firstMinute)] += 1
            changes[Int(run.endMicros.minute - firstMinute) + 1] -= 1
        }
        var (running, most, busiest) = (Int32(0), Int32(0), 0)
        for (minute, change) in changes.enumerated() {
            running += change
            if running > most { (most, busiest) = (running, minute) }
        }
        return firstMinute + Int64(busiest)
    }

    public mutating func advance(to minute: Int) -> [ServiceAnnounced] {
        let from = announcedServices
        while announcedServices < services.count, services[announcedServices].minute <= minute {
            announcedServices += 1
        }
        return services[from..<announcedServices].map(\.announced)
    }

    public func profile(_ number: Int) -> FunctionProfile { functions[number] }

    public func arrivals(in minute: Int, _ body: (FunctionProfile, [Int64]) -> Void) {
        var i = place(ofFirst: 0, in: minute)
        while i < runs.count, runs[i].startMicros.minute == firstMinute + Int64(minute) {
            let function = runs[i].function
            let end = place(ofFirst: Int(function) + 1, in: minute)
            let starts = runs[i..<end].map { ($0.startMicros + originMicros) / 1_000 }
            body(functions[Int(function)], starts)
            i = end
        }
    }

    public func measured(of function: Int, in minute: Int) -> [Measured]? {
        let range = place(ofFirst: function, in: minute)..<place(ofFirst: function + 1, in: minute)
        return runs[range].map {
            Measured(
                durationMicros: $0.durationMicros, outcome: $0.outcome,
                label: $0.label < 0 ? nil : $0.label)
        }
    }

    /// - Returns: where runs of the minute begin that are of the function or a later one.
    private func place(ofFirst function: Int, in minute: Int) -> Int {
        let wanted = (firstMinute + Int64(minute), Int32(function))
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if (runs[middle].startMicros.minute, runs[middle].function) < wanted {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// When each service is first heard of; its trigger is the one that it has then.
    private static func announcements(
        of functions: [FunctionProfile], _ trace: RecordedTrace, seed: UInt64
    ) -> [(minute: Int, announced: ServiceAnnounced)] {
        let origin = trace.firstMicros.map(\.minute).min() ?? 0
        var first: [ServiceID: Int] = [:]
        for function in functions {
            let known = first[function.id.service] ?? function.number
            let isEarlier = trace.firstMicros[function.number] < trace.firstMicros[known]
            first[function.id.service] = isEarlier ? function.number : known
        }
        return first.map { service, number in
            let announced = ServiceAnnounced(
                customer: service.customer, service: service.service,
                trigger: functions[number].trigger, runtime: "unknown", memoryMb: memoryMb,
                deadlineMs: deadlineMs, tier: drawTier(of: service, seed: seed))
            return (Int(trace.firstMicros[number].minute - origin), announced)
        }
        .sorted { ($0.minute, $0.announced.key) < ($1.minute, $1.announced.key) }
    }

    /// Four digits that change with whatever is replayed.
    private static func digest(_ trace: RecordedTrace, _ startMs: Int64) -> String {
        var hash = UInt64(bitPattern: startMs)
        func add(_ number: Int64) {
            hash = (hash ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3
            hash ^= hash >> 29
        }
        for run in trace.runs {
            add(run.startMicros)
            add(run.durationMicros)
            add(run.label)
            add(Int64(run.function) << 8 | Int64(run.outcome.rawValue.utf8.first ?? 0))
        }
        var random = SeededRandom(
            seed: hash,
            for: trace.functions.map { "\($0.serviceID.path) \($0.trigger)" }
                .joined(separator: "\n"))
        return runDigest(&random)
    }
}

extension Int64 {
    /// Of a time in microseconds; rounded down, for some are before a trace's start.
    var minute: Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: minuteMs * 1_000)
        return rest < 0 ? quotient - 1 : quotient
    }
}
