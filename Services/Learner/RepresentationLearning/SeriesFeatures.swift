internal import Numerics

/// (K) what a view is told by: random kernels over its load, plain figures of it where it is demand, and
/// both of what a run takes where that is known.
struct SeriesFeatures: Equatable, Sendable {
    let cleaning: SeriesCleaning
    let bank: KernelBank
    /// nil: kernels alone.
    let figures: SeriesFigures?
    /// (R) duration and memory; nil where no view of the fit knew it, none where they are no subject.
    let runs: [RunFeatures?]

    /// Of load.
    var loadCount: Int { bank.count + (figures?.count ?? 0) }
    /// K
    var count: Int { runs.reduce(loadCount) { $0 + ($1?.count ?? 0) } }

    /// (K) what each standardised feature is multiplied by in a fit.
    var weights: [Float] {
        let kernels = bank.count
        return Array(repeating: 1, count: kernels) + (figures?.weights(kernels: kernels) ?? [])
            + runs.flatMap { $0?.weights(kernels: kernels) ?? [] }
    }

    /// (K) those of what a run takes are no numbers where the view does not know it.
    ///
    /// - Parameter series: (C, T) cleaned.
    /// - Parameter hours: (R, H) `RunLevels.hours`; one that is missing is not known.
    func features(of series: [[Float]], slotOfDay: Int, runs hours: [[Float]]) -> [Float] {
        var features = bank.features(of: series)
        if let figures {
            features += figures.figures(of: series.first ?? [], slotOfDay: slotOfDay)
        }
        for (index, run) in runs.enumerated() {
            guard let run else { continue }
            let known = index < hours.count ? hours[index] : []
            features +=
                known.isEmpty
                ? Array(repeating: .nan, count: run.count) : run.features(of: known)
        }
        return features
    }

    /// Gives what is not known the mean of what is, so that it says nothing.
    ///
    /// - Parameter rows: (n, K)
    func fill(_ rows: inout [[Float]]) {
        for column in loadCount..<count {
            let known = rows.map { $0[column] }.filter { !$0.isNaN }
            let centre = mean(known)
            for row in rows.indices where rows[row][column].isNaN { rows[row][column] = centre }
        }
    }
}
