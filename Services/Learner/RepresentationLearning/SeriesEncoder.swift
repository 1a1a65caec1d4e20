internal import Numerics

/// Turns a series of one or more channels into its representation.
///
/// n: views; C: channels; T: points; R: what runs take, duration and memory; H: hours; K: features;
/// D: numbers of a representation.
///
/// A view goes through random kernels, and beside them plain figures where it is demand
/// (`SeriesFeatures`); its K features are standardised as those of the views it was fitted on, and a
/// linear map leaves D of them. Nothing else that is encoded has a part in it, and any series has a
/// representation: one of another length, too.
public struct SeriesEncoder: Equatable, Sendable {
    /// D at most.
    public static let dimensionsMax = 32
    /// Standardised features beyond so many deviations are brought to it: a feature that hardly
    /// varied among the views of the fit says little by being far out.
    static let deviationsMax: Float = 8

    let features: SeriesFeatures
    /// (K)
    let standardisation: Standardisation
    /// (D, K)
    let projection: Matrix
    /// (D) taken off what the projection gives: that of the mean view.
    let centre: [Float]
    var precision = Precision.float32
    /// What `projection` stands for where it is kept in bytes.
    var projectionBytes: QuantisedRows?

    /// D
    public var dimensions: Int { projection.rows }

    /// (D) unit length; all zero for a series without points.
    ///
    /// - Parameter series: (C, T) points in time order; one that is not finite is missing.
    /// - Parameter slotOfDay: when in its day the first point is, where days matter.
    /// - Parameter runs: (R, H) what runs took, by the hour, in logarithms; one that is empty or missing
    ///   is not known, and has no say.
    public func encode(
        _ series: [[Float]], slotOfDay: Int = 0, runs: [[Float]] = []
    ) -> [Float] {
        guard series.contains(where: { !$0.isEmpty }) else {
            return Array(repeating: 0, count: dimensions)
        }
        return unitLength(position(of: series, slotOfDay: slotOfDay, runs: runs))
    }

    /// (D) before it is brought to unit length.
    func position(of series: [[Float]], slotOfDay: Int = 0, runs: [[Float]] = []) -> [Float] {
        position(ofStandard: standard(series, slotOfDay: slotOfDay, runs: runs))
    }

    /// (K) standardised features: 0 where nothing is known.
    func standard(_ series: [[Float]], slotOfDay: Int, runs: [[Float]]) -> [Float] {
        var features = features.features(
            of: features.cleaning.clean(series), slotOfDay: slotOfDay, runs: runs)
        for column in self.features.loadCount..<features.count where features[column].isNaN {
            features[column] = standardisation.means[column]
        }
        return standardisation.apply(to: features, limit: Self.deviationsMax)
    }

    func standard(of view: DemandView) -> [Float] {
        standard(view.channels, slotOfDay: view.slotOfDay, runs: view.runs)
    }

    /// (D)
    func position(ofStandard standard: [Float]) -> [Float] {
        (0..<dimensions).map { dotProduct(projection.row($0), standard[...]) - centre[$0] }
    }

    /// The same encoder for a fleet of another kind: the mean of its views becomes the centre.
    ///
    /// What differs between fleets as a whole (levels, how coarsely load was measured) would else
    /// be in every vector and make them all alike.
    ///
    /// - Parameter series: (n, C, T) some of the other fleet's views; without any nothing changes.
    public func recentred(on series: [[[Float]]]) -> SeriesEncoder {
        guard !series.isEmpty else { return self }
        var sums = [Double](repeating: 0, count: dimensions)
        for one in series {
            for (index, value) in position(of: one).enumerated() { sums[index] += Double(value) }
        }
        let shift = sums.map { Float($0 / Double(series.count)) }
        return SeriesEncoder(
            features: features, standardisation: standardisation, projection: projection,
            centre: zip(centre, shift).map(+))
    }

    /// The same encoder followed by a map of its numbers.
    ///
    /// - Parameter positions: (n, D) of mean 0.
    /// - Parameter map: gives (D', D) from them.
    func contrasted<Failure>(
        _ positions: Matrix, map: (Matrix) throws(Failure) -> Matrix
    ) throws(Failure) -> SeriesEncoder {
        let map = try map(positions)
        let moved = Matrix([centre]).productTransposed(map)
        return SeriesEncoder(
            features: features, standardisation: standardisation,
            projection: map.product(projection), centre: moved.values)
    }
}
