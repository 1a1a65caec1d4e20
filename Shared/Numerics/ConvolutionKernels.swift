/// The 84 fixed kernels of length 9 with three weights of 2 and six of -1, dilated.
///
/// A kernel is pooled into one number: the share of positions at which its output exceeds a bias.
///
/// - SeeAlso: Dempster, Schmidt and Webb, "MiniRocket" (KDD 2021), section 3
///   <https://arxiv.org/abs/2012.08791>. Here the series has its mean taken off and is continued
///   with zeros, so that a short one has an output at every position too.
public enum ConvolutionKernels {
    public static let length = 9
    public static let count = 84

    /// (84) where the weights of 2 are, in the order in which shares are returned.
    static let places: [(Int, Int, Int)] = (0..<length - 2).flatMap { a in
        (a + 1..<length - 1).flatMap { b in (b + 1..<length).map { c in (a, b, c) } }
    }

    /// The output of one kernel at every position.
    public static func convolution(
        of series: [Float], kernel: Int, dilation: Int
    ) -> [Float] {
        let (a, b, c) = places[kernel]
        let padded = Padded(series, dilation: dilation)
        let step = dilation
        return padded.values.withUnsafeBufferPointer { x in
            (0..<series.count).map { index in
                padded.sums[index] + 3 * (x[index + a * step] + x[index + b * step])
                    + 3 * x[index + c * step]
            }
        }
    }

    /// (84) share of positions at which each kernel's output exceeds its bias; 0 of an empty series.
    ///
    /// - Complexity: 120 passes over the series: the sum of two places serves all of the third.
    public static func sharesAbove(
        _ biases: ArraySlice<Float>, of series: [Float], dilation: Int
    ) -> [Float] {
        precondition(biases.count == count, "\(biases.count) biases, expected \(count)")
        let n = series.count
        guard n > 0 else { return Array(repeating: 0, count: count) }
        let padded = Padded(series, dilation: dilation)
        var counts = [Int32](repeating: 0, count: count)
        var pair = [Float](repeating: 0, count: n)
        padded.values.withUnsafeBufferPointer { x in
            padded.sums.withUnsafeBufferPointer { sums in
                pair.withUnsafeMutableBufferPointer { pair in
                    let (x, sums, pair) = (x.baseAddress!, sums.baseAddress!, pair.baseAddress!)
                    var kernel = 0
                    for a in 0..<length - 2 {
                        for b in a + 1..<length - 1 {
                            add(x + a * dilation, x + b * dilation, to: sums, into: pair, n)
                            for c in b + 1..<length {
                                let bias = biases[biases.startIndex + kernel]
                                counts[kernel] = above(bias, pair, x + c * dilation, n)
                                kernel += 1
                            }
                        }
                    }
                }
            }
        }
        return counts.map { Float($0) / Float(n) }
    }

    private typealias Points = UnsafePointer<Float>

    private static func add(
        _ first: Points, _ second: Points, to sums: Points,
        into pair: UnsafeMutablePointer<Float>, _ n: Int
    ) {
        for i in 0..<n { pair[i] = sums[i] + 3 * (first[i] + second[i]) }
    }

    /// Counts sign bits of `bias - output`: without a branch the optimiser makes vectors of it.
    private static func above(_ bias: Float, _ pair: Points, _ third: Points, _ n: Int) -> Int32 {
        var count: UInt32 = 0
        for i in 0..<n { count &+= (bias - (pair[i] + 3 * third[i])).bitPattern &>> 31 }
        return Int32(bitPattern: count)
    }

    /// A series less its mean with zeros before and after, and at each position what the weights
    /// of -1 at all nine places give.
    private struct Padded {
        let values: [Float]
        let sums: [Float]

        init(_ series: [Float], dilation: Int) {
            precondition(dilation > 0, "dilation \(dilation)")
            let margin = dilation * (length / 2)
            let centre = mean(series)
            var values = [Float](repeating: 0, count: series.count + 2 * margin)
            for index in series.indices { values[margin + index] = series[index] - centre }
            var sums = [Float](repeating: 0, count: series.count)
            values.withUnsafeBufferPointer { x in
                sums.withUnsafeMutableBufferPointer { sums in
                    for place in 0..<length {
                        let shifted = x.baseAddress! + place * dilation
                        for i in 0..<sums.count { sums[i] -= shifted[i] }
                    }
                }
            }
            self.values = values
            self.sums = sums
        }
    }
}
