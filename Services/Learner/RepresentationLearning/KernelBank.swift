internal import Foundation
internal import Numerics

/// (K) random convolutional kernels with biases that were drawn from a set of series.
///
/// A feature is the share of a series at which one kernel's output exceeds one bias.
///
/// - SeeAlso: Dempster, Schmidt and Webb, "MiniRocket" (KDD 2021), section 3.2: dilations spread
///   evenly in logarithm up to the length of a series, biases at low-discrepancy quantiles of the
///   output on a random series.
struct KernelBank: Equatable, Sendable {
    /// The 84 kernels at one dilation.
    struct Group: Equatable, Sendable {
        let dilation: Int
        /// Biases a kernel.
        let each: Int
        /// (84) which channels each kernel sees; nil where there is but one.
        let channels: [[Int]]?
    }

    let groups: [Group]
    /// (K) group by group, kernel by kernel.
    let biases: [Float]

    static let dilationsMax = 32
    /// A kernel sees at most so many channels.
    static let channelsMax = 9

    var count: Int { biases.count }

    /// Over a series, at most: for the places that kernels have in common, and for each bias.
    var passes: Int {
        groups.reduce(0) { sum, group in
            let common = group.channels == nil ? Self.pairs : ConvolutionKernels.count
            return sum + common + ConvolutionKernels.count * group.each
        }
    }

    /// Of the first two places of a kernel's weights of 2.
    private static let pairs = 28

    init(groups: [Group], biases: [Float]) {
        self.groups = groups
        self.biases = biases
    }

    /// - Parameter series: (n, C, T) at least one; lengths may differ.
    /// - Parameter features: K, rounded down to a multiple of 84, of which there is at least one.
    init(fitting series: [[[Float]]], features: Int, random: inout SeededRandom) {
        let length = series.map { $0.first?.count ?? 0 }.max() ?? 0
        let channels = series.first?.count ?? 1
        var biases: [Float] = []
        groups = Self.dilations(length: length, features: features).map { dilation, each in
            let seen: [[Int]]? =
                channels == 1
                ? nil
                : (0..<ConvolutionKernels.count).map { _ in
                    Self.someChannels(of: channels, &random)
                }
            for kernel in 0..<ConvolutionKernels.count {
                let drawn = series[Int(random.uniform() * Double(series.count))]
                let output = DilatedSeries(drawn, dilation: dilation)
                    .output(kernel: kernel, channels: seen?[kernel] ?? [0]).sorted()
                for _ in 0..<each {
                    let share = Double(biases.count + 1) * Self.goldenRatio
                    biases.append(quantile(ofSorted: output, share - share.rounded(.down)))
                }
            }
            return Group(dilation: dilation, each: each, channels: seen)
        }
        self.biases = biases
    }

    /// (K)
    ///
    /// - Parameter series: (C, T) finite.
    func features(of series: [[Float]]) -> [Float] {
        var features: [Float] = []
        features.reserveCapacity(count)
        for (index, group) in groups.enumerated() {
            let end = features.count + ConvolutionKernels.count * group.each
            features += DilatedSeries(series, dilation: group.dilation).sharesAbove(
                biases[features.count..<end], each: group.each,
                interiorOfOdd: index % 2 == 0, channels: group.channels)
        }
        return features
    }

    private static let goldenRatio = (5.0.squareRoot() + 1) / 2

    /// Ascending, with how many biases a kernel has at each.
    static func dilations(length: Int, features: Int) -> [(dilation: Int, each: Int)] {
        let each = max(1, features / ConvolutionKernels.count)
        let steps = min(each, dilationsMax)
        let span = Double(length - 1) / Double(ConvolutionKernels.length - 1)
        let exponentMax = max(0, log2(max(1, span)))
        var dilations: [(dilation: Int, each: Int)] = []
        for step in 0..<steps {
            let share = steps == 1 ? 0 : Double(step) / Double(steps - 1)
            // A whole power may come out a rounding below.
            let dilation = Int(exp2(exponentMax * share) + 1e-6)
            // Steps share out all biases as evenly as whole numbers allow.
            let biases = each / steps + (step < each % steps ? 1 : 0)
            if dilations.last?.dilation == dilation {
                dilations[dilations.count - 1].each += biases
            } else {
                dilations.append((dilation, biases))
            }
        }
        return dilations
    }

    /// One to `channelsMax`, few more often than many.
    private static func someChannels(of channels: Int, _ random: inout SeededRandom) -> [Int] {
        let most = Double(min(channels, channelsMax))
        let wanted = max(1, min(channels, Int(exp2(random.uniform() * log2(most + 1)))))
        var left = Array(0..<channels)
        return (0..<wanted).map { _ in
            left.remove(at: Int(random.uniform() * Double(left.count)))
        }.sorted()
    }
}
