/// A machine of the fleet, as the fleet reports it: `workers`.
public struct WorkerReported: TopicMessage {
    public static let topic = Topic.workers

    public var worker: String
    /// The set of workers it belongs to: the partition number.
    public var cell: Int32
    public var milliCpu: Double
    public var memoryMb: Double
    public var state: State
    public var wattsIdle: Double?
    public var wattsPeak: Double?
    public var carbonGPerKwh: Double?

    public enum State: String, CaseIterable, Codable, Sendable { case ready, draining, gone }

    public init(
        worker: String, cell: Int32, milliCpu: Double, memoryMb: Double, state: State,
        wattsIdle: Double? = nil, wattsPeak: Double? = nil, carbonGPerKwh: Double? = nil
    ) {
        self.worker = worker
        self.cell = cell
        self.milliCpu = milliCpu
        self.memoryMb = memoryMb
        self.state = state
        self.wattsIdle = wattsIdle
        self.wattsPeak = wattsPeak
        self.carbonGPerKwh = carbonGPerKwh
    }

    public var key: String { "\(cell)/\(worker)" }
    public func partition(keyed: Int32) -> Int32 { cell % keyed }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: worker, of: "worker")
        try FieldLimits.check(Double(cell), in: 0...65_535, of: "cell")
        try FieldLimits.check(milliCpu, in: 1...10_000_000, of: "milli_cpu")
        try FieldLimits.check(memoryMb, in: 1...FieldLimits.memoryMbMax, of: "memory_mb")
    }
}
