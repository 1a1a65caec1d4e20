internal import Foundation

/// A service's demand over the coming hours.
public struct HourlyForecast: Sendable {
    private var outlook: DemandOutlook
    private let model: DemandModel
    /// Nobody is foretold to go beyond e times its peak of four weeks.
    fileprivate static let beyondPeak = 1.0

    /// - Parameters:
    ///   - demand: of at least one hour.
    ///   - unseen: (slotsPerDay) demand from the next slot on, where its own past tells nothing: as
    ///     of its kind. Left out, it is the mean of what it has seen.
    public init(_ demand: HourlyDemand, model: DemandModel, unseen: [Double]? = nil) {
        outlook = DemandOutlook(
            demand, back: 0, model: model, unseen: unseen.map { $0.map { log1p($0) } })
        self.model = model
    }

    /// - Parameter lead: 1 is the first hour that is not known.
    public mutating func hour(lead: Int) -> ForecastedHour {
        precondition(lead >= 1, "lead is \(lead), expected at least 1")
        let guess = outlook.guess(lead: lead)
        return ForecastedHour(
            guess, distances: model.distances(lead: guess.lead, group: guess.group),
            logMax: max(outlook.peak, guess.centre) + Self.beyondPeak)
    }
}

/// What is foretold of one hour: all of its distribution, in `ln(1 + y)`.
public struct ForecastedHour: Sendable {
    private let guess: DemandGuess
    /// (shares) in spreads.
    private let distances: [Double]
    private let logMax: Double

    init(_ guess: DemandGuess, distances: [Double], logMax: Double) {
        self.guess = guess
        self.distances = distances
        self.logMax = logMax
    }

    private func log(_ share: Int) -> Double {
        min(max(guess.centre + guess.spread * distances[share], 0), logMax)
    }

    /// (20) quantiles of `ln(1 + y)`, in the middles of twentieths.
    public var logQuantiles: [Double] { (0..<DemandModel.twentieths).map(log) }

    /// Of `ln(1 + y)`: as likely too high as too low.
    public var logMedian: Double {
        (log(DemandModel.twentieths / 2 - 1) + log(DemandModel.twentieths / 2)) / 2
    }

    /// Ends of the 90 % interval of `ln(1 + y)`: a twentieth on either side is left out, or, where
    /// nothing at all is within it, a tenth above.
    public var logInterval: (low: Double, high: Double) {
        let low = log(DemandModel.twentieths)
        let isOpen = low <= Self.nothing
        return (isOpen ? 0 : low, log(DemandModel.twentieths + (isOpen ? 1 : 2)))
    }

    private static let nothing = 0.001

    /// The mean of `y`. What lies beyond the peak counts as the peak: a rare multiple of it would
    /// be most of the mean.
    public var expected: Double {
        let peak = logMax - HourlyForecast.beyondPeak
        var sum = 0.0
        for share in 0..<DemandModel.twentieths { sum += expm1(min(log(share), peak)) }
        return sum / Double(DemandModel.twentieths)
    }

    public var low: Double { expm1(logInterval.low) }
    public var high: Double { expm1(logInterval.high) }
}
