import Foundation

/// How well foretold rates stood up to outcomes.
struct OutcomeScores {
    private(set) var rates: [Double] = []
    private(set) var outcomes: [Bool] = []
    /// Whose each was, by number.
    private(set) var customers: [Int] = []

    /// No rate is taken for certain.
    static let rateMin = 1e-4
    /// Of equal width.
    static let calibrationBins = 10

    var count: Int { rates.count }

    mutating func add(_ rate: Double, _ outcome: Bool, customer: Int) {
        rates.append(min(max(rate, Self.rateMin), 1 - Self.rateMin))
        outcomes.append(outcome)
        customers.append(customer)
    }

    /// In nats.
    var logLoss: Double { mean { $1 ? -log($0) : -log1p(-$0) } }
    var brier: Double { mean { ($0 - ($1 ? 1 : 0)) * ($0 - ($1 ? 1 : 0)) } }

    private func mean(_ loss: (Double, Bool) -> Double) -> Double {
        count == 0 ? 0 : zip(rates, outcomes).reduce(0) { $0 + loss($1.0, $1.1) } / Double(count)
    }

    /// How likely a success has the higher rate of a success and a failure, ties being even; nil with
    /// outcomes of one kind only.
    var auc: Double? {
        let successes = Double(outcomes.count { $0 })
        let failures = Double(count) - successes
        guard successes > 0, failures > 0 else { return nil }
        let order = rates.indices.sorted { rates[$0] < rates[$1] }
        var ranks = 0.0
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, rates[order[end]] == rates[order[start]] { end += 1 }
            let rank = Double(start + end + 1) / 2
            ranks += rank * Double(order[start..<end].count { outcomes[$0] })
            start = end
        }
        return (ranks - successes * (successes + 1) / 2) / (successes * failures)
    }

    /// Expected calibration error: how far, on average, the share of successes is from the rates that
    /// were foretold, over bins of the rate.
    var ece: Double {
        var expected = Array(repeating: 0.0, count: Self.calibrationBins)
        var happened = expected
        for (rate, outcome) in zip(rates, outcomes) {
            let bin = min(Int(rate * Double(Self.calibrationBins)), Self.calibrationBins - 1)
            expected[bin] += rate
            happened[bin] += outcome ? 1 : 0
        }
        let distance = zip(expected, happened).reduce(0) { $0 + abs($1.0 - $1.1) }
        return count == 0 ? 0 : distance / Double(count)
    }

    /// Those of each customer, by number.
    var byCustomer: [OutcomeScores] {
        var parts: [Int: OutcomeScores] = [:]
        for index in rates.indices {
            parts[customers[index], default: OutcomeScores()]
                .add(rates[index], outcomes[index], customer: customers[index])
        }
        return parts.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Without the customer that has most of them: of several the first.
    var withoutLargest: OutcomeScores {
        let parts = byCustomer
        let largest = parts.map(\.count).max() ?? 0
        guard let place = parts.firstIndex(where: { $0.count == largest }) else { return self }
        var rest = OutcomeScores()
        for part in parts[..<place] + parts[(place + 1)...] {
            for index in part.rates.indices {
                rest.add(part.rates[index], part.outcomes[index], customer: part.customers[index])
            }
        }
        return rest
    }
}
