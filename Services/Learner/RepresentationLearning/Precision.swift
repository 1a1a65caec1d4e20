internal import Numerics

/// How a model's projection, by far the most of its numbers, is kept.
public enum Precision: String, CaseIterable, Sendable {
    case float32
    case float16
    case int8
}

extension SeriesEncoder {
    /// The same encoder with what its projection comes to when it is kept so.
    public func kept(in precision: Precision) -> SeriesEncoder {
        let bytes = precision == .int8 ? QuantisedRows(projection) : nil
        let kept: Matrix =
            switch precision {
            case .float32: projection
            case .float16:
                Matrix(
                    rows: projection.rows, columns: projection.columns,
                    values: projection.values.map {
                        Float(Float16(max(-Self.float16Max, min(Self.float16Max, $0))))
                    })
            case .int8: bytes?.matrix ?? projection
            }
        return SeriesEncoder(
            features: features, standardisation: standardisation, projection: kept,
            centre: centre, precision: precision, projectionBytes: bytes)
    }

    /// The same encoder with its projection in bytes.
    public var inBytes: SeriesEncoder { kept(in: .int8) }

    private static let float16Max = Float(Float16.greatestFiniteMagnitude)

    /// What a week of five minutes takes on one core of about 3 GHz: so much a point for a kernel's
    /// pass, and so much for what all have in common, fitted to `benchmark encode-week`.
    var weekMicroseconds: Double {
        let points = Double(DemandWeek.slots)
        let hours = points / Double(DemandView.slotsPerHour)
        let runPasses = features.runs.reduce(0) { $0 + ($1?.bank.passes ?? 0) }
        return
            (points * (0.17 * Double(features.bank.passes) + 110)
            + hours * 0.17 * Double(runPasses)) / 1_000
    }
}
