internal import Numerics
internal import Processing
internal import RepresentationLearning
internal import Topics

/// A partition of the learner that knows a week of each of its functions.
struct EmbeddedCell {
    static let functionsMax = 2_500
    /// As many differ; the others are like one of them, under names of their own.
    private static let differentMax = 64

    private let entries: [StateEntry]
    /// The first slot after the week.
    private let next: FunctionShape

    init(functions: Range<Int>) throws {
        let different = min(Self.differentMax, functions.count)
        var stage = LearnerStage(partition: 1)
        var effects = Effects<LearnerStage.Row>()
        for function in WaveFunction.fleet(of: different, seed: 7) {
            let week = function.week(0)
            // The newest first: then no time passes, and nothing is encoded meanwhile.
            for slot in (0..<week.count).reversed() {
                try stage.process(
                    .shape(Self.shape(function.number, week, slot)), nowMs: 0, &effects)
            }
        }
        let kept = stage.takeChanges()
        let byFunction = (0..<different).map { number in
            let path = Self.path(number)
            return kept.filter { $0.key.hasSuffix("/\(path)") || $0.key.contains("/\(path)/") }
        }
        entries =
            kept.filter { $0.key == "partition" }
            + functions.flatMap { number in
                let like = number % different
                return byFunction[like].map { entry in
                    StateEntry(
                        key: entry.key.replacing(Self.path(like), with: Self.path(number)),
                        value: entry.value)
                }
            }
        let slot = WaveFunction.firstSlot + Int64(DemandWeek.slots)
        next = FunctionShape(
            customer: "acme", service: "s", function: "f\(functions.lowerBound)",
            slotStartMs: (slot + 3) * FunctionShape.slotMs)
    }

    func restored() throws -> LearnerStage {
        var stage = LearnerStage(partition: 1)
        for entry in entries { try stage.restore(entry) }
        return stage
    }

    /// What the partition says once a model is released and a quarter of an hour has passed.
    func embed(_ stage: inout LearnerStage, by release: ModelReleased) throws -> [Representation] {
        var effects = Effects<LearnerStage.Row>()
        try stage.process(.model(release), nowMs: 0, &effects)
        try stage.process(.shape(next), nowMs: 0, &effects)
        return effects.messages.compactMap { $0 as? Representation }
    }

    /// What it says later, at the end of an hour in which only the first function ran.
    ///
    /// - Parameter hour: of the day, from 1.
    func goOn(_ stage: inout LearnerStage, hour: Int) throws -> [Representation] {
        var effects = Effects<LearnerStage.Row>()
        var later = next
        later.slotStartMs += Int64(hour) * 3_600_000
        try stage.process(.shape(later), nowMs: 0, &effects)
        return effects.messages.compactMap { $0 as? Representation }
    }

    private static func path(_ number: Int) -> String { "acme/s/f\(number)" }

    private static func shape(_ number: Int, _ week: DemandView, _ slot: Int) -> FunctionShape {
        var counts = OutcomeCounts()
        counts.add(.success, Int(week.invocations[slot]))
        return FunctionShape(
            customer: "acme", service: "s", function: "f\(number)",
            slotStartMs: (week.startSlot + Int64(slot)) * FunctionShape.slotMs, counts: counts,
            cpuMs: Double(week.milliCpu[slot]) * Double(FunctionShape.slotMs) / 1_000,
            memoryMb: 256, trigger: "http")
    }
}
