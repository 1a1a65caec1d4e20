import Numerics
import Testing

@Suite struct `A dilated series` {
    @Test func `is convolved as worked by hand`() {
        // Kernel 0 has its weights of 2 at places 0, 1, 2. Of 1, 2, 4 at the middle position the
        // nine places hold 0 0 0 1 2 4 0 0 0: -7 + 3 * 0 = -7. At the last they hold
        // 0 0 1 2 4 0 0 0 0: -7 + 3 * 1 = -4. At the first 0 0 0 0 1 2 4 0 0: -7.
        let series = DilatedSeries([[1, 2, 4]], dilation: 1)
        #expect(series.output(kernel: 0, channels: [0]) == [-7, -7, -4])
    }

    @Test(arguments: [1, 2, 7])
    func `is convolved as kernels are defined`(dilation: Int) {
        var random = SeededRandom(seed: UInt64(dilation))
        let values = (0..<40).map { _ in Float(random.uniform()) }
        let series = DilatedSeries([values], dilation: dilation)
        var kernel = 0
        for a in 0..<9 {
            for b in a + 1..<9 {
                for c in b + 1..<9 {
                    let output = series.output(kernel: kernel, channels: [0])
                    for place in values.indices {
                        var expected: Float = 0
                        for tap in 0..<9 {
                            let index = place + (tap - 4) * dilation
                            guard values.indices.contains(index) else { continue }
                            expected += ([a, b, c].contains(tap) ? 2 : -1) * values[index]
                        }
                        #expect(abs(output[place] - expected) < 1e-4)
                    }
                    kernel += 1
                }
            }
        }
        #expect(kernel == ConvolutionKernels.count)
    }

    @Test func `adds the channels a kernel sees`() {
        let both = DilatedSeries([[1, 2, 4], [3, 0, 1]], dilation: 2)
        let sum = DilatedSeries([[4, 2, 5]], dilation: 2)
        for kernel in [0, 40, 83] {
            #expect(
                both.output(kernel: kernel, channels: [0, 1])
                    == sum.output(kernel: kernel, channels: [0]))
        }
    }

    @Test(arguments: [1, 3, 30])
    func `tells shares as counted one by one`(dilation: Int) {
        var random = SeededRandom(seed: UInt64(dilation))
        let values = (0..<40).map { _ in Float((20 * random.uniform()).rounded()) }
        let biases = (0..<84 * 2).map { _ in Float((40 * random.uniform()).rounded()) - 20.5 }
        let series = DilatedSeries([values], dilation: dilation)
        let channels = Array(repeating: [0], count: 84)
        for odd in [false, true] {
            let shares = series.sharesAbove(
                biases[...], each: 2, interiorOfOdd: odd, channels: nil)
            #expect(
                shares
                    == series.sharesAbove(
                        biases[...], each: 2, interiorOfOdd: odd, channels: channels))
            let margin = 4 * dilation
            for kernel in 0..<84 {
                var output = series.output(kernel: kernel, channels: [0])
                if (kernel % 2 == 1) == odd, 2 * margin < output.count {
                    output = Array(output[margin..<output.count - margin])
                }
                for place in 0..<2 {
                    let above = output.count { $0 > biases[kernel * 2 + place] }
                    #expect(shares[kernel * 2 + place] == Float(above) / Float(output.count))
                }
            }
        }
    }

    @Test func `of no points has shares of 0`() {
        let biases = [Float](repeating: -1, count: 84)
        let shares = DilatedSeries([[]], dilation: 1)
            .sharesAbove(biases[...], each: 1, interiorOfOdd: true, channels: nil)
        #expect(shares.allSatisfy { $0 == 0 })
    }
}

@Suite struct `Principal components` {
    @Test(arguments: [(5, 12), (12, 5)])
    func `are the same from either side`(rows: Int, columns: Int) throws {
        var random = SeededRandom(seed: 1)
        var matrix = Matrix(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { _ in Float(random.uniform()) })
        matrix.subtractFromRows(Standardisation(fitting: matrix).means)
        let components = try PrincipalComponents(of: matrix, count: 3, varianceMin: 1e-5)
        let scores = matrix.productTransposed(components.vectors)
        for index in 0..<3 {
            let column = (0..<rows).map { scores[$0, index] }
            #expect(abs(variance(column) - components.variances[index]) < 1e-4)
            let vector = components.vectors.row(index)
            #expect(abs(dotProduct(vector, vector) - 1) < 1e-4)
        }
        #expect(components.variances == components.variances.sorted(by: >))
    }

    @Test func `are none where nothing varies`() throws {
        let components = try PrincipalComponents(
            of: Matrix(rows: 3, columns: 4), count: 3, varianceMin: 1e-5)
        #expect(components.vectors.rows == 0)
    }
}

@Suite struct `The peak of two series` {
    @Test func `is of one moment`() {
        #expect(jointPeak([1, 5, 0], [4, 1, 2]) == 6)
        #expect(jointPeak([], []) == 0)
    }

    @Test(arguments: UInt64(0)..<10)
    func `is that of their sum`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let draws = (0..<2).map { _ in (0..<100).map { _ in Float(1e3 * random.uniform()) } }
        let sum = zip(draws[0], draws[1]).map(+)
        #expect(jointPeak(draws[0][...], draws[1][...]) == sum.max())
    }
}

@Suite struct `Rows in bytes` {
    @Test func `are off by half a step at most`() {
        var random = SeededRandom(seed: 1)
        let matrix = Matrix(
            rows: 3, columns: 50, values: (0..<150).map { _ in Float(random.uniform() - 0.5) })
        let quantised = QuantisedRows(matrix)
        for row in 0..<3 {
            for (a, b) in zip(matrix.row(row), quantised.matrix.row(row)) {
                #expect(abs(a - b) <= quantised.scales[row] * 0.501)
            }
        }
    }

    @Test func `are as worked by hand`() {
        // 254 is 127 steps of 2: 3 is 1.5 steps, rounded away from 0 to 2, and -1 to -1.
        let quantised = QuantisedRows(Matrix([[254, 3, -1], [0, 0, 0]]))
        #expect(quantised.values == [127, 2, -1, 0, 0, 0])
        #expect(quantised.scales == [2, 0])
        #expect(quantised.matrix == Matrix([[254, 4, -2], [0, 0, 0]]))
    }
}
