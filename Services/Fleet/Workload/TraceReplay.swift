internal import Foundation
internal import Numerics
public import Topics

/// A public trace as a fleet: every invocation it counts happens, in its minute.
///
/// What a trace of counts does not say is drawn from the seed: moments inside the minute (timers
/// evenly spaced), durations and memory by the function's own percentiles, how much of the CPU a
/// function uses, cold starts by the keep-alive, and outcomes: nine services in ten fail once in
/// a thousand invocations, the others mostly now and then, one in fifty mostly.
public struct TraceReplay: FleetSource {
    public let run: String
    public let startMs: Int64
    public let minutes: Int?
    public let durationMsMax: Double
    private let cells: [AzureTrace.Cell]
    /// By minute of the replay: where its cells begin; one more at the end.
    private let offsets: [Int]
    private let functions: [FunctionProfile]
    /// In order of their first minute.
    private let services: [(minute: Int, announced: ServiceAnnounced)]
    private let peakPerMinute: [UInt32]
    private var announcedServices = 0

    /// 2019-07-15 00:00 UTC: the public trace's first day.
    public static let azure2019Ms: Int64 = 1_563_148_800_000

    /// What a function's executions are allowed to take, which the trace does not say.
    public enum Deadlines: String, CaseIterable, Sendable {
        /// The platform's limit, which hardly any comes near.
        case platform
        /// As generated fleets have them: three customers in ten allow little more than the slowest
        /// takes, the others up to a hundredfold.
        case drawn
    }

    /// - Parameter midnightMs: when the trace's first day begins.
    /// - Throws: when a function is allotted more memory than `workerMemoryMb`.
    public init(
        _ trace: AzureTrace, seed: UInt64, midnightMs: Int64 = Self.azure2019Ms,
        workerMemoryMb: Double, deadlines: Deadlines = .platform
    ) throws(OversizedFunction) {
        let first = trace.minutes.lowerBound
        startMs = midnightMs + Int64(first) * minuteMs
        minutes = trace.minutes.count
        cells = trace.cells
        var offsets = [0]
        for (i, cell) in trace.cells.enumerated() {
            while offsets.count <= Int(cell.minute) - first { offsets.append(i) }
        }
        while offsets.count <= trace.minutes.count { offsets.append(trace.cells.count) }
        self.offsets = offsets
        functions = trace.functions.enumerated().map {
            drawProfile($1, number: $0, seed: seed, deadlines: deadlines)
        }
        for function in functions where function.memoryMb > workerMemoryMb {
            throw OversizedFunction(
                function: function.id, memoryMb: function.memoryMb, workerMemoryMb: workerMemoryMb)
        }
        durationMsMax = functions.map(\.deadlineMs).max() ?? 0
        var firstMinute: [Int: Int] = [:]
        var peaks = Array(repeating: UInt32(0), count: functions.count)
        for cell in trace.cells {
            let function = Int(cell.function)
            peaks[function] = max(peaks[function], cell.count)
            if firstMinute[function] == nil { firstMinute[function] = Int(cell.minute) - first }
        }
        peakPerMinute = peaks
        services = announcements(of: functions, firstMinute, seed: seed)
        run = "az\(seed)." + digest(functions, trace.invocationCount, startMs)
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
        let opens = startMs + Int64(minute) * minuteMs
        var starts: [Int64] = []
        for cell in cells[offsets[minute]..<offsets[minute + 1]] {
            let profile = functions[Int(cell.function)]
            starts.removeAll(keepingCapacity: true)
            var random = SeededRandom(seed: profile.seed, at: UInt64(minute))
            if profile.trigger == "timer" {
                // At its own second of the minute, and evenly from there on.
                let apart = minuteMs / Int64(cell.count)
                var phases = SeededRandom(seed: profile.seed, for: "phase")
                let phase = Int64(phases.integer(below: Int(max(1, apart))))
                for i in 0..<Int64(cell.count) {
                    starts.append(opens + phase + i * minuteMs / Int64(cell.count))
                }
            } else {
                for _ in 0..<cell.count {
                    starts.append(opens + Int64(random.integer(below: Int(minuteMs))))
                }
                starts.sort()
            }
            body(profile, starts)
        }
    }
}

/// A function whose allotment is more than a whole worker: it could run nowhere.
public struct OversizedFunction: Error, Equatable, CustomStringConvertible {
    public let function: FunctionID
    public let memoryMb: Double
    public let workerMemoryMb: Double

    public var description: String {
        "function \(function) is allotted \(memoryMb) MB and a worker has \(workerMemoryMb) MB: "
            + "raise --worker-memory-mb"
    }
}

