public import Topics

/// An execution as it came out.
public struct SimulatedEnd: Sendable {
    public let execution: Execution
    public let profile: FunctionProfile
    public let tier: Tier
    /// What it would have taken alone on an idle worker.
    public let aloneMicros: Int64
    /// Its deadline passed, which it would have met alone.
    public let missesByContention: Bool
}
