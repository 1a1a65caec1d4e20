public import Processing
public import Topics

/// What a stage must hold to, whatever it computes. Each check returns what it found wrong.
public struct StageLaws<Lawful: Stage> {
    public let make: (Int32) -> Lawful
    public let inputs: [any TopicMessage]
    /// When the stage is told that nothing more comes.
    public let quietMs: Int64

    public init(
        inputs: [any TopicMessage], quietMs: Int64 = 3_600_000, make: @escaping (Int32) -> Lawful
    ) {
        self.inputs = inputs
        self.quietMs = quietMs
        self.make = make
    }

    private func undisturbed() -> [String: [UInt8]] {
        var driver = StageDriver(make: make)
        for input in inputs { driver.feed(input) }
        driver.advance(nowMs: 0, quietMs: quietMs)
        return driver.tables
    }

    /// The same inputs end in the same tables.
    public func isDeterministic() -> Bool { undisturbed() == undisturbed() }

    /// Checkpointed at `cut`, run on for `lost` messages, killed, and resumed from the checkpoint.
    public func survivesRestart(at cut: Int, losing lost: Int) throws -> Bool {
        var driver = StageDriver(make: make)
        for input in inputs[..<cut] { driver.feed(input) }
        driver.checkpoint()
        for input in inputs[cut..<min(cut + lost, inputs.count)] { driver.feed(input) }
        try driver.restart()
        for input in inputs[cut...] { driver.feed(input) }
        driver.advance(nowMs: 0, quietMs: quietMs)
        return driver.tables == undisturbed()
    }

    /// Bytes that are no message change nothing, and each is rejected.
    public func ignoresGarbage(on topic: Topic, _ garbage: [[UInt8]]) -> Bool {
        var driver = StageDriver(make: make)
        for (index, input) in inputs.enumerated() {
            driver.feed(garbage[index % garbage.count], of: topic)
            driver.feed(input)
        }
        driver.advance(nowMs: 0, quietMs: quietMs)
        return driver.tables == undisturbed() && driver.rejections.count >= inputs.count
    }
}
