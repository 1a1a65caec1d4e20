internal import Topics

/// The most that a worker is planned to need of one resource.
///
/// `risk = max_t A(t) + sqrt(z^2 R + max_t B(t))`: the peak over the week of its members' demands
/// summed slot by slot, `z` standard deviations of their noise, and one of the moments around them.
/// Summing before taking the peak is what sees that loads which are never high together need less
/// than their peaks.
///
/// It is subadditive: `risk(a + b) <= risk(a) + risk(b)`.
func risk(peak: Int32, variance: Int, burst: Int = 0, deviations: Double) -> Double {
    Double(peak) + Noise(variance: variance, deviations: deviations).deviation(burst: burst)
}

extension Profile {
    /// What the function needs of a worker of its own.
    func need(_ policy: Policy) -> Need {
        Need(
            milliCpu: risk(
                peak: cpu.peak, variance: cpu.variance, burst: cpu.bursts.max() ?? 0,
                deviations: policy.deviations[tier.rank]),
            memoryMb: risk(
                peak: memory.peak, variance: memory.variance,
                deviations: policy.memoryDeviations))
    }
}

/// An amount of both resources.
public struct Need: Sendable, Equatable {
    public let milliCpu: Double
    public let memoryMb: Double

    public init(milliCpu: Double, memoryMb: Double) {
        self.milliCpu = milliCpu
        self.memoryMb = memoryMb
    }
}
