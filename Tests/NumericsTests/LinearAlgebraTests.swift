import Numerics
import Testing

@Suite struct `A matrix` {
    @Test func `multiplies as by hand`() {
        // 1*5+2*7 = 19, 1*6+2*8 = 22, 3*5+4*7 = 43, 3*6+4*8 = 50
        let product = Matrix([[1, 2], [3, 4]]).product(Matrix([[5, 6], [7, 8]]))
        #expect(product == Matrix([[19, 22], [43, 50]]))
        // 1*5+2*6 = 17, 1*7+2*8 = 23, 3*5+4*6 = 39, 3*7+4*8 = 53
        let transposed = Matrix([[1, 2], [3, 4]]).productTransposed(Matrix([[5, 6], [7, 8]]))
        #expect(transposed == Matrix([[17, 23], [39, 53]]))
    }

    @Test func `multiplies shapes that are not square`() {
        let row = Matrix([[1, 2, 3]])
        #expect(row.product(Matrix([[1], [10], [100]])) == Matrix([[321]]))
        #expect(row.gram() == Matrix([[1, 2, 3], [2, 4, 6], [3, 6, 9]]))
        #expect(Matrix(rows: 0, columns: 2).gram() == Matrix(rows: 2, columns: 2))
    }

    @Test func `has the covariance of its columns`() {
        // Columns 1, 3 and 10, 30: means 2 and 20, deviations 1 and 10 each way.
        #expect(Matrix([[1, 10], [3, 30]]).covariance() == Matrix([[1, 10], [10, 100]]))
    }

    @Test func `says which core multiplies`() { #expect(!linearAlgebraCore().isEmpty) }
}

@Suite struct `Eigenvectors of a matrix` {
    @Test func `of a worked example`() throws {
        // |2-λ 1; 1 2-λ| = (2-λ)^2 - 1: λ = 3 along (1, 1), λ = 1 along (1, -1).
        let eigen = try Eigenvectors(ofSymmetric: Matrix([[2, 1], [1, 2]]))
        #expect(zip(eigen.values, [3, 1] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
        let half = Float(0.5).squareRoot()
        #expect(abs(eigen.vectors[0, 0] - half) < 1e-6)
        #expect(abs(eigen.vectors[0, 1] - half) < 1e-6)
        #expect(abs(eigen.vectors[1, 0] + eigen.vectors[1, 1]) < 1e-6)
    }

    @Test func `of a pair, worked`() throws {
        // 2 x = λ 1 x and 3 y = λ 2 y: λ = 2 with x = 1, λ = 1.5 with y = 1/sqrt 2.
        let eigen = try Eigenvectors(
            of: Matrix([[2, 0], [0, 3]]), against: Matrix([[1, 0], [0, 2]]))
        #expect(zip(eigen.values, [2, 1.5] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(abs(eigen.vectors[0, 0] - 1) < 1e-6)
        #expect(abs(eigen.vectors[1, 1] - Float(0.5).squareRoot()) < 1e-6)
    }

    @Test(arguments: UInt64(0)..<10)
    func `solve what they are to solve`(seed: UInt64) throws {
        let n = 20
        let a = symmetric(n, seed: seed)
        var b = symmetric(n, seed: seed + 100).gram()
        b.addToDiagonal(1)
        let eigen = try Eigenvectors(of: a, against: b)
        let (left, right) = (eigen.vectors.product(a), eigen.vectors.product(b))
        for index in 0..<n {
            for column in 0..<n {
                let difference = left[index, column] - eigen.values[index] * right[index, column]
                #expect(abs(difference) < 1e-3)
            }
            let length = dotProduct(right.row(index), eigen.vectors.row(index))
            #expect(abs(length - 1) < 1e-3)
        }
        #expect(eigen.values == eigen.values.sorted(by: >))
    }

    @Test func `are refused of numbers that are not finite, and of no metric`() {
        #expect(throws: Eigenvectors.NotDecomposed.self) {
            try Eigenvectors(ofSymmetric: Matrix([[1, .nan], [.nan, 1]]))
        }
        #expect(throws: Eigenvectors.NotDecomposed.self) {
            try Eigenvectors(of: .identity(2), against: Matrix([[1, 0], [0, -1]]))
        }
    }

    private func symmetric(_ n: Int, seed: UInt64) -> Matrix {
        var random = SeededRandom(seed: seed)
        var matrix = Matrix(rows: n, columns: n)
        for row in 0..<n {
            for column in 0...row {
                matrix[row, column] = Float(2 * random.uniform() - 1)
                matrix[column, row] = matrix[row, column]
            }
        }
        return matrix
    }
}
