/// A worker in a list.
struct WorkerLine: Sendable, Equatable {
    var worker: String
    var cell: Int
    var state: String
    var milliCPU: Double
    var memoryMb: Double
    var members: Int
    var plannedMilliCPU: Double
    var plannedMemoryMb: Double
    var guaranteedMilliCPU: Int
    var watts: Double?
    var asOfMs: Int64

    var plannedShare: Double { milliCPU > 0 ? plannedMilliCPU / milliCPU : 0 }
}

/// A worker with the functions on it.
struct WorkerDetail: Sendable, Equatable {
    var line: WorkerLine
    /// (84) planned CPU of every two hours of a week from Monday on, or nothing.
    var planMilliCPU: [Double]
    var members: [Member]
    /// Cells that have a worker of this name, too.
    var otherCells: [Int]
    var fleetLastSeenMs: Int64?

    struct Member: Sendable, Equatable {
        var name: FunctionName
        var tier: String
        var share: Double
        /// On which the fleet's last 24 hours lie, in any order.
        var days: [FunctionDetail.Day]

        /// Its CPU in use on this worker, a slot each; 0 where there was nothing.
        func milliCPU(fromMs: Int64) -> [Double?] {
            (0..<Times.slotsPerDay).map { slot in
                let atMs = fromMs + Int64(slot) * Times.slotMs
                guard let day = days.first(where: { (0..<Times.dayMs).contains(atMs - $0.startMs) })
                else { return 0 }
                let index = Int((atMs - day.startMs) / Times.slotMs)
                let cpuMs = index < day.cpuMs.count ? day.cpuMs[index] ?? 0 : 0
                return cpuMs * share / Double(Times.slotMs) * 1_000
            }
        }
    }
}
