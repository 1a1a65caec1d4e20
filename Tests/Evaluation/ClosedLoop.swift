import Allocation
import Featurization
import Prediction
import Processing
import Topics
import Workload

/// A fleet and the stages that place its functions, joined in memory: what ran becomes shapes, shapes
/// become assignments, and those say where the next executions run.
///
/// The learner is left out: only the sentences that explain assignments rest on it.
struct ClosedLoop {
    /// Who says where functions run.
    enum Placing: String, CaseIterable {
        case antiphase
        case sumOfPeaks = "sum_of_peaks"
        /// Each on a worker, in order of appearance.
        case roundRobin = "round_robin"
    }

    static let cell: Int32 = 0

    private(set) var fleet: SimulatedFleet
    private let workers: [WorkerReported]
    private let placing: Placing
    private var stages: PlacingStages
    private let run: String
    private var seen: Set<FunctionID> = []
    private var runs: [FunctionID: Runs] = [:]
    private var nowMs: Int64

    /// How far time goes between one look at what ended and the next: the featurizer's batches.
    private static let stepMs: Int64 = 10_000

    init(_ source: any FleetSource, on workers: [WorkerReported], placing: Placing) throws {
        self.workers = workers
        self.placing = placing
        nowMs = source.startMs
        fleet = SimulatedFleet(source, on: workers, cells: 1)
        run = SimulatedFleet.run(of: source)
        var policy = Policy()
        policy.kind = placing == .sumOfPeaks ? .sumOfPeaks : .antiphase
        stages = PlacingStages(policy: policy)
        if placing != .roundRobin { for worker in workers { try stages.report(worker) } }
    }

    /// A function's executions.
    struct Runs {
        private(set) var all = 0
        private(set) var contentionMisses = 0

        mutating func count(_ end: SimulatedEnd) {
            all += 1
            if end.missesByContention { contentionMisses += 1 }
        }
    }

    /// Counts functions' executions anew.
    mutating func forgetRuns() { runs = [:] }

    /// The share of executions that missed by contention, each function counting as much as any
    /// other: the busiest of a fleet is half of its executions.
    var missShareOfFunctions: Double {
        let shares = runs.sorted { $0.key < $1.key }.map {
            Double($0.value.contentionMisses) / Double($0.value.all)
        }
        return shares.reduce(0, +) / Double(max(1, shares.count))
    }

    /// Lets time pass from where it was.
    mutating func run(to ms: Int64) throws {
        while nowMs < ms { try step(to: min(ms, nowMs + Self.stepMs)) }
    }

    private mutating func step(to ms: Int64) throws {
        nowMs = ms
        var invocations: [Invocation] = []
        for event in fleet.advance(to: nowMs) {
            switch event {
            case .announced(let service, _): try stages.announce(service)
            case .reported: break
            case .ended(let end, let worker):
                let profile = end.profile
                runs[profile.id, default: Runs()].count(end)
                if placing == .roundRobin {
                    placeNext(profile.id)
                } else {
                    invocations.append(
                        end.execution.invocation(of: profile, run: run, worker: worker))
                }
            }
        }
        guard placing != .roundRobin else { return }
        for assignment in try stages.take(invocations, nowMs: nowMs) {
            fleet.placements.assign(assignment, epoch: 1)
        }
    }

    private mutating func placeNext(_ function: FunctionID) {
        guard !seen.contains(function) else { return }
        let worker = workers[seen.count % workers.count].worker
        seen.insert(function)
        fleet.placements.assign(
            Assignment(
                function, cell: Self.cell, tier: .burstable,
                placements: [.init(worker: worker, share: 1)], reason: "", decidedAtMs: 0,
                revision: 1), epoch: 1)
    }
}

/// Featurizer, predictor and allocator of one cell, each taking what the others publish.
private struct PlacingStages {
    private var featurizer = FeaturizerStage(partition: ClosedLoop.cell)
    private var predictor = PredictorStage(partition: ClosedLoop.cell)
    private var allocator: AllocatorStage
    /// Decided and not told yet.
    private var assignments: [Assignment] = []

    init(policy: Policy) { allocator = AllocatorStage(cell: ClosedLoop.cell, policy: policy) }

    mutating func report(_ worker: WorkerReported) throws {
        try allocate(.worker(worker))
    }

    mutating func announce(_ service: ServiceAnnounced) throws {
        try predict(.announced(service))
    }

    /// - Returns: assignments decided since the last time.
    mutating func take(_ invocations: [Invocation], nowMs: Int64) throws -> [Assignment] {
        var effects = Effects<FeaturizerRow>()
        for invocation in invocations {
            try featurizer.process(invocation, nowMs: nowMs, &effects)
        }
        for case let shape as FunctionShape in effects.messages {
            try predict(.shape(shape))
            try allocate(.shape(shape))
        }
        defer { assignments = [] }
        return assignments
    }

    private mutating func predict(_ input: PredictorInput) throws {
        var effects = Effects<PredictorRow>()
        try predictor.process(input, nowMs: 0, &effects)
        for message in effects.messages {
            switch message {
            case let prediction as Topics.Prediction: try allocate(.prediction(prediction))
            // Of one cell there are no others' models to read.
            default: break
            }
        }
    }

    private mutating func allocate(_ input: AllocatorStage.Input) throws {
        var effects = Effects<AllocatorRow>()
        try allocator.process(input, nowMs: 0, &effects)
        for case let assignment as Assignment in effects.messages { assignments.append(assignment) }
    }
}
