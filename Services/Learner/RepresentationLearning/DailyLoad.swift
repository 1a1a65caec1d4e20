internal import Numerics

/// A series cut into calendar days, to be laid over another's.
struct DailyLoad: Sendable {
    /// Days since 1970.
    let firstDay: Int64
    let perDay: Int
    /// (days x perDay) not negative; 0 where it is not known.
    let values: [Float]
    /// Where in `values` it is.
    let known: Range<Int>
    /// (days) the greatest value of each.
    let peaks: [Float]

    /// Days that are laid over each other: what is known of both in less than two hours says nothing.
    static let commonDayPartMin = 12

    /// - Parameter start: of the first value, counted from 1970.
    init(start: Int64, values known: [Float], perDay: Int) {
        let day = start / Int64(perDay)
        let offset = Int(start - day * Int64(perDay))
        let count = (offset + known.count + perDay - 1) / perDay
        var values = [Float](repeating: 0, count: count * perDay)
        for index in known.indices { values[offset + index] = max(0, known[index]) }
        firstDay = day
        self.perDay = perDay
        self.values = values
        self.known = offset..<offset + known.count
        peaks = (0..<count).map { day in
            values[day * perDay..<(day + 1) * perDay].max() ?? 0
        }
    }

    /// What two would need together over what they would need apart, of days in common, and of one's
    /// days with the other's next or last: when in its hours a peak falls is chance, and another day
    /// is another draw of it.
    ///
    /// - Returns: the mean, 0.5 to 1, and how many slots are known of both; nil where too few are.
    func meanRatio(with other: DailyLoad) -> (ratio: Float, common: Int)? {
        var same = WeightedMean()
        var next = WeightedMean()
        let shift = Int(firstDay - other.firstDay)
        for day in peaks.indices {
            add(day, other, day + shift, to: &same)
            add(day, other, day + shift + 1, to: &next)
            add(day, other, day + shift - 1, to: &next)
        }
        guard let ratio = same.value else { return nil }
        let rest = next.value ?? ratio
        return ((ratio + Self.nextDayWeight * rest) / (1 + Self.nextDayWeight), same.weight)
    }

    /// What a ratio of neighbouring days counts against one of the same day.
    static let nextDayWeight: Float = 0.5

    private struct WeightedMean {
        var sum: Float = 0
        var weight = 0
        var value: Float? { weight > 0 ? sum / Float(weight) : nil }
    }

    private func add(
        _ day: Int, _ other: DailyLoad, _ otherDay: Int, to mean: inout WeightedMean
    ) {
        guard other.peaks.indices.contains(otherDay) else { return }
        let (mine, theirs) = (known(on: day), other.known(on: otherDay))
        let common = mine.clamped(to: theirs)
        guard common.count * Self.commonDayPartMin >= perDay
        else { return }
        let a = values[day * perDay + common.lowerBound..<day * perDay + common.upperBound]
        let b = other.values[
            otherDay * perDay + common.lowerBound..<otherDay * perDay + common.upperBound]
        let apart =
            (common == mine ? peaks[day] : a.max() ?? 0)
            + (common == theirs ? other.peaks[otherDay] : b.max() ?? 0)
        // Where neither ran nothing is gained.
        mean.sum += Float(common.count) * (apart > 0 ? jointPeak(a, b) / apart : 1)
        mean.weight += common.count
    }

    /// The end of what is known, counted from 1970.
    var end: Int64 { firstDay * Int64(perDay) + Int64(known.upperBound) }

    /// - Parameter range: counted from 1970.
    /// - Returns: nil where not all of it is known.
    func values(in range: Range<Int64>) -> [Float]? {
        let start = range.lowerBound - firstDay * Int64(perDay)
        guard start >= Int64(known.lowerBound),
            start + Int64(range.count) <= Int64(known.upperBound)
        else { return nil }
        return Array(values[Int(start)..<Int(start) + range.count])
    }

    /// (windows) the mean over days of the greatest value in each part of the day; where a part is known
    /// of no day, the greatest of all: nothing is expected of it.
    func typicalDay(windows count: Int) -> [Float] {
        (0..<count).map { window in
            let range = window * perDay / count..<(window + 1) * perDay / count
            let peaks = peaks.indices.compactMap { day -> Float? in
                let part = range.clamped(to: known(on: day))
                guard part.count == range.count else { return nil }
                return values[day * perDay + part.lowerBound..<day * perDay + part.upperBound].max()
            }
            return peaks.isEmpty ? self.peaks.max() ?? 0 : mean(peaks)
        }
    }

    /// Of a day's slots, those that are known.
    private func known(on day: Int) -> Range<Int> {
        let range = known.clamped(to: day * perDay..<(day + 1) * perDay)
        return range.lowerBound - day * perDay..<range.upperBound - day * perDay
    }

    /// Pearson's correlation over what is known of both; 0 where that is less than `leastCommon`.
    func correlation(with other: DailyLoad, leastCommon: Int) -> Float {
        let shift = Int(firstDay - other.firstDay) * perDay
        let common = known.clamped(
            to: other.known.lowerBound - shift..<other.known.upperBound - shift)
        guard common.count >= leastCommon else { return 0 }
        return Numerics.correlation(
            values[common],
            other.values[common.lowerBound + shift..<common.upperBound + shift])
    }
}
