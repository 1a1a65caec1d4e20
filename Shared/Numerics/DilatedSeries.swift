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
                forEachOutput(channels) { kernel, output in
                    let narrow = (kernel % 2 == 1) == odd && !inside.isEmpty
                    let range = narrow ? inside : 0..<count
                    for index in kernel * each..<(kernel + 1) * each {
                        let above = Self.above(
                            biases[index], output + range.lowerBound, range.count)
                        shares[index] = Float(above) / Float(range.count)
                    }
                }
            }
        }
        return shares
    }

    private typealias Points = UnsafePointer<Float>

    /// Every kernel's output in turn, in one buffer.
    private func forEachOutput(_ channels: [[Int]]?, _ body: (Int, Points) -> Void) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { buffer in
            guard let pair = buffer.baseAddress else { return }
            let output = pair + count
            if let channels {
                for kernel in 0..<ConvolutionKernels.count {
                    output.update(repeating: 0, count: count)
                    for channel in channels[kernel] {
                        add(kernel: kernel, channel: channel, to: output)
                    }
                    body(kernel, output)
                }
                return
            }
            padded[0].withUnsafeBufferPointer { x in
                sums[0].withUnsafeBufferPointer { sums in
                    guard let x = x.baseAddress, let sums = sums.baseAddress else { return }
                    forEachOutput(of: x, sums, pair, output, body)
                }
            }
        }
    }

    /// The sum of two places serves all of the third: 36 + 84 passes.
    private func forEachOutput(
        of x: Points, _ sums: Points, _ pair: UnsafeMutablePointer<Float>,
        _ output: UnsafeMutablePointer<Float>, _ body: (Int, Points) -> Void
    ) {
        let length = ConvolutionKernels.length
        let count = count
        var kernel = 0
        for a in 0..<length - 2 {
            for b in a + 1..<length - 1 {
                let (first, second) = (x + a * dilation, x + b * dilation)
                for i in 0..<count { pair[i] = sums[i] + 3 * (first[i] + second[i]) }
                for c in b + 1..<length {
                    let third = x + c * dilation
                    for i in 0..<count { output[i] = pair[i] + 3 * third[i] }
                    body(kernel, output)
                    kernel += 1
                }
            }
        }
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
    private static func above(_ bias: Float, _ output: Points, _ count: Int) -> Int {
        var above: UInt32 = 0
        for i in 0..<count { above &+= (bias - output[i]).bitPattern &>> 31 }
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
