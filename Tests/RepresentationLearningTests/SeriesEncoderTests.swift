import Foundation
import Numerics
import Testing

@testable import RepresentationLearning

@Suite struct `A series encoder` {
    private static let fleet = WaveFleet(functions: 12, views: 3, length: 144, seed: 1)
    private static let shapes = Result {
        try small(.shapes).encoder(of: fleet.series, seed: 1)
    }
    private static let demand = Result {
        try small(.demand(slotsPerDay: 48)).encoder(
            of: fleet.series, functions: fleet.functions, seed: 1)
    }

    @Test(arguments: Oddity.all)
    func `gives a finite unit vector for any series`(oddity: Oddity) throws {
        for encoder in [try Self.shapes.get(), try Self.demand.get()] {
            let vector = encoder.encode([oddity.values])
            #expect(vector.count <= SeriesEncoder.dimensionsMax)
            #expect(vector.allSatisfy { $0.isFinite })
            let length = dotProduct(vector[...], vector[...])
            #expect(oddity.values.isEmpty ? length == 0 : abs(length - 1) < 1e-4)
        }
    }

    @Test(arguments: Oddity.all)
    func `can be fitted to nothing but odd series`(oddity: Oddity) throws {
        let odd = Array(repeating: [oddity.values], count: 3)
        for functions in [[0, 1, 2], [0, 0, 1]] {
            let encoder = try small(.demand(slotsPerDay: 48)).encoder(
                of: odd, functions: functions, seed: 1)
            let vectors = odd.map { encoder.encode($0) } + [encoder.encode(Self.fleet.series[0])]
            #expect(vectors.joined().allSatisfy { $0.isFinite })
        }
    }

    @Test func `is the same from the same series and seed`() throws {
        let again = try small(.demand(slotsPerDay: 48))
            .encoder(of: Self.fleet.series, functions: Self.fleet.functions, seed: 1)
        let first = try Self.demand.get()
        #expect(again == first)
        let other = try small(.demand(slotsPerDay: 48))
            .encoder(of: Self.fleet.series, functions: Self.fleet.functions, seed: 2)
        #expect(other != again)
    }

    @Test func `encodes a series as it does whatever else is encoded`() throws {
        let encoder = try Self.demand.get()
        let alone = Self.fleet.series.map { encoder.encode($0) }
        #expect(Self.fleet.series.reversed().map { encoder.encode($0) } == alone.reversed())
    }

    @Test func `recognises functions that it was not fitted on`() throws {
        let others = WaveFleet(functions: 12, views: 2, length: 144, seed: 2)
        let encoder = try Self.demand.get()
        let queries = stride(from: 0, to: 24, by: 2).map { encoder.encode(others.series[$0]) }
        let answers = stride(from: 1, to: 24, by: 2).map { encoder.encode(others.series[$0]) }
        #expect(recallAtOne(queries, answers) >= 0.75)
    }

    @Test func `sees several channels, whatever their units`() throws {
        let series = Self.fleet.series.map { [$0[0], $0[0].reversed(), $0[0].map { 1e4 * $0 }] }
        let encoder = try small(.shapes).encoder(of: series, seed: 1)
        let vectors = series.map { encoder.encode($0) }
        #expect(vectors.joined().allSatisfy { $0.isFinite })
        #expect(vectors[0] != vectors[3])
        // A channel that is missing counts as idle.
        #expect(encoder.encode([series[0][0]]).allSatisfy { $0.isFinite })
    }

    @Test func `is contrasted anew for another fleet, and only recentred where none recurs`() throws
    {
        let encoder = try Self.demand.get()
        let fit = small(.demand(slotsPerDay: 48))
        let others = WaveFleet(functions: 20, views: 4, length: 144, seed: 5)
        let adapted = try fit.adapted(
            encoder, to: others.series, functions: others.functions)
        // Its numbers are uncorrelated now, and those that tell functions apart best come first.
        let positions = Matrix(others.series.map { adapted.position(of: $0) })
        let within = SeriesFit.withinFunctions(positions, others.functions)
        let total = positions.covariance()
        let quotients = (0..<3).map { total[$0, $0] / within[$0, $0] }
        #expect(quotients[0] > quotients[1] && quotients[1] > quotients[2])
        #expect(abs(total[0, 1]) < 1e-2 * (total[0, 0] * total[1, 1]).squareRoot())
        let alone = try fit.adapted(
            encoder, to: others.series, functions: Array(others.series.indices))
        #expect(alone == encoder.recentred(on: others.series))
    }

    @Test func `says the same in bytes, but for rounding`() throws {
        let encoder = try Self.demand.get()
        for one in Self.fleet.series {
            let (whole, bytes) = (encoder.encode(one), encoder.inBytes.encode(one))
            #expect(dotProduct(whole[...], bytes[...]) > 0.999)
        }
    }

    @Test func `takes the mean of another fleet for its centre once recentred`() throws {
        let others = WaveFleet(functions: 8, views: 1, length: 144, seed: 3).series
        let encoder = try Self.demand.get()
        let adapted = encoder.recentred(on: others)
        var sums = [Float](repeating: 0, count: adapted.dimensions)
        for one in others {
            for (index, value) in adapted.position(of: one).enumerated() { sums[index] += value }
        }
        #expect(sums.allSatisfy { abs($0) < 1e-2 })
        #expect(encoder.recentred(on: []) == encoder)
    }
}

@Suite struct `Figures of a series` {
    @Test func `follow the hours of the day, worked`() {
        // 0 5 1 0 1 5 are in slots 2 3 0 1 2 3 of their days, which are of 4.
        // Hours 0 to 3 hold 1, 0, (0 + 1) / 2 and 5; their mean is 6.5 / 4 = 1.625.
        let figures = SeriesFigures(slotsPerDay: 4)
        let series: [Float] = [0, 5, 1, 0, 1, 5]
        let hours = figures.figures(of: series, slotOfDay: 2).suffix(4)
        #expect(Array(hours) == [-0.625, -1.625, -1.125, 3.375])
        #expect(figures.figures(of: series, slotOfDay: 2).count == figures.count)
    }

