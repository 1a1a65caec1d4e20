internal import Foundation
internal import Numerics

/// What a run took in each slot, its duration or its memory, a byte each: logarithms, `log(1 + x)`, in
/// steps of 8 %.
///
/// T: slots; H: hours of the clock that they lie in.
struct RunLevels: Equatable, Sendable {
    /// (T) 0 where nothing is known to have run; none at all where nothing is known of any slot.
    let codes: [UInt8]

    static let unknown: UInt8 = 0
    /// A day in milliseconds is code 229, the most memory that a message may say in megabytes 209.
    private static let step = 0.08
    /// Of an hour.
    static let hourMax = Float(254 * step)

    init(codes: [UInt8]) { self.codes = codes }

    /// - Parameter values: (T) milliseconds or megabytes; not a number where nothing ran.
    init(_ values: [Double]) { codes = values.map { Self.code($0) } }

    static func code(_ value: Double?) -> UInt8 {
        guard let value, !value.isNaN else { return unknown }
        return UInt8(min(255, 1 + (log1p(max(0, value)) / step).rounded()))
    }

    func slice(_ range: Range<Int>) -> RunLevels {
        RunLevels(codes: codes.isEmpty ? [] : Array(codes[range]))
    }

    /// (H) the mean of each hour, in logarithms; empty where nothing ran at all.
    ///
    /// An hour in which nothing ran has the last one's before it: what a run would have taken then is
    /// best told by the last that there was. Hours before the first run have the first one's.
    func hours(from startSlot: Int64) -> [Float] {
        let perHour = DemandView.slotsPerHour
        let offset = Int(startSlot % Int64(perHour))
        var hours: [Float] = []
        var (last, before) = (Float?.none, 0)
        for start in stride(from: -offset, to: codes.count, by: perHour) {
            if let level = mean(of: max(0, start)..<min(codes.count, start + perHour)) {
                hours += repeatElement(level, count: before)
                (last, before) = (level, 0)
            }
            if let last { hours.append(last) } else { before += 1 }
        }
        return hours
    }

    /// Of those that are known, counted in steps, so that equal ones have their own value for a mean.
    private func mean(of range: Range<Int>) -> Float? {
        var (sum, count) = (0, 0)
        for code in codes[range] where code != Self.unknown {
            sum += Int(code) - 1
            count += 1
        }
        return count == 0 ? nil : Float(Double(sum) / Double(count) * Self.step)
    }
}
