import Numerics
import Testing

@testable import Evaluation

@Suite struct `The adjusted Rand index` {
    @Test func `is as worked by hand`() {
        // Groups {1,2}, {3,4} against {1,2,3}, {4}: cells 2, 0, 1, 1, of which one holds a pair.
        // Pairs in rows 1+1 = 2, in columns 3+0 = 3, of 6: expected 1, at most 2.5.
        // (1 - 1) / (2.5 - 1) = 0.
        #expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 0, 1]) == 0)
        // Groups {1,2,3}, {4,5,6} against {1,2}, {3,4}, {5,6}: cells 2,1,0 / 0,1,2: 2 pairs.
        // Rows 3+3 = 6, columns 3, of 15: expected 1.2, at most 4.5. (2 - 1.2) / 3.3 = 0.2424.
        let worked = adjustedRandIndex([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2])
        #expect(abs(worked - 0.8 / 3.3) < 1e-12)
    }

    @Test func `is 1 of the same groups by other names`() {
        #expect(adjustedRandIndex([0, 0, 1, 2], [7, 7, 3, 5]) == 1)
        #expect(adjustedRandIndex([0, 0, 0], [1, 1, 1]) == 1)
    }

    @Test(arguments: UInt64(0)..<10)
    func `is about 0 of chance`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let draws = (0..<2).map { _ in (0..<2_000).map { _ in Int(random.uniform() * 4) } }
        #expect(abs(adjustedRandIndex(draws[0], draws[1])) < 0.01)
    }
}

@Suite struct `A retrieval` {
    @Test func `is as worked by hand`() {
        // Right answers stand first, second and third: recall 1/3, MRR (1 + 1/2 + 1/3) / 3 = 11/18.
        let scores = Matrix([[0.9, 0.1, 0.2], [0.8, 0.5, 0.1], [0.7, 0.6, 0.2]])
        let retrieval = Retrieval(scores)
        #expect(abs(retrieval.recallAtOne - 1.0 / 3) < 1e-12)
        #expect(abs(retrieval.meanReciprocalRank - 11.0 / 18) < 1e-12)
    }

    @Test func `gives nothing for being like all others`() {
        // All alike: each right answer stands third.
        let retrieval = Retrieval(Matrix(rows: 3, columns: 3))
        #expect(retrieval.recallAtOne == 0)
        #expect(abs(retrieval.meanReciprocalRank - 1.0 / 3) < 1e-12)
    }
}

@Suite struct `A joint peak` {
    @Test func `compares what two need together with what they need apart`() {
        // a + b = 4, 4: 4 / (4 + 3). a + c = 6, 0: 6 / (4 + 2). b + c = 2, 4... hand: 3, 3.
        let a: [Float] = [4, 1]
        let b: [Float] = [0, 3]
        let c: [Float] = [2, 0]
        let peaks = JointPeaks([a, b, c])
        // a's partners: 4/7 and 6/6; b's: 4/7 and 3/5; c's: 6/6 and 3/5.
        let best = (4.0 / 7 + 4.0 / 7 + 3.0 / 5) / 3
        #expect(peaks.best == [1, 0, 1])
        #expect(abs(peaks.mean(of: peaks.best) - best) < 1e-6)
        let random = (4.0 / 7 + 1 + 4.0 / 7 + 0.6 + 1 + 0.6) / 6
        #expect(abs(peaks.mean(of: [nil, nil, nil]) - random) < 1e-6)
    }

    @Test func `is 1 of two that never ran`() {
        #expect(JointPeaks([[0, 0], [0, 0]]).mean(of: [1, 0]) == 1)
    }
}

@Suite struct `A logistic probe` {
    @Test func `separates what a line separates`() {
        let vectors: [[Float]] = (0..<40).map { [Float($0 % 2), Float($0)] }
        let labels = (0..<40).map { $0 % 2 }
        let probe = LogisticProbe(fitting: vectors, labels: labels, classes: 2)
        #expect(probe.accuracy(vectors, labels: labels) == 1)
    }

    @Test func `answers by how common a class is where vectors say nothing`() {
        let vectors = Array(repeating: [Float(1)], count: 10)
        let labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2]
        let probe = LogisticProbe(fitting: vectors, labels: labels, classes: 3)
        #expect(probe.accuracy(vectors, labels: labels) == 0.7)
    }
}

@Suite struct `K-means` {
    @Test(arguments: UInt64(0)..<10)
    func `finds groups that lie apart`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let labels = (0..<90).map { $0 % 3 }
        let vectors = labels.map { label -> [Float] in
            [Float(10 * label) + Float(random.uniform()), Float(random.uniform())]
        }
        let groups = KMeans(vectors, count: 3, random: &random)
        #expect(adjustedRandIndex(groups.assignment, labels) == 1)
    }

    @Test func `puts up with fewer different vectors than clusters`() {
        var random = SeededRandom(seed: 1)
        let groups = KMeans([[1, 1], [1, 1], [2, 2]], count: 3, random: &random)
        #expect(groups.assignment[0] == groups.assignment[1])
        #expect(groups.assignment[0] != groups.assignment[2])
    }
}
