import Prediction

/// Metrics of one policy's scores by how much was known.
struct SuccessReport {
    private let scores: [String: OutcomeScores]

    init(_ scores: [String: OutcomeScores]) { self.scores = scores }

    /// `macro`: the mean over customers of each one's own; `without_largest`: without the customer that
    /// has most runs.
    var metrics: [String: Any] {
        [
            "n": scores.mapValues(\.count),
            "log_loss": scores.mapValues(\.logLoss), "brier": scores.mapValues(\.brier),
            "auc": scores.compactMapValues(\.auc), "ece": scores.mapValues(\.ece),
            "log_loss_macro": scores.mapValues { Self.macro($0) { $0.logLoss } },
            "brier_macro": scores.mapValues { Self.macro($0) { $0.brier } },
            "log_loss_without_largest": scores.mapValues(\.withoutLargest.logLoss),
            "auc_without_largest": scores.compactMapValues(\.withoutLargest.auc),
        ]
    }

    private static func macro(
        _ scores: OutcomeScores, _ metric: (OutcomeScores) -> Double
    ) -> Double {
        let parts = scores.byCustomer
        return parts.isEmpty ? 0 : parts.reduce(0) { $0 + metric($1) } / Double(parts.count)
    }

    static func sayTable(
        _ all: [String: [String: OutcomeScores]], coverage: [String: IntervalCoverage]
    ) {
        let names = SuccessCommand.knownCounts.map(String.init) + ["overall"]
        say(
            "known    policy           n  log-loss   Brier    AUC    ECE  log-loss macro"
                + "  without largest  coverage")
        for name in names {
            for (policy, byName) in all.sorted(by: { $0.key < $1.key }) {
                guard let scores = byName[name] else { continue }
                let covered = policy == "antiphase" ? coverage[name] : nil
                say(
                    name.padded(to: 9, left: true) + policy.padded(to: 14, left: true)
                        + "\(scores.count)".padded(to: 8)
                        + fixed(scores.logLoss, 3).padded(to: 8)
                        + fixed(scores.brier, 3).padded(to: 9)
                        + (scores.auc.map { fixed($0, 3) } ?? "-").padded(to: 7)
                        + fixed(scores.ece, 3).padded(to: 7)
                        + fixed(macro(scores) { $0.logLoss }, 3).padded(to: 14)
                        + fixed(scores.withoutLargest.logLoss, 3).padded(to: 17)
                        + (covered.map { fixed($0.share, 3) } ?? "").padded(to: 10))
            }
        }
    }
}
