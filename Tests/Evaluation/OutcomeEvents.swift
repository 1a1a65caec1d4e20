/// The starts and ends of a trace's runs in order of time.
///
/// What starts at an instant is foretold before what ended at that instant is known.
struct OutcomeEvents: Sequence, IteratorProtocol {
    enum Event {
        case started(OutcomeTrace.Run)
        case ended(OutcomeTrace.Run)
    }

    private let starts: [OutcomeTrace.Run]
    private let ends: [(endMs: Int64, run: OutcomeTrace.Run)]
    private var nextStart = 0
    private var nextEnd = 0

    init(_ trace: OutcomeTrace) {
        starts = trace.runs
        let ended = trace.runs.enumerated().compactMap { place, run in
            run.endMs.map { (endMs: $0, place: place) }
        }
        ends = ended.sorted { $0 < $1 }.map { ($0.endMs, trace.runs[$0.place]) }
    }

    mutating func next() -> Event? {
        if nextEnd < ends.count,
            nextStart == starts.count || ends[nextEnd].endMs < starts[nextStart].startMs
        {
            defer { nextEnd += 1 }
            return .ended(ends[nextEnd].run)
        }
        guard nextStart < starts.count else { return nil }
        defer { nextStart += 1 }
        return .started(starts[nextStart])
    }
}
