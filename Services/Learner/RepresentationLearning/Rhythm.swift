internal import Numerics

/// When a function's load rises and falls, in quarters of an hour: what antiphase is judged on.
///
/// Quarter-hour means are smoothed over an hour, so that jitter within an hour, which no placement
/// can use, does not hide what two functions have in common.
struct Rhythm: Sendable {
    static let slotsPerBin = 3
    static let smoothedBins = 4
    /// Less overlap than two hours says nothing.
    static let overlapBinsMin = 8
    /// After an overlap of half a day a correlation counts half.
    static let overlapBinsHalf = 48.0
    /// How much a recurrence within the hour says about tomorrow, as against one within the day.
    static let shortTrust = 0.5

    /// Quarter hours since 1970.
    let startBin: Int64
    let values: [Float]
    /// How well the past tells the present, 0 to 1.
    let predictability: Double
    /// Of `values` and their squares, before each place and at the end.
    private let sums: [Double]
    private let squares: [Double]

    init(_ view: DemandView) {
        let width = Int64(Self.slotsPerBin)
        startBin = (view.startSlot + width - 1) / width
        let skipped = Int(startBin * width - view.startSlot)
        let bins = max(0, view.count - skipped) / Self.slotsPerBin
        let means = (0..<bins).map { bin in
            let start = skipped + bin * Self.slotsPerBin
            return (view.milliCpu[start] + view.milliCpu[start + 1] + view.milliCpu[start + 2]) / 3
        }
        predictability = Self.predictability(quarterHours: means)
        values = Self.standardised(Self.smoothed(means))
        var sums = [0.0]
        var squares = [0.0]
        for value in values {
            sums.append(sums[sums.count - 1] + Double(value))
            squares.append(squares[squares.count - 1] + Double(value) * Double(value))
        }
        self.sums = sums
        self.squares = squares
    }

    /// How much of the load of one falls where the other's is low, -1 to 1: minus their correlation
    /// over the time both are known, shrunk by how little either can be relied on
    /// (`sqrt(predictability a x predictability b)`) and by how short that time is
    /// (`n / (n + 12 h)`).
    func antiphase(to other: Rhythm) -> Double {
        let start = max(startBin, other.startBin)
        let end = min(startBin + Int64(values.count), other.startBin + Int64(other.values.count))
        guard end - start >= Int64(Self.overlapBinsMin) else { return 0 }
        let trust = (predictability * other.predictability).squareRoot()
        guard trust > 0 else { return 0 }
        let count = Int(end - start)
        let mine = Int(start - startBin)..<Int(start - startBin) + count
        let theirs = Int(start - other.startBin)..<Int(start - other.startBin) + count
        let n = Double(count)
        let product = Double(dotProduct(values[mine], other.values[theirs]))
        let covariance = product / n - sum(mine) / n * (other.sum(theirs) / n)
        let spread = (variance(mine) * other.variance(theirs)).squareRoot()
        guard spread > 1e-6 else { return 0 }
        return -max(-1, min(1, covariance / spread)) * trust * n / (n + Self.overlapBinsHalf)
    }

    private func sum(_ range: Range<Int>) -> Double {
        sums[range.upperBound] - sums[range.lowerBound]
    }

    private func variance(_ range: Range<Int>) -> Double {
        let n = Double(range.count)
        let mean = sum(range) / n
        return max(0, (squares[range.upperBound] - squares[range.lowerBound]) / n - mean * mean)
    }

    /// The share of variance that a straight line from the same hour of the day before explains,
    /// less what it would explain of noise; before a day and a half is known, from the hour before,
    /// which counts half. A steady load is explained by its level.
    private static func predictability(quarterHours means: [Float]) -> Double {
        let hours = (0..<means.count / 4).map { hour in
            mean(means[means.count - (hour + 1) * 4..<means.count - hour * 4])
        }
        let short = hours.count < 36
        let series = short ? means : hours
        let lag = short ? 4 : 24
        let pairs = series.count - lag
        guard pairs >= overlapBinsMin else { return 0 }
        let trust = short ? shortTrust : 1
        let level = Numerics.mean(series)
        guard Numerics.variance(series) > 1e-8 * max(level * level, 1e-6) else { return trust }
        let r = Double(correlation(series[..<pairs], series[lag...]))
        guard r > 0 else { return 0 }
        let explained = 1 - (1 - r * r) * Double(pairs - 1) / Double(pairs - 2)
        return trust * max(0, min(1, explained))
    }

    /// Each value the mean of itself and up to three before it.
    private static func smoothed(_ means: [Float]) -> [Float] {
        means.indices.map { mean(means[max(0, $0 - smoothedBins + 1)...$0]) }
    }

    private static func standardised(_ values: [Float]) -> [Float] {
        let (centre, spread) = (mean(values), Numerics.variance(values).squareRoot())
        guard spread > 1e-4 * max(abs(centre), 1e-3) else { return values.map { _ in 0 } }
        return values.map { ($0 - centre) / spread }
    }
}
