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
