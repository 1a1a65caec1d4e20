import Numerics
import RepresentationLearning

/// A way to turn series into vectors that is fitted to some of them.
protocol Representer {
    /// - Parameter series: (n, C, T)
    func fitted(to series: [[[Float]]]) throws -> ([[Float]]) -> [Float]
}

/// Ours, and the baselines.
func representers(
    seed: UInt64
) -> [(name: String, representer: any Representer, isRaw: Bool)] {
    [
        ("antiphase", Kernels(fit: .shapes, seed: seed), false),
        ("antiphase_int8", KernelsInBytes(fit: .shapes, seed: seed), false),
        ("raw_1nn", Raw(), true),
        ("pca16", RawComponents(count: 16), false), ("catch_stats", Statistics(), false),
    ]
}

/// What the learner's stage is to run.
struct Kernels: Representer {
    let fit: SeriesFit
    let seed: UInt64

    func fitted(to series: [[[Float]]]) throws -> ([[Float]]) -> [Float] {
        let encoder = try fit.encoder(of: series, seed: seed)
        return { encoder.encode($0) }
    }
}

/// The same with the model and its vectors in bytes.
struct KernelsInBytes: Representer {
    let fit: SeriesFit
    let seed: UInt64

    func fitted(to series: [[[Float]]]) throws -> ([[Float]]) -> [Float] {
        let encoder = try fit.encoder(of: series, seed: seed).inBytes
        return { inBytes(encoder.encode($0)) }
    }
}

/// What is left of a vector stored as bytes.
func inBytes(_ vector: [Float]) -> [Float] { QuantisedRows(Matrix([vector])).matrix.values }

/// The series themselves, channels end to end; shorter ones go on with zeros.
struct Raw: Representer {
    func fitted(to series: [[[Float]]]) -> ([[Float]]) -> [Float] {
        let lengths = Self.lengths(series)
        return { Self.flat($0, lengths) }
    }

    static func lengths(_ series: [[[Float]]]) -> [Int] {
        (0..<(series.first?.count ?? 0)).map { channel in
            series.map { $0[channel].count }.max() ?? 0
        }
    }

    static func flat(_ series: [[Float]], _ lengths: [Int]) -> [Float] {
        zip(series, lengths).flatMap { channel, length in
            let known = channel.prefix(length).map { $0.isFinite ? $0 : 0 }
            return known + Array(repeating: 0, count: length - known.count)
        }
    }
}

/// The first principal components of the series themselves.
struct RawComponents: Representer {
    let count: Int

    func fitted(to series: [[[Float]]]) throws -> ([[Float]]) -> [Float] {
        let lengths = Raw.lengths(series)
        var rows = Matrix(series.map { Raw.flat($0, lengths) })
        let means = Standardisation(fitting: rows).means
        rows.subtractFromRows(means)
        let components = try PrincipalComponents(of: rows, count: count, varianceMin: 1e-6)
        return { series in
            let centred = zip(Raw.flat(series, lengths), means).map { $0 - $1 }
            return (0..<components.vectors.rows).map {
                dotProduct(components.vectors.row($0), centred[...])
            }
        }
    }
}

/// `CatchStatistics`, standardised.
struct Statistics: Representer {
    func fitted(to series: [[[Float]]]) -> ([[Float]]) -> [Float] {
        let standardisation = Standardisation(
            fitting: Matrix(series.map(CatchStatistics.statistics)))
        return {
            standardisation.apply(to: CatchStatistics.statistics(of: $0), limit: 8)
        }
    }
}

/// Places in order of what the series hold, so that the order of a file's rows has no part in a
/// result.
func contentOrder(_ series: [[[Float]]]) -> [Int] {
    series.indices.sorted { a, b in
        let (a, b) = (series[a].joined(), series[b].joined())
        return a.lexicographicallyPrecedes(b) { $0.bitPattern < $1.bitPattern }
    }
}
