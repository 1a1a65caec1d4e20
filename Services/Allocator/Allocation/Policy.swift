internal import Topics

/// What the allocator holds to.
public struct Policy: Sendable, Equatable {
    /// How the loads of functions are seen together.
    public enum Kind: String, CaseIterable, Sendable {
        /// Slot by slot: those busy at different times share a worker.
        case antiphase
        /// As if each were at its own peak all the time: what antiphase is measured against.
        case sumOfPeaks = "sum_of_peaks"
    }

    public var kind = Kind.antiphase
    /// (3) by a tier's rank: how many standard deviations of the noise a worker's planned CPU leaves
    /// room for (z). Learned per cell from rolling days; until then that of fleets known before.
    public var deviations = Array(repeating: Calibration.priorDeviations, count: 3)
    /// Decisions are kept in tables and told nobody: what it would do.
    public var isDryRun = false
    /// Whether `deviations` are learned.
    public var learns = true
    /// The same for memory, which cannot be throttled.
    public var memoryDeviations = 3.0
    /// (3) by a tier's rank: the share of slots of its workers in which it may get less CPU than it
    /// needs.
    public var budgets = [0.000_1, 0.001, 0.01]
    /// Functions are moved off workers only once a tier's overload exceeds its budget by this
    /// factor (hysteresis).
    public var relief = 1.5
    /// Freeing a worker may use only this part of the budgets.
    public var consolidatedShare = 0.7
    /// Voluntary moves an hour of event time, as a share of the cell's functions; at least one.
    public var movedPerHour = 0.01
    public var fairness = FairnessRules()
    public var planning = PlanningRules()

    /// One worker may use up to so many times the budget, where others use less.
    static let worstWorker = 10.0
    /// Memory planned beyond a worker's own by this factor has members leave.
    static let memoryRelief = 1.10

    public init() {}

    /// - Parameter functions: how many the cell has.
    func movesPerHour(functions: Int) -> Int { max(1, Int(movedPerHour * Double(functions))) }

    func noise(_ variance: Int, rank: Int) -> Noise {
        Noise(variance: variance, deviations: deviations[rank])
    }
}

public enum Limits {
    /// A further function takes the place of one silent for a week, or is rejected.
    public static let functionsPerCellMax = 65_536
    public static let workersPerCellMax = 8_192
    public static let membersPerWorkerMax = 1_000
    public static let workersPerFunctionMax = 64
    /// How many counts of workers are tried for a function bigger than a worker.
    static let spreadTriesMax = 8
    /// A function's demand, mCPU or MB: whole `Float`s are exact up to 2^24.
    static let demandMax: Float = 16_000_000
    /// What one member adds to one worker, mCPU or MB. 1,000 members then stay below 2^31.
    static let contributionMax: Int32 = 2_000_000
    /// Capacity beyond this is not used.
    static let capacityMax = 1_500_000.0
    /// Shapes of a function between two evaluations; one more evaluates the function at once.
    static let pendingMax = 12
    static let oppositesMax = 8
    static let forecastHoursMax = 168
    /// From then on a function is judged by its own history alone.
    static let priorHoursMax: Int64 = 168
    /// Closed slots between two evaluations: 15 minutes.
    static let evaluationSlots: Int64 = 3
    static let slotsPerHour: Int64 = 12
    /// Workers, the least used first, that are tried for freeing, an hour.
    static let freeingTriesMax = 3
    /// A worker is freed only if the budget lets it be done within so many hours.
    static let freeingHoursMax = 24
    /// Only functions known for a day are moved to free a worker.
    static let freeingHistorySlots: Int64 = 288
    /// Workers on which a part's overload is computed: those whose potential grows least.
    static let candidatesMax = 4
    /// Functions, of a cell's, from whose days the room for noise is learned.
    static let calibrationFunctionsMax = 64
    public static let deviationsMax = 10.0
    /// Slots since the last evaluation that are held against capacities: a day.
    static let measuredSlotsMax: Int64 = 288
    /// Moves after functions were packed from nothing.
    static let packingMovesMax = 200
    /// A packing's workers are searched for one by one up to so many, else by as fine a part.
    static let packingPrecision = 64
    /// Workers over capacity that no move relieves, before a search for moves ends.
    static let stuckWorkersMax = 3
}

extension Tier {
    /// Those who were promised most come first.
    var rank: Int {
        switch self {
        case .guaranteed: 0
        case .burstable: 1
        case .bestEffort: 2
        }
    }
}
