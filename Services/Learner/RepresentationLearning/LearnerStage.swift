public import Processing
public import Topics

/// Learns a representation of each function from its shapes, and who is in antiphase with whom.
///
/// Functions are looked at when the partition's event time passes a quarter of an hour: what is
/// published then follows from the slots before it and the model in force, not from when messages
/// came. A partition that falls quiet publishes what is pending early; the next quarter supersedes it.
public struct LearnerStage: Stage {
    public enum Input: Sendable {
        case shape(FunctionShape)
        case model(ModelReleased)
    }

    /// For the tables.
    public enum Row: Sendable {
        case representation(RepresentationRow)
        case model(ModelReleased)
    }

    public static let inputs: [Topic] = [.shapes]
    public static let broadcasts: [Topic] = [.models]
    /// Of the model in `models`.
    public static let modelName = "learner/encoder"

    /// One of all writes the rows that are the same in every partition.
    private let writesModels: Bool
    var model: EncoderModel = .prior
    /// Bytes and digest of a released model; nil while it is the prior.
    var release: (digest: String, parameters: [UInt8])?
    var functions: [FunctionID: FunctionHistory] = [:]
    /// The newest slot seen, and the end of the slots that were looked at; nil before the first.
    var clock: Clock?
    var changes = Changes()
    /// What is pending was published early, and nothing came since. Not kept: again does no harm.
    private var toldEarly = false

    struct Clock: Equatable, Sendable {
        var lastSlot: Int64
        var lookedUntil: Int64
    }

    public init(partition: Int32) { writesModels = partition == 0 }

    public static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> Input {
        topic == .models
            ? .model(try ModelReleased(decoding: value))
            : .shape(try FunctionShape(decoding: value))
    }

    public mutating func process(
        _ input: Input, nowMs: Int64, _ effects: inout Effects<Row>
    ) throws(Rejection) {
        switch input {
        case .model(let released): try install(released, &effects)
        case .shape(let shape): take(shape, &effects)
        }
    }

    public mutating func advance(
        nowMs: Int64, quietMs: Int64, _ effects: inout Effects<Row>
    ) {
        guard quietMs >= Limits.quietMs, !toldEarly, let clock else { return }
        toldEarly = true
        let pending = functions.filter { $0.value.pending || isStale($0.value) }.keys.sorted()
        let end = clock.lastSlot + 1
        announce(encodings(of: pending, until: end), until: end, &effects)
    }

    private mutating func take(_ shape: FunctionShape, _ effects: inout Effects<Row>) {
        let slot = shape.slotStartMs / FunctionShape.slotMs
        let function = shape.functionID
        if let clock, slot < clock.lastSlot - Self.slotsKept {
            effects.count("shapes_too_old")
            return
        }
        passTime(to: slot, &effects)
        guard functions[function] != nil || functions.count < Limits.functionsPerPartition else {
            effects.count("functions_over_limit")
            return
        }
        let changed = functions[function, default: FunctionHistory()].record(
            milliCpu: shape.demandMilliCpu, invocations: shape.counts.total,
            FunctionHistory.Runs(shape), slot: slot)
        guard changed else { return }
        changes.record(function, slot: slot)
        toldEarly = false
    }

    private static let slotsKept = Int64(7 * 288)

    /// Looks at functions when `slot` lies beyond the quarter of an hour that is open.
    private mutating func passTime(to slot: Int64, _ effects: inout Effects<Row>) {
        let quarter = slot / Limits.youngCadenceSlots * Limits.youngCadenceSlots
        guard var clock else {
            self.clock = Clock(lastSlot: slot, lookedUntil: quarter)
            changes.clock = true
            return
        }
        guard slot > clock.lastSlot else { return }
        if quarter > clock.lookedUntil {
            look(until: quarter, since: clock.lookedUntil, &effects)
            clock.lookedUntil = quarter
        }
        clock.lastSlot = slot
        self.clock = clock
        changes.clock = true
    }

    private mutating func look(
        until end: Int64, since last: Int64, _ effects: inout Effects<Row>
    ) {
        func passes(_ cadence: Int64) -> Bool { end / cadence > last / cadence }
        let (hour, day) = (passes(Limits.cadenceSlots), passes(288))
        if day { forgetSilent(before: end - Self.slotsKept) }
        let due = functions.filter { _, history in
            day || isStale(history)
                || history.pending && (hour || history.ageSlots <= Limits.youngSlots)
        }.keys.sorted()
        let encodings = encodings(of: due, until: end)
        for (function, encoding) in encodings {
            functions[function]?.encoding = encoding
            functions[function]?.pending = false
            changes.heads.insert(function)
        }
        announce(encodings, until: end, &effects)
    }

    /// Its vector is none of the model in force.
    private func isStale(_ history: FunctionHistory) -> Bool {
        history.encoding?.modelVersion != model.version
    }

    private mutating func forgetSilent(before slot: Int64) {
        let silent = functions.filter { $0.value.lastSlot ?? 0 < slot }.keys.sorted()
        for function in silent {
            functions[function] = nil
            changes.forget(function)
        }
    }

    private mutating func install(
        _ released: ModelReleased, _ effects: inout Effects<Row>
    ) throws(Rejection) {
        guard released.name == Self.modelName else { return }
        guard
            released.version > model.version
                || released.version == model.version && released.digest != release?.digest
        else { return }
        let parameters = Array(released.parameters)
        let model: EncoderModel
        do throws(CorruptState) {
            model = try EncoderModel(bytes: parameters)
        } catch {
            throw Rejection(.outOfRange, "parameters: \(error)")
        }
        guard model.version == released.version, model.version > 0 else {
            throw Rejection(
                .outOfRange, "version is \(released.version), the parameters' \(model.version)")
        }
        if model.version == self.model.version { forgetVectors() }
        self.model = model
        release = (released.digest, parameters)
        changes.model = true
        toldEarly = false
        if writesModels { effects.save(.model(released)) }
    }

    /// The version in force was released anew with other parameters: no vector is of those.
    private mutating func forgetVectors() {
        for function in functions.keys.sorted() {
            functions[function]?.encoding = nil
            changes.heads.insert(function)
        }
    }

    public var gauges: [Gauge] {
        [
            Gauge("learner_functions", Double(functions.count)),
            Gauge("learner_pending_functions", Double(functions.values.count { $0.pending })),
        ]
    }
}

extension FunctionHistory.Runs {
    /// Where nothing started, what was allotted then is no run's.
    fileprivate init(_ shape: FunctionShape) {
        let ran = shape.counts.total > 0
        self.init(
            durationMs: shape.durationMs?.p50,
            memoryMb: shape.memoryPeakMb?.p99 ?? (ran && shape.memoryMb > 0 ? shape.memoryMb : nil),
            failures: shape.counts.failures, trigger: shape.trigger)
    }
}