    @Test func `see the same hours wherever a view begins`() {
        let figures = SeriesFigures(slotsPerDay: 48)
        let days = (0..<192).map { Float($0 % 48 < 16 ? 20 : 2) }
        let whole = figures.figures(of: Array(days[..<144]), slotOfDay: 0).suffix(24)
        let later = figures.figures(of: Array(days[31..<175]), slotOfDay: 31).suffix(24)
        #expect(zip(whole, later).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test(arguments: [[], [1], [0, 0, 0]] as [[Float]])
    func `are finite of next to nothing`(series: [Float]) {
        let figures = SeriesFigures(slotsPerDay: 288)
        #expect(figures.figures(of: series, slotOfDay: 0).allSatisfy { $0.isFinite })
        #expect(figures.weights(kernels: 84).count == figures.count)
    }
}

@Suite struct `The temporal contrast` {
    @Test func `pools what differs within functions, worked`() {
        // Function 0 at (0, 0), (2, 2): deviations (-1, -1), (1, 1). Function 1 at (5, 0), (5, 4):
        // (0, -2), (0, 2). Sums of squares 2 and 10, of products 2; over 4 views less 2 functions.
        let scores = Matrix([[0, 0], [2, 2], [5, 0], [5, 4]])
        #expect(SeriesFit.withinFunctions(scores, [0, 0, 1, 1]) == Matrix([[1, 1], [1, 5]]))
    }

    @Test func `prefers a direction that stays to one that varies more, worked`() throws {
        // S_t = diag(4, 1) and S_w = diag(4, 0.1): quotients 1 and 10, so the second comes first,
        // with 1 / sqrt 0.1 = 3.1623 for its length.
        let eigen = try Eigenvectors(
            of: Matrix([[4, 0], [0, 1]]), against: Matrix([[4, 0], [0, 0.1]]))
        #expect(abs(eigen.values[0] - 10) < 1e-4)
        #expect(abs(eigen.vectors[0, 1] - 3.162_28) < 1e-3)
        #expect(abs(eigen.vectors[0, 0]) < 1e-4)
    }
}

@Suite struct `A kernel bank` {
    @Test func `spreads dilations up to the length of a series`() {
        // 10 biases a kernel over exponents 0 to log2(80 / 8) = 3.32 in ten steps of 0.369:
        // 2^0, .37, .74 | 1.11, 1.48 | 1.84 -> 3 | 2.21, 2.58, 2.95 -> 4, 5, 7 | 3.32 -> 10.
        let dilations = KernelBank.dilations(length: 81, features: 840)
        #expect(dilations.map(\.dilation) == [1, 2, 3, 4, 5, 7, 10])
        #expect(dilations.map(\.each) == [3, 2, 1, 1, 1, 1, 1])
    }

    @Test(arguments: [0, 1, 2, 8, 9, 10, 1_000])
    func `has as many biases as it was asked for`(length: Int) {
        for features in [1, 84, 500, 9_996] {
            let dilations = KernelBank.dilations(length: length, features: features)
            #expect(dilations.map(\.each).reduce(0, +) == max(1, features / 84))
            #expect(dilations.allSatisfy { $0.dilation >= 1 })
        }
    }
}

@Suite struct `Cleaning a series` {
    @Test func `bridges gaps by straight lines, worked`() {
        let nan = Float.nan
        #expect(SeriesCleaning.filled([nan, 2, nan, nan, 8, nan]) == [2, 2, 4, 6, 8, 8])
        #expect(SeriesCleaning.filled([nan, .infinity]) == [0, 0])
        #expect(SeriesCleaning.filled([]) == [])
    }
}

/// A fit small enough for tests without optimisation.
private func small(_ fit: SeriesFit) -> SeriesFit {
    var fit = fit
    fit.kernels = 252
    return fit
}

/// Functions of their own level and period, seen several times.
struct WaveFleet {
    private(set) var series: [[[Float]]] = []
    private(set) var functions: [Int] = []

    init(functions count: Int, views: Int, length: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for function in 0..<count {
            let level = Float(1 + 20 * random.uniform())
            let period = Float(4 + 40 * random.uniform())
            for _ in 0..<views {
                let phase = Float(6 * random.uniform())
                series.append([
                    (0..<length).map { t in
                        let wave = Float(sin(Double(Float(t) * 6.283 / period + phase)))
                        return level * (1.2 + wave + 0.2 * Float(random.uniform()))
                    }
                ])
                functions.append(function)
            }
        }
    }
}

struct Oddity: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let values: [Float]

    static let all = [
        Oddity("empty", []), Oddity("one point", [3]), Oddity("three points", [1, 2, 1]),
        Oddity("zero", Array(repeating: 0, count: 50)),
        Oddity("constant", Array(repeating: 7.5, count: 400)),
        Oddity("missing", Array(repeating: .nan, count: 30)),
        Oddity("gappy", (0..<200).map { $0 % 7 < 3 ? .nan : Float($0 % 5) }),
        Oddity("infinite", (0..<60).map { $0 == 30 ? .infinity : 1 }),
        Oddity("huge", (0..<100).map { $0 % 2 == 0 ? 3e38 : -3e38 }),
        Oddity("one spike", (0..<300).map { $0 == 100 ? 1e6 : 0 }),
        Oddity("negative", (0..<100).map { -Float($0) }),
    ]

    private init(_ name: String, _ values: [Float]) {
        testDescription = name
        self.values = values
    }
}
