import Numerics
import Testing

@testable import RepresentationLearning

@Suite struct `A cluster` {
    @Test func `says how far its functions lie from its centroid, worked`() {
        // Mean of 0, 0.1, ..., 1.0 is 0.5; nine of ten parts of the way from first to last is 0.9.
        let spread = Clustering.spread((0...10).reversed().map { Float($0) / 10 })
        #expect(abs(spread.mean - 0.5) < 1e-6 && abs(spread.p90 - 0.9) < 1e-6)
        #expect(Clustering.spread([]) == .init(mean: 0, p90: 0))
        #expect(Clustering.spread([-1e-7]).mean == 0)
    }

    @Test func `has the success of its functions for a prior, shrunk to the fleet's, worked`()
        throws
    {
        // Two functions of 1 and 0.4 in a fleet whose mean is 0.8: (1.4 + 4 x 0.8) / 6 = 0.7667.
        let fleet = [1, 0.4, 1, 0.8]
        let prior = try #require(Clustering.successPrior([1, 0.4], fleet: fleet))
        #expect(abs(prior.share - 0.766_667) < 1e-5 && prior.functions == 2)
        // Of none of its functions it is known: the fleet's.
        let empty = try #require(Clustering.successPrior([], fleet: fleet))
        #expect(abs(empty.share - 0.8) < 1e-6 && empty.functions == 0)
        #expect(Clustering.successPrior([], fleet: []) == nil)
        // The more it rests on, the nearer it comes to its own.
        let shares = [1, 5, 50].compactMap {
            Clustering.successPrior(Array(repeating: 0, count: $0), fleet: [1])?.share
        }
        #expect(shares == shares.sorted(by: >) && shares[2] < 0.08)
    }

    @Test func `gives a function one vote, however often it runs`() throws {
        let samples = (0..<12).map { number in
            TrainingSample(
                [Planted.allCases[number % 3].view(days: 2, seed: number)],
                successShare: number % 3 == 0 ? 0 : (number == 1 ? nil : 1))
        }
        let fit = try Training.fit(samples: samples, version: 1, seed: 1)
        let clusters = fit.model.clusters
        #expect(clusters.map(\.size).reduce(0, +) == 12)
        // One function's is not known.
        #expect(clusters.map { $0.success?.functions ?? 0 }.reduce(0, +) == 11)
        for cluster in clusters {
            #expect((0...2).contains(cluster.spread.mean) && (0...2).contains(cluster.spread.p90))
        }
        // The metric is the mean over all functions, the clusters' spreads weighted by their sizes.
        let mean = clusters.reduce(0) { $0 + Double($1.spread.mean) * Double($1.size) } / 12
        #expect(abs(mean - (fit.metrics["distance"] ?? -1)) < 1e-4)
        // Those that fail are alike, and none of the others is: theirs is the least.
        let failing = fit.model.cluster(of: fit.model.encode(samples[0].views[0]))
        let least = clusters.min { $0.success?.share ?? 1 < $1.success?.share ?? 1 }
        #expect(least?.id == failing)
    }

    @Test func `of a fleet whose success is not known says nothing of it`() throws {
        let views = (0..<12).map { Planted.allCases[$0 % 3].view(days: 2, seed: $0) }
        let model = try Training.fit(samples: views, version: 1, seed: 1).model
        #expect(model.clusters.allSatisfy { $0.success == nil })
        #expect(try EncoderModel(bytes: model.bytes) == model)
    }
}
