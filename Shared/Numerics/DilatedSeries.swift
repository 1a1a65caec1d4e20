/// A series as the 84 kernels of `ConvolutionKernels` see it at one dilation.
///
/// C: channels; T: points. It is continued with zeros, and its mean is left on: inside the series
/// kernels, whose weights sum to 0, do not see a level, but near its ends they do, and a function's
/// level is part of what it is.
///
/// - SeeAlso: Dempster, Schmidt and Webb, "MiniRocket" (KDD 2021), sections 3.1 and 3.2
///   <https://arxiv.org/abs/2012.08791>; several channels as in the authors' multivariate variant:
///   a kernel sees the sum of some of them.
public struct DilatedSeries {
    /// T
    public let count: Int
    let dilation: Int
    /// (C, T + 2 margins)
    private let padded: [[Float]]
    /// (C, T) what weights of -1 at all nine places give.
    private let sums: [[Float]]

    private var margin: Int { dilation * (ConvolutionKernels.length / 2) }

    /// - Parameter channels: (C, T) finite.
    public init(_ channels: [[Float]], dilation: Int) {
        precondition(dilation > 0, "dilation \(dilation)")
        let count = channels.first?.count ?? 0
        precondition(channels.allSatisfy { $0.count == count }, "channels of unequal length")
        let margin = dilation * (ConvolutionKernels.length / 2)
        self.count = count
        self.dilation = dilation
        let padded = channels.map { channel -> [Float] in
            var values = [Float](repeating: 0, count: count + 2 * margin)
            values.replaceSubrange(margin..<margin + count, with: channel)
            return values
        }
        self.padded = padded
        sums = padded.map { Self.negativeSums($0, count: count, dilation: dilation) }
    }

    /// (T) the output of one kernel at every position.
    ///
    /// - Parameter channels: which ones it sees.
    public func output(kernel: Int, channels: [Int]) -> [Float] {
        var output = [Float](repeating: 0, count: count)
        output.withUnsafeMutableBufferPointer { output in
            guard let output = output.baseAddress else { return }
            for channel in channels { add(kernel: kernel, channel: channel, to: output) }
        }
        return output
    }

    /// (84 x each) the share of positions at which each kernel's output exceeds each of its biases,
    /// kernel by kernel; 0 of an empty series.
    ///
    /// - Parameter biases: (84 x each), kernel by kernel.
    /// - Parameter odd: whether kernels of odd, or of even, number are judged only where all nine
    ///   places are inside the series; a series too short for that is judged everywhere.
    /// - Parameter channels: (84) which channels each kernel sees; nil where there is but one.
    public func sharesAbove(
        _ biases: ArraySlice<Float>, each: Int, interiorOfOdd odd: Bool, channels: [[Int]]?
    ) -> [Float] {
        let kernels = ConvolutionKernels.count
        precondition(biases.count == kernels * each, "\(biases.count) biases, \(each) a kernel")
        var shares = [Float](repeating: 0, count: kernels * each)
        guard count > 0 else { return shares }
        let inside = margin..<max(margin, count - margin)
        biases.withUnsafeBufferPointer { biases in
            shares.withUnsafeMutableBufferPointer { shares in
                forEachKernel(channels) { kernel, weights, third in
                    let narrow = (kernel % 2 == 1) == odd && !inside.isEmpty
                    let range = narrow ? inside : 0..<count
                    let (weights, third) = (weights + range.lowerBound, third + range.lowerBound)
                    for index in kernel * each..<(kernel + 1) * each {
                        let above = Self.above(biases[index], weights, third, range.count)
                        shares[index] = Float(above) / Float(range.count)
                    }
                }
            }
        }
        return shares
    }

    private typealias Points = UnsafePointer<Float>

    /// Every kernel in turn: its output is what all places but the third weight of 2 give, and three
    /// times what stands at the third.
    private func forEachKernel(_ channels: [[Int]]?, _ body: (Int, Points, Points) -> Void) {
        // Kernels that see the same channels see one series, the sum of them.
        var kernels: [[Int]: [Int]] = [:]
        for kernel in 0..<ConvolutionKernels.count {
            kernels[channels?[kernel] ?? [0], default: []].append(kernel)
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { buffer in
            guard let pair = buffer.baseAddress else { return }
            for (channels, kernels) in kernels {
                Self.sum(of: padded, channels).withUnsafeBufferPointer { x in
                    Self.sum(of: sums, channels).withUnsafeBufferPointer { sums in
                        guard let x = x.baseAddress, let sums = sums.baseAddress else { return }
                        forEach(kernels, x, sums, pair, body)
                    }
                }
            }
        }
    }

    /// Kernels in a row mostly have two places in common, whose sum serves all of the third.
    private func forEach(
        _ kernels: [Int], _ x: Points, _ sums: Points, _ pair: UnsafeMutablePointer<Float>,
        _ body: (Int, Points, Points) -> Void
    ) {
        var paired: (Int, Int) = (-1, -1)
        let count = count
        for kernel in kernels {
            let (a, b, c) = ConvolutionKernels.places[kernel]
            if paired != (a, b) {
                let (first, second) = (x + a * dilation, x + b * dilation)
                for i in 0..<count { pair[i] = sums[i] + 3 * (first[i] + second[i]) }
                paired = (a, b)
            }
            body(kernel, pair, x + c * dilation)
        }
    }

    private static func sum(of series: [[Float]], _ channels: [Int]) -> [Float] {
        var sum = series[channels[0]]
        for channel in channels.dropFirst() {
            series[channel].withUnsafeBufferPointer { other in
                sum.withUnsafeMutableBufferPointer { sum in
                    for i in sum.indices { sum[i] += other[i] }
                }
            }
        }
        return sum
    }

    private func add(kernel: Int, channel: Int, to output: UnsafeMutablePointer<Float>) {
        let (a, b, c) = ConvolutionKernels.places[kernel]
        let (dilation, count) = (dilation, count)
        padded[channel].withUnsafeBufferPointer { x in
            sums[channel].withUnsafeBufferPointer { sums in
                guard let x = x.baseAddress, let sums = sums.baseAddress else { return }
                let (x1, x2, x3) = (x + a * dilation, x + b * dilation, x + c * dilation)
                for i in 0..<count { output[i] += sums[i] + 3 * (x1[i] + x2[i] + x3[i]) }
            }
        }
    }

    /// Counts sign bits of `bias - output`: without a branch the optimiser makes vectors of it.
    private static func above(_ bias: Float, _ pair: Points, _ third: Points, _ count: Int) -> Int {
        var above: UInt32 = 0
        for i in 0..<count { above &+= (bias - (pair[i] + 3 * third[i])).bitPattern &>> 31 }
        return Int(above)
    }

    private static func negativeSums(_ padded: [Float], count: Int, dilation: Int) -> [Float] {
        var sums = [Float](repeating: 0, count: count)
        padded.withUnsafeBufferPointer { x in
            sums.withUnsafeMutableBufferPointer { sums in
                guard let x = x.baseAddress else { return }
                for place in 0..<ConvolutionKernels.length {
                    let shifted = x + place * dilation
                    for i in 0..<count { sums[i] -= shifted[i] }
                }
            }
        }
        return sums
    }
}
