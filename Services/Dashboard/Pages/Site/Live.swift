/// What all clients are shown of the fleet now, kept by the refreshing thread.
struct Live: Sendable {
    private(set) var snapshot: FleetSnapshot?
    private(set) var load: FleetLoad?
    /// Since when PostgreSQL cannot be read, and what it said.
    private(set) var away: Away?
    private var samples: [Sample] = []
    /// When the fleet's load is summed again.
    private(set) var loadDueMs: Int64 = 0

    struct Away: Sendable, Equatable {
        var sinceMs: Int64
        var reason: String
        /// False where it answered, and refused.
        var isLost: Bool

        /// Without its full stop.
        var sentence: String {
            "PostgreSQL \(isLost ? "is away" : "cannot be read") since \(Times.second(sinceMs)) UTC"
        }
    }

    private struct Sample {
        var atMs: Int64
        var invocations: Int
        var fleetMs: Int64
    }

    /// Rates are those of so long: stages keep their counts every few seconds.
    private static let rateMs: Int64 = 30_000
    private static let rateLeastMs: Int64 = 3_000
    private static let loadEveryMs: Int64 = 5_000
    private static let loadAgainMs: Int64 = 60_000
    /// Summing the load may take this part of the time.
    private static let loadShare: Int64 = 20
    /// Until a whole day is known.
    private static let fillingShare: Int64 = 3

    mutating func took(_ snapshot: FleetSnapshot) {
        self.snapshot = snapshot
        away = nil
        guard let totals = snapshot.totals else { return }
        let sample = Sample(
            atMs: snapshot.takenAtMs, invocations: totals.invocations,
            fleetMs: totals.lastSeenMs ?? 0)
        if let last = samples.last, last.invocations > sample.invocations || last.atMs > sample.atMs
        {
            samples = []
        }
        samples.append(sample)
        samples.removeAll { $0.atMs < sample.atMs - Self.rateMs }
    }

    mutating func took(load: FleetLoad?, fromMs: Int64, toMs: Int64) {
        self.load = load
        let tookMs = toMs - fromMs
        loadDueMs =
            load?.isComplete == false
            ? toMs + Self.fillingShare * tookMs
            : toMs + max(Self.loadEveryMs, Self.loadShare * tookMs)
    }

    /// The load is tried again later; until then the last one is shown.
    mutating func failedToSum(atMs: Int64) { loadDueMs = atMs + Self.loadAgainMs }

    mutating func failed(_ reason: String, isLost: Bool, atMs: Int64) {
        away = Away(sinceMs: away?.sinceMs ?? atMs, reason: reason, isLost: isLost)
        samples = []
    }

    /// Invocations folded in a second; nil until it is known.
    var perSecond: Double? {
        guard let (first, last) = span else { return nil }
        return Double(last.invocations - first.invocations) * 1_000
            / Double(last.atMs - first.atMs)
    }

    /// How fast the fleet's time runs beside the clock's; nil until it is known or while it rests.
    var speed: Double? {
        guard let (first, last) = span, last.fleetMs > first.fleetMs, first.fleetMs > 0 else {
            return nil
        }
        return Double(last.fleetMs - first.fleetMs) / Double(last.atMs - first.atMs)
    }

    private var span: (Sample, Sample)? {
        guard let first = samples.first, let last = samples.last,
            last.atMs - first.atMs >= Self.rateLeastMs
        else { return nil }
        return (first, last)
    }
}
