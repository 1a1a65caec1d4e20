internal import Numerics
public import Topics

/// What a function needs in its busiest minute.
public struct PeakDemand: Sendable, Equatable {
    public let service: ServiceID
    public let milliCpu: Double
    public let memoryMb: Double

    /// - Parameter perMinute: invocations in that minute.
    init(_ function: FunctionProfile, perMinute: Double) {
        service = function.id.service
        // Little's law: executions at a time are arrivals times the time each takes. What runs
        // takes one of them at least.
        let atATime = perMinute * function.durationMs.mean / Double(minuteMs)
        milliCpu = atATime * function.utilisation * 1_000
        memoryMb = max(1, atATime) * function.memoryMb
    }

    /// - Parameter atATime: executions; below one where it does not always run.
    init(_ function: FunctionProfile, atATime: Double) {
        service = function.id.service
        milliCpu = atATime * function.utilisation * 1_000
        memoryMb = atATime * function.memoryMb
    }
}

/// The workers of every cell, sized for the workload they will run.
public struct WorkerPlan: Sendable {
    /// What each worker has.
    public var milliCpu = 2_000.0
    public var memoryMb = 12_288.0
    /// 0 for as many as the workload needs.
    public var perCell = 0

    /// A cell has at least these, so that there is something to choose from.
    static let perCellMin = 4
    /// Beyond the sum of the functions' peaks: new services come, and who places leaves room for
    /// noise and for hours that it has not seen.
    static let room = 4.0

    public init() {}

    /// - Parameter cells: the partitions of keyed topics.
    /// - Returns: in order of cell and worker; the same for the same seed.
    public func workers(
        for demands: [PeakDemand], cells: Int32, seed: UInt64
    ) -> [WorkerReported] {
        var milliCpuOfCell = Array(repeating: 0.0, count: Int(cells))
        var memoryOfCell = milliCpuOfCell
        for demand in demands {
            let cell = Int(partition(ofKey: demand.service.path, among: cells))
            milliCpuOfCell[cell] += demand.milliCpu
            memoryOfCell[cell] += demand.memoryMb
        }
        return (0..<Int(cells)).flatMap { cell in
            var random = SeededRandom(seed: seed, for: "cell \(cell)")
            // A cell is in one place: from hydro power to coal.
            let carbon = [30.0, 120, 250, 400, 650][random.integer(below: 5)]
            let needed = max(milliCpuOfCell[cell] / milliCpu, memoryOfCell[cell] / memoryMb)
            let automatic = max(Self.perCellMin, Int(min(1e6, needed * Self.room).rounded(.up)))
            let count = min(Limits.workersPerCellMax, perCell > 0 ? perCell : automatic)
            return (0..<count).map { index in
                // Two generations of machines: the older one idles at more than half its peak.
                let isOld = random.chance(0.4)
                let wattsPerCore = isOld ? 14.0 : 9.0
                let wattsPeak = wattsPerCore * milliCpu / 1_000
                return WorkerReported(
                    worker: "w\(cell)-\(index)", cell: Int32(cell), milliCpu: milliCpu,
                    memoryMb: memoryMb, state: .ready,
                    wattsIdle: wattsPeak * (isOld ? 0.6 : 0.35), wattsPeak: wattsPeak,
                    carbonGPerKwh: carbon)
            }
        }
    }
}
