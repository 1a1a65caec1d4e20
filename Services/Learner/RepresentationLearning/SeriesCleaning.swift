internal import Foundation
internal import Numerics

/// Makes any series one that kernels can run over, and brings channels to one scale.
struct SeriesCleaning: Equatable, Sendable {
    /// (C) what each channel is multiplied by.
    let scales: [Float]
    /// Whether values are demand, to be looked at in logarithms: `log(1 + x)`, of x < 0 as of 0.
    let logarithmic: Bool

    /// Beyond this sums of squares would not be finite.
    static let magnitudeMax: Float = 1e12

    init(scales: [Float], logarithmic: Bool) {
        self.scales = scales
        self.logarithmic = logarithmic
    }

    /// A single channel keeps its scale; of several each is brought to the same mean square, so
    /// that their sums mean something.
    ///
    /// - Parameter series: (n, C, T)
    init(fitting series: [[[Float]]], logarithmic: Bool) {
        let channels = series.first?.count ?? 1
        let plain = SeriesCleaning(
            scales: Array(repeating: 1, count: channels), logarithmic: logarithmic)
        guard channels > 1 else {
            self = plain
            return
        }
        var squares = [Double](repeating: 0, count: channels)
        var counts = [Double](repeating: 0, count: channels)
        for one in series {
            for (channel, values) in plain.clean(one).enumerated() {
                for value in values { squares[channel] += Double(value) * Double(value) }
                counts[channel] += Double(values.count)
            }
        }
        scales = (0..<channels).map { channel in
            let size = (squares[channel] / max(1, counts[channel])).squareRoot()
            return size > 1e-6 ? Float(1 / size) : 1
        }
        self.logarithmic = logarithmic
    }

    /// (C, T) finite, channels of one length.
    func clean(_ series: [[Float]]) -> [[Float]] {
        let length = series.map(\.count).max() ?? 0
        return (0..<scales.count).map { channel in
            var values = channel < series.count ? Self.filled(series[channel]) : []
            values += repeatElement(0, count: length - values.count)
            let scale = scales[channel]
            if logarithmic { return values.map { log1p(max(0, $0)) * scale } }
            return scale == 1 ? values : values.map { $0 * scale }
        }
    }

    /// Gaps (values that are not finite) are bridged by straight lines; at the ends, and where a
    /// series knows no value at all, by the nearest one and by 0.
    static func filled(_ values: [Float]) -> [Float] {
        guard let first = values.firstIndex(where: \.isFinite) else { return values.map { _ in 0 } }
        var filled = values.map { max(-magnitudeMax, min(magnitudeMax, $0.isFinite ? $0 : 0)) }
        for index in 0..<first { filled[index] = filled[first] }
        var known = first
        for index in first..<values.count where values[index].isFinite {
            let gap = index - known
            let step = gap > 1 ? (filled[index] - filled[known]) / Float(gap) : 0
            for place in 1..<max(1, gap) {
                filled[known + place] = filled[known] + step * Float(place)
            }
            known = index
        }
        for index in known..<values.count { filled[index] = filled[known] }
        return filled
    }
}
