internal import Numerics
public import Topics

/// A trace of single invocations as a fleet: each happens when it did, and takes as long as it took.
///
/// The trace of 2021 knows neither owners, triggers, memory nor outcomes. Each app is a customer of
/// its own, for nothing says which belong together; the rest is drawn from the seed, as `TraceReplay`
/// draws what its trace does not say.
public struct InvocationReplay: FleetSource {
    public let run: String
    public let startMs: Int64
    public let minutes: Int?
    public let durationMsMax: Double
    private let runs: [AzureInvocationTrace.Run]
    /// From 1970, of what the trace counts from.
    private let originMicros: Int64
    /// By minute of the replay: where its runs begin; one more at the end.
    private let offsets: [Int]
    private let functions: [FunctionProfile]
    /// In order of their first minute.
    private let services: [(minute: Int, announced: ServiceAnnounced)]
    private let peakPerMinute: [Int]
    private var announcedServices = 0

    /// 2021-01-31 00:00 UTC: the public trace's first day.
    public static let azure2021Ms: Int64 = 1_612_051_200_000

    /// - Parameter midnightMs: what the trace counts from, unless that is 1970.
    /// - Throws: when a function is allotted more memory than `workerMemoryMb`.
    public init(
        _ trace: AzureInvocationTrace, seed: UInt64, midnightMs: Int64 = Self.azure2021Ms,
        workerMemoryMb: Double
    ) throws(OversizedFunction) {
        let origin = trace.countsFrom1970 ? 0 : midnightMs * 1_000
        originMicros = origin
        runs = trace.runs
        let minuteMicros = minuteMs * 1_000
        let first = ((trace.runs.first?.startMicros ?? 0) + origin) / minuteMicros
        startMs = first * minuteMs
        func minute(of run: AzureInvocationTrace.Run) -> Int {
            Int((run.startMicros + origin) / minuteMicros - first)
        }
        var offsets = [0]
        var firstMinute: [Int: Int] = [:]
        var latest = Array(repeating: (minute: -1, count: 0), count: trace.functions.count)
        var peaks = Array(repeating: 0, count: trace.functions.count)
        for (i, run) in trace.runs.enumerated() {
            let minute = minute(of: run)
            let function = Int(run.function)
            while offsets.count <= minute { offsets.append(i) }
            if firstMinute[function] == nil { firstMinute[function] = minute }
            let count = latest[function].minute == minute ? latest[function].count + 1 : 1
            latest[function] = (minute, count)
            peaks[function] = max(peaks[function], count)
        }
        let count = trace.runs.last.map { minute(of: $0) + 1 } ?? 0
        minutes = count
        while offsets.count <= count { offsets.append(trace.runs.count) }
        self.offsets = offsets
        peakPerMinute = peaks
        functions = trace.functions.enumerated().map { number, function in
            drawProfile(function.asCounted, number: number, seed: seed)
        }
        for function in functions where function.memoryMb > workerMemoryMb {
            throw OversizedFunction(
                function: function.id, memoryMb: function.memoryMb, workerMemoryMb: workerMemoryMb)
        }
        durationMsMax = functions.map(\.deadlineMs).max() ?? 0
        services = announcements(of: functions, firstMinute, seed: seed)
        run =
            "ai\(seed)."
            + digest(functions, trace.invocationCount, startMs)
    }

    public var peakDemands: [PeakDemand] {
        functions.map { PeakDemand($0, perMinute: Double(peakPerMinute[$0.number])) }
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
        for (function, runs) in runsByFunction(in: minute) {
            body(functions[function], runs.map { ($0.startMicros + originMicros) / 1_000 })
        }
    }

    public func measured(of function: Int, in minute: Int) -> [Measured]? {
        runs[offsets[minute]..<offsets[minute + 1]].filter { $0.function == function }
            .map { Measured(durationMicros: $0.durationMicros) }
    }

    private func runsByFunction(
        in minute: Int
    ) -> [(key: Int, value: [AzureInvocationTrace.Run])] {
        let runs = runs[offsets[minute]..<offsets[minute + 1]]
        return Dictionary(grouping: runs) { Int($0.function) }.sorted { $0.key < $1.key }
    }
}

extension AzureInvocationTrace.Function {
    /// As the trace of 2019 would say it.
    fileprivate var asCounted: AzureTrace.Function {
        let most = max(mostMs, 0.1)
        let least = min(leastMs, most)
        return AzureTrace.Function(
            owner: app, app: app, function: function, trigger: "unknown",
            durationMs: QuantileCurve([(0, least), (1, most)], least: 0.1), memoryMb: nil,
            total: total)
    }
}
