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
        /// Where it is known: its latest day.
        var day: FunctionDetail.Day?
    }
}
