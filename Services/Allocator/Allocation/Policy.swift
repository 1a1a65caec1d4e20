internal import Topics

/// What the allocator holds to; a later release learns `deviations` from a rolling hold-out.
public struct Policy: Sendable, Equatable {
    /// How many standard deviations of the noise a worker's planned CPU leaves room for (z).
    /// Two, for weeks seen once: 1 used 8 % fewer workers and overran 4 to 15 times as often.
    public var deviations = 2.0
    /// The same for memory, which cannot burst.
    public var memoryDeviations = 3.0
    /// A worker is relieved only once its risk exceeds its capacity by this factor (hysteresis).
    public var relief = 1.10
    /// Freeing a worker may fill the others only up to this part of their capacity.
    public var consolidatedFill = 0.95
    /// Voluntary moves an hour of event time, as a share of the cell's functions; at least one.
    public var movedPerHour = 0.01
    public var fairness = FairnessRules()
    public var planning = PlanningRules()

    public init() {}

    /// - Parameter functions: how many the cell has.
    func movesPerHour(functions: Int) -> Int { max(1, Int(movedPerHour * Double(functions))) }
}

public enum Limits {
    /// A further function takes the place of one silent for a week, or is rejected.
    public static let functionsPerCellMax = 10_000
    public static let workersPerCellMax = 1_000
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
