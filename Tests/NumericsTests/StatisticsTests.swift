import Numerics
import Testing

@Suite struct `Statistics` {
    @Test func `correlate as by hand`() {
        // Deviations -1, 0, 1 and -1, 1, 0: 1 / sqrt(2 * 2) = 0.5.
        #expect(abs(correlation([1, 2, 3], [1, 3, 2]) - 0.5) < 1e-6)
        #expect(correlation([1, 2, 3], [-2, -4, -6]) == -1)
        #expect(correlation([1, 1, 1], [1, 2, 3]) == 0)
    }

    @Test func `rank with ties shared`() {
        #expect(ranks([10, 30, 20, 20]) == [1, 4, 2.5, 2.5])
        #expect(ranks([]) == [])
    }

    @Test func `find quantiles between values`() {
        // numpy.quantile([1, 2, 4], 0.75) = 3.0
        #expect(quantile(ofSorted: [1, 2, 4], 0.75) == 3)
        #expect(quantile(ofSorted: [1, 2, 4], 0) == 1)
        #expect(quantile(ofSorted: [1, 2, 4], 1) == 4)
        #expect(quantile(ofSorted: [], 0.5) == 0)
    }

    @Test func `standardise to mean 0 and variance 1, and a constant to 0`() {
        let fitted = Standardisation(fitting: Matrix([[1, 7], [3, 7]]))
        #expect(fitted.apply(to: [1, 7]) == [-1, 0])
        #expect(fitted.apply(to: [103, 9], limit: 8) == [8, 0])
    }

    @Test func `bring a vector to length one`() {
        #expect(unitLength([3, 4]) == [0.6, 0.8])
        #expect(unitLength([0, 0]) == [0, 0])
    }
}

@Suite struct `Spherical k-means` {
    @Test(arguments: UInt64(0)..<20)
    func `finds planted directions`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let planted = (0..<60).map { $0 % 3 }
        let vectors = Matrix(
            planted.map { direction in
                unitLength(
                    (0..<4).map { ($0 == direction ? 1 : 0) + 0.1 * Float(random.uniform()) })
            })
        let found = SphericalKMeans(vectors, count: 3, random: &random)
        for (a, b) in zip(planted.indices.dropLast(), planted.indices.dropFirst()) {
            #expect((planted[a] == planted[b]) == (found.assignment[a] == found.assignment[b]))
        }
        #expect(SphericalKMeans.silhouette(vectors, found.centroids) > 0.9)
    }

    @Test func `finds fewer where fewer differ, and copes with zero vectors`() {
        var random = SeededRandom(seed: 1)
        let same = SphericalKMeans(Matrix([[1, 0], [1, 0]]), count: 2, random: &random)
        #expect(same.centroids.rows == 1)
        let zero = SphericalKMeans(Matrix([[0, 0], [1, 0]]), count: 2, random: &random)
        #expect(zero.centroids.values.allSatisfy { $0.isFinite })
    }
}

@Suite struct `Convolution kernels` {
    @Test(arguments: [1, 2, 7])
    func `give what their definition gives`(dilation: Int) {
        var random = SeededRandom(seed: UInt64(dilation))
        let series = (0..<40).map { _ in Float(random.uniform()) }
        let centred = series.map { $0 - mean(series) }
        var kernel = 0
        for a in 0..<9 {
            for b in a + 1..<9 {
                for c in b + 1..<9 {
                    let output = ConvolutionKernels.convolution(
                        of: series, kernel: kernel, dilation: dilation)
                    for place in series.indices {
                        var expected: Float = 0
                        for tap in 0..<9 {
                            let index = place + (tap - 4) * dilation
                            guard centred.indices.contains(index) else { continue }
                            expected += ([a, b, c].contains(tap) ? 2 : -1) * centred[index]
                        }
                        #expect(abs(output[place] - expected) < 1e-4)
                    }
                    kernel += 1
                }
            }
        }
        #expect(kernel == ConvolutionKernels.count)
    }

    @Test func `pool into the share above the bias`() {
        var random = SeededRandom(seed: 3)
        let series = (0..<100).map { _ in Float(random.uniform()) }
        let biases = (0..<84).map { Float($0 - 42) / 42 }
        let shares = ConvolutionKernels.sharesAbove(biases[...], of: series, dilation: 3)
        for kernel in 0..<84 {
            let output = ConvolutionKernels.convolution(of: series, kernel: kernel, dilation: 3)
            #expect(shares[kernel] == Float(output.count { $0 > biases[kernel] }) / 100)
        }
    }

    @Test func `cope with series shorter than themselves`() {
        let biases = [Float](repeating: 0.001, count: 84)
        for series in [[], [5], [1, 2]] as [[Float]] {
            let shares = ConvolutionKernels.sharesAbove(biases[...], of: series, dilation: 16)
            #expect(shares.count == 84 && shares.allSatisfy { (0...1).contains($0) })
        }
    }
}
