/// Work whose speed is measured, in two sizes: one to see that it works, one to measure.
///
/// Its input comes from a seed, so that the same size has the same result, whose digest is printed.
public struct Benchmark: Sendable {
    public let name: String
    /// What is done, for people.
    public let summary: String
    /// What is counted, in the plural.
    public let unit: String
    public let smokeSize: Int
    public let fullSize: Int
    /// What it is compared with, in the same run; nil when there is nothing.
    public let baselineName: String?
    /// Whether it is measured when none is named: not what takes minutes.
    public let isUnasked: Bool
    let prepare: @Sendable (_ size: Int) throws -> Prepared

    /// - Parameter prepare: makes the input, which is not measured.
    init(
        _ name: String, _ summary: String, unit: String, smoke: Int, full: Int,
        baseline: String? = nil, isUnasked: Bool = true,
        prepare: @escaping @Sendable (_ size: Int) throws -> Prepared
    ) {
        precondition(0 < smoke && smoke <= full, "sizes \(smoke) and \(full) of \(name)")
        self.name = name
        self.summary = summary
        self.unit = unit
        smokeSize = smoke
        fullSize = full
        baselineName = baseline
        self.isUnasked = isUnasked
        self.prepare = prepare
    }

    /// In the order in which data passes through the line.
    public static let all = [
        fleetGeneration, jsonDecoding, protobufDecoding, featurization, shapePublishing,
        shapeEncoding, weekEncoding, training, monthTraining, embedding, announcing, neighbours,
        prediction,
        allocation,
    ]
}

/// What is measured: `start` makes the state of a pass, and what it returns is the pass.
struct Prepared {
    typealias Pass = () throws -> Outcome

    let start: () throws -> Pass
    let baseline: (() throws -> Pass)?

    init(baseline: (() throws -> Pass)? = nil, start: @escaping () throws -> Pass) {
        self.start = start
        self.baseline = baseline
    }
}

/// What a pass did: how much, and what came of it.
struct Outcome: Equatable {
    let count: Int
    let digest: Digest
}

/// A number that two results share only when they are equal, as good as certainly: FNV-1a, 64 bits.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    public init() {}

    public mutating func add(_ byte: UInt8) {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    public mutating func add(_ bytes: [UInt8]) { for byte in bytes { add(byte) } }

    public mutating func add(_ number: Int64) {
        // A word at once: the digest must cost little beside what is measured.
        hash = (hash ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3
        hash ^= hash >> 29
    }

    public mutating func add(_ number: Double) { add(Int64(bitPattern: number.bitPattern)) }

    public var description: String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