func drawProfile(
    _ function: AzureTrace.Function, number: Int, seed: UInt64,
    deadlines: TraceReplay.Deadlines = .platform
) -> FunctionProfile {
    let id = FunctionID(
        customer: function.owner, service: function.app, function: function.function)
    var random = SeededRandom(seed: seed, for: id.path)
    // Shahrad et al. fit a log-normal to durations and a Burr to memory over all functions; their
    // medians stand for functions that the tables do not know.
    let durations =
        function.durationMs.map { Spread.quantiles($0) }
        ?? .logNormal(median: exp(-0.38) * 1_000, sigma: 0.5)
    let memory =
        function.memoryMb.map { Spread.quantiles($0) }
        ?? .logNormal(median: 140, sigma: 0.05)
    let usedMb = function.memoryMb?.largest ?? 170
    let deadlineMs =
        switch deadlines {
        case .platform: platformDeadlineMs(of: function)
        case .drawn:
            drawDeadlineMs(of: function, p99Ms: durations.value(at: 0.99), seed: seed)
        }
    return FunctionProfile(
        number: number, id: id, trigger: function.trigger, runtime: nil,
        memoryMb: allotment(for: usedMb),
        deadlineMs: deadlineMs,
        utilisation: random.uniform(in: 0.05...1), seed: random.next(), durationMs: durations,
        durationIsMeasured: true,
        memoryPeakMb: memory,
        initMs: .logNormal(median: exp(0.2966 + 1.1 * random.normal()) * 1_000, sigma: 0.74),
        failures: FailureLaw(
            rate: failureRate(of: function, in: id.service, seed: seed), deploySeed: nil))
}

/// Whole multiples of 64 MB, as Lambda's console suggests, with a little room.
func allotment(for usedMb: Double, most: Double = .infinity) -> Double {
    let steps = (usedMb * 1.1 / 64).rounded(.up) * 64
    return min(most, max(Limits.memoryMbMin, steps))
}

/// Azure's limits in 2019: 230 s for what answers HTTP, 10 minutes on the consumption plan.
private func platformDeadlineMs(of function: AzureTrace.Function) -> Double {
    let longestMs = function.durationMs?.largest ?? 0
    let limitMs = function.trigger == "http" ? 230_000.0 : 600_000
    // The premium plan knows longer ones than the consumption plan's limit.
    return longestMs < limitMs
        ? limitMs : min(FieldLimits.durationMsMax, (longestMs * 2).rounded(.up))
}

private func drawDeadlineMs(
    of function: AzureTrace.Function, p99Ms: Double, seed: UInt64
) -> Double {
    var customers = SeededRandom(seed: seed, for: "strictness of \(function.owner)")
    var random = SeededRandom(seed: seed, for: "deadline of \(function.app)/\(function.function)")
    let slack = deadlineSlack(isStrict: customers.chance(strictShare), &random)
    let ms = (p99Ms * slack / 100).rounded(.up) * 100
    return min(platformDeadlineMs(of: function), ms)
}

/// Of customers.
let strictShare = 0.3

/// Strict customers allow little more than the slowest takes, others up to a hundredfold.
func deadlineSlack(isStrict: Bool, _ random: inout SeededRandom) -> Double {
    isStrict ? random.uniform(in: 1.5...3) : pow(10, random.uniform(in: 1...2))
}

/// What is invoked this often a minute does not stay broken: somebody looks after it.
private let lookedAfterPerMinute = 10

/// Drawn for a service, and made up, for the trace does not say it: nearly all are healthy.
private func failureRate(
    of function: AzureTrace.Function, in service: ServiceID, seed: UInt64
) -> Double {
    var random = SeededRandom(seed: seed, for: "failures " + service.path)
    let healthy = 0.001
    switch random.uniform() {
    case ..<0.90: return healthy
    case ..<0.98: return random.uniform(in: 0.01...0.10)
    default:
        return function.total > lookedAfterPerMinute * dayMinutes
            ? healthy : random.uniform(in: 0.50...0.95)
    }
}

func announcements(
    of functions: [FunctionProfile], _ firstMinute: [Int: Int], seed: UInt64
) -> [(minute: Int, announced: ServiceAnnounced)] {
    let active = functions.filter { firstMinute[$0.number] != nil }
    return Dictionary(grouping: active, by: \.id.service).map { service, members in
        // The trace counts what will come; a customer would not know, so it is not said.
        let announced = ServiceAnnounced(
            customer: service.customer, service: service.service, trigger: members[0].trigger,
            runtime: "unknown", memoryMb: members.map(\.memoryMb).max() ?? 0,
            deadlineMs: members[0].deadlineMs, tier: drawTier(of: service, seed: seed))
        return (members.compactMap { firstMinute[$0.number] }.min() ?? 0, announced)
    }
    .sorted { ($0.minute, $0.announced.key) < ($1.minute, $1.announced.key) }
}

/// What a customer bought, which no trace says.
func drawTier(of service: ServiceID, seed: UInt64) -> Tier {
    var random = SeededRandom(seed: seed, for: "tier " + service.path)
    let tiers: [Tier] = [.guaranteed, .burstable, .burstable, .bestEffort]
    return tiers[random.integer(below: tiers.count)]
}

/// Four digits that change with the trace.
func digest(_ functions: [FunctionProfile], _ invocations: Int, _ startMs: Int64) -> String {
    var random = SeededRandom(
        seed: UInt64(bitPattern: startMs) ^ UInt64(invocations),
        for: functions.map(\.id.function).joined())
    return runDigest(&random)
}

func runDigest(_ random: inout SeededRandom) -> String {
    let digits = String(random.next() % 1_679_616, radix: 36)
    return String(repeating: "0", count: 4 - digits.count) + digits
}
