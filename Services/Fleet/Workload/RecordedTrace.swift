public import Topics

/// A trace that says how each execution came out: single executions with their outcomes.
public struct RecordedTrace: Sendable {
    struct Function: Sendable, Hashable {
        let customer: String
        let service: String
        let trigger: String
        var serviceID: ServiceID { ServiceID(customer: customer, service: service) }
    }

    /// One execution that ended.
    struct Run: Sendable, Equatable {
        /// Microseconds, from the trace's start, or from 1970 where the trace counts from there.
        var startMicros: Int64
        var durationMicros: Int64
        /// What the trace calls it; -1 where it calls it nothing.
        var label: Int64
        var function: Int32
        var outcome: Outcome

        /// Equal ones can stand for one another: so the order of rows says nothing.
        static func < (a: Run, b: Run) -> Bool {
            let (mine, other) = (a.numbers, b.numbers)
            return mine == other ? a.outcome.rawValue < b.outcome.rawValue : mine < other
        }

        private var numbers: (Int64, Int32, Int64, Int64, Int64) {
            (startMicros.minute, function, startMicros, durationMicros, label)
        }

        var endMicros: Int64 { startMicros + durationMicros }
    }

    /// By customer, service and trigger.
    let functions: [Function]
    /// By function: when it is first heard of, in microseconds.
    let firstMicros: [Int64]
    /// By minute of the start, then by function, then by start.
    let runs: [Run]
    /// What tells its runs from another trace's.
    let kind: String
    /// What it counts from when nothing is said.
    let originMs: Int64
    /// What of the file was not taken as it is.
    public let remarks: Remarks

    public struct Remarks: Sendable, Equatable {
        /// Executions that had not ended: they are none.
        public var unended = 0
        /// Executions that took longer than an hour, of which the last hour is taken.
        public var shortened = 0
        /// Outcomes in words that are not known: they count as errors.
        public var unknownOutcomes = 0
    }

    public var functionCount: Int { functions.count }
    public var invocationCount: Int { runs.count }
    public var outcomes: [Outcome: Int] {
        runs.reduce(into: [:]) { counts, run in counts[run.outcome, default: 0] += 1 }
    }

    /// Whether times are moments, and not seconds since the trace's start.
    var countsFrom1970: Bool { (firstMicros.min() ?? 0) > 1_000_000_000_000_000 }

    init(_ collected: consuming RecordedRuns, kind: String, originMs: Int64) {
        collected.putInOrder()
        functions = collected.functions
        firstMicros = collected.firstMicros
        runs = collected.runs
        remarks = collected.remarks
        self.kind = kind
        self.originMs = originMs
    }
}

/// Gathers what the rows of a recorded trace say.
struct RecordedRuns {
    private(set) var functions: [RecordedTrace.Function] = []
    private(set) var firstMicros: [Int64] = []
    private(set) var runs: [RecordedTrace.Run] = []
    var remarks = RecordedTrace.Remarks()
    private var known: [RecordedTrace.Function: Int] = [:]
    private var leastMicros = Int64.max
    private var mostMicros = Int64.min

    /// - Parameters:
    ///   - firstMicros: when the execution is first heard of.
    ///   - label: -1 for none.
    ///   - row: where it stands, for what it says is too much.
    mutating func add(
        _ function: RecordedTrace.Function, firstMicros: Int64, startMicros: Int64,
        endMicros: Int64, label: Int64, outcome: Outcome, in row: TableRow, timeColumn: Int
    ) throws(TraceError) {
        let number = try number(of: function, row)
        self.firstMicros[number] = min(self.firstMicros[number], firstMicros)
        leastMicros = min(leastMicros, firstMicros, startMicros)
        mostMicros = max(mostMicros, endMicros)
        guard mostMicros - leastMicros <= Int64(Limits.recordedDaysMax) * 86_400_000_000 else {
            throw row.error(
                timeColumn, expected: "at most \(Limits.recordedDaysMax) days between all times")
        }
        guard runs.count < Limits.recordedMax else {
            throw row.error(
                timeColumn, got: "one more", expected: "at most \(Limits.recordedMax) outcomes")
        }
        let longest = Int64(Limits.recordedDurationMsMax * 1_000)
        if endMicros - startMicros > longest { remarks.shortened += 1 }
        let start = max(startMicros, endMicros - longest)
        runs.append(
            .init(
                startMicros: start, durationMicros: endMicros - start, label: label,
                function: Int32(number), outcome: outcome))
    }

    private mutating func number(
        of function: RecordedTrace.Function, _ row: TableRow
    ) throws(TraceError) -> Int {
        if let number = known[function] { return number }
        guard functions.count < Limits.functionsMax else {
            throw row.error(
                0, got: "one more service", expected: "at most \(Limits.functionsMax) services")
        }
        known[function] = functions.count
        functions.append(function)
        firstMicros.append(.max)
        return functions.count - 1
    }

    /// Numbers functions by name and sorts, so that nothing depends on the order of rows.
    mutating func putInOrder() {
        let order = functions.indices.sorted {
            let (a, b) = (functions[$0], functions[$1])
            return (a.customer, a.service, a.trigger) < (b.customer, b.service, b.trigger)
        }
        var numbers = Array(repeating: Int32(0), count: order.count)
        for (number, old) in order.enumerated() { numbers[old] = Int32(number) }
        functions = order.map { functions[$0] }
        firstMicros = order.map { firstMicros[$0] }
        known = [:]
        for i in runs.indices { runs[i].function = numbers[Int(runs[i].function)] }
        runs.sort(by: <)
    }
}
