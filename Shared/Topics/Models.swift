public import struct Foundation.Data

/// A released model, or a part of one that a partition contributes: `models`.
public struct ModelReleased: TopicMessage {
    public static let topic = Topic.models

    /// For example `learner/encoder`, or `predictor/prior/3` for partition 3's part of the prior.
    public var name: String
    /// Rises with every release of the name.
    public var version: Int
    /// Of the parameters: what to compare before trusting a copy.
    public var digest: String
    /// What it scored where it was judged.
    public var metrics: [String: Double]
    /// The event times it was fitted on.
    public var fittedFromMs: Int64
    public var fittedToMs: Int64
    public var seed: UInt64
    public var parameters: Data

    public init(
        name: String, version: Int, metrics: [String: Double], fittedFromMs: Int64,
        fittedToMs: Int64, seed: UInt64, parameters: [UInt8]
    ) {
        self.name = name
        self.version = version
        digest = Self.digest(of: parameters)
        self.metrics = metrics
        self.fittedFromMs = fittedFromMs
        self.fittedToMs = fittedToMs
        self.seed = seed
        self.parameters = Data(parameters)
    }

    public var key: String { name }
    public func partition(keyed: Int32) -> Int32 { 0 }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: name, of: "name")
        try FieldLimits.check(version, in: 0...FieldLimits.versionMax, of: "version")
        try FieldLimits.check(timeMs: fittedFromMs, of: "fitted_from_ms")
        try FieldLimits.check(timeMs: fittedToMs, of: "fitted_to_ms")
        for metric in metrics.keys.sorted() {
            try FieldLimits.check(name: metric, of: "the name of a metric")
        }
        let computed = Self.digest(of: Array(parameters))
        guard digest == computed else {
            throw Rejection(
                .outOfRange, "digest is \(digest), the parameters' own is \(computed)")
        }
    }

    /// FNV-1a, 64 bits, in hexadecimal: tells a torn or swapped copy, not a forged one.
    public static func digest(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
