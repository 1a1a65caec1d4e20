internal import Foundation
internal import Numerics

/// When workers fail and are back, drawn from a seed: at any moment the same, whatever was asked.
///
/// Between repair and failure, and between failure and repair, times are exponential: a worker that
/// ran for long fails no sooner.
public struct WorkerFailures: Sendable, Equatable {
    /// Nil for workers that never fail.
    public let meanBetweenMs: Int64?
    public let meanRepairMs: Int64
    public let seed: UInt64
    /// When the first begins to run.
    public let startMs: Int64

    public init(meanBetweenMs: Int64?, meanRepairMs: Int64, seed: UInt64, startMs: Int64) {
        precondition(
            (meanBetweenMs ?? 1) > 0 && meanRepairMs > 0,
            "times between failures and for repair are above 0")
        self.meanBetweenMs = meanBetweenMs
        self.meanRepairMs = meanRepairMs
        self.seed = seed
        self.startMs = startMs
    }

    /// Workers that never fail.
    public static let none = Self(meanBetweenMs: nil, meanRepairMs: 1, seed: 0, startMs: 0)

    /// - Returns: whether the worker is down at that moment.
    public func isDown(_ worker: String, atMs ms: Int64) -> Bool {
        outages(of: worker, fromMs: ms)?.first.contains(ms * 1_000) ?? false
    }

    /// - Returns: the outages that end after `ms`; nil where there are none.
    func outages(of worker: String, fromMs ms: Int64) -> Outages? {
        guard let meanBetweenMs else { return nil }
        var outages = Outages(
            meanBetweenMicros: Double(meanBetweenMs) * 1_000,
            meanRepairMicros: Double(meanRepairMs) * 1_000, startMicros: startMs * 1_000,
            SeededRandom(seed: seed, for: "outages of \(worker)"))
        while outages.first.upperBound <= ms * 1_000 { outages.removeFirst() }
        return outages
    }
}

/// A worker's outages from some moment on, without end.
struct Outages: Sendable {
    private let meanBetweenMicros: Double
    private let meanRepairMicros: Double
    private var random: SeededRandom
    private(set) var first: Range<Int64>

    fileprivate init(
        meanBetweenMicros: Double, meanRepairMicros: Double, startMicros: Int64,
        _ random: SeededRandom
    ) {
        self.meanBetweenMicros = meanBetweenMicros
        self.meanRepairMicros = meanRepairMicros
        self.random = random
        first = startMicros..<startMicros
        removeFirst()
    }

    mutating func removeFirst() {
        let from = first.upperBound + exponential(meanBetweenMicros)
        first = from..<from + exponential(meanRepairMicros)
    }

    /// One microsecond at least, so that time goes on.
    private mutating func exponential(_ mean: Double) -> Int64 {
        1 + Int64((-log(1 - random.uniform()) * mean).rounded())
    }
}
