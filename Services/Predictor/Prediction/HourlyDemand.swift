internal import Foundation

/// How many slots a season has: hours, unless a trace knows coarser ones.
public struct DemandCalendar: Equatable, Sendable {
    public let slotsPerDay: Int
    public let slotsPerWeek: Int

    public init(slotsPerDay: Int, slotsPerWeek: Int) {
        precondition(
            slotsPerDay > 1 && slotsPerWeek > slotsPerDay,
            "a week of \(slotsPerWeek) slots with days of \(slotsPerDay)")
        self.slotsPerDay = slotsPerDay
        self.slotsPerWeek = slotsPerWeek
    }

    public static let hours = DemandCalendar(slotsPerDay: 24, slotsPerWeek: 168)
}

/// A service's demand by hour over its last four weeks, and how well it was foretold.
///
/// Two bytes an hour: `ln(1 + y)` in steps of 1/2,000, so that `y` is kept to 0.025 %. At most
/// 1,344 bytes a service; silent hours take one byte each where it is written down.
public struct HourlyDemand: Equatable, Sendable {
    static let stepsPerUnit = 2_000.0
    static let weeksKept = 4

    let calendar: DemandCalendar
    /// (up to 672) oldest first, from the service's first hour on.
    var codes: [UInt16] = []
    var skill = DemandSkill()

    public init(calendar: DemandCalendar = .hours) { self.calendar = calendar }

    var slotsKept: Int { calendar.slotsPerWeek * Self.weeksKept }

    /// - Parameter amount: from 0; of invocations, or of any other use.
    public mutating func append(_ amount: Double) {
        precondition(amount >= 0, "demand is \(amount), expected at least 0")
        if codes.count >= slotsKept { codes.removeFirst(codes.count - slotsKept + 1) }
        codes.append(Self.code(of: amount))
    }

    static func code(of amount: Double) -> UInt16 {
        UInt16(min((log1p(amount) * stepsPerUnit).rounded(), Double(UInt16.max)))
    }

    /// Nothing in the last week: what is foretold of it is nothing, and teaches nothing.
    public var isDormant: Bool { isDormant(back: 0) }

    func isDormant(back slots: Int) -> Bool {
        codes.dropLast(slots).suffix(calendar.slotsPerWeek).allSatisfy { $0 == 0 }
    }

    /// A day has ended: what was to be said of it a day, two and five days before is compared with
    /// what came, for the fleet and for the service itself.
    ///
    /// - Parameter model: of the fleet until then; `lessons` are for the next one.
    public mutating func learnDay(by model: DemandModel, _ lessons: inout DemandLessons) {
        let day = calendar.slotsPerDay
        var losses = Array(repeating: 0.0, count: DemandExpert.count)
        var compared = 0.0
        for (lead, days) in DemandModel.leadDays.enumerated() {
            let back = days * day
            guard codes.count > back, !isDormant(back: back) else { continue }
            var outlook = DemandOutlook(self, back: back, model: model)
            for slot in 0..<day {
                let actual =
                    Double(codes[codes.count - day + slot]) / HourlyDemand.stepsPerUnit
                let guess = outlook.guess(lead: back - day + slot + 1)
                lessons.learn(outlook, guess, actual: actual, lead: lead)
                guard lead == 0 else { continue }
                for expert in losses.indices {
                    losses[expert] += abs(outlook.experts[expert] - actual)
                }
                compared += 1
            }
        }
        skill.learn(losses, count: compared)
    }
}

/// How far each expert was from what came, in `ln(1 + y)`, over the days; the older the less.
struct DemandSkill: Equatable, Sendable {
    /// (E) summed over hours.
    var losses = Array(repeating: Float(0), count: DemandExpert.count)
    var count: Float = 0

    /// Half of it comes from the last week.
    private static let fading: Float = 0.9

    mutating func learn(_ day: [Double], count compared: Double) {
        for expert in losses.indices {
            losses[expert] = losses[expert] * Self.fading + Float(day[expert])
        }
        count = count * Self.fading + Float(compared)
    }
}

/// Who foretells an hour: each alone is a trivial method, and which is best differs by service.
enum DemandExpert: Int, CaseIterable {
    /// The same hour a day ago, a week ago; the last hour.
    case yesterday, lastWeek, last
    /// The same hour of seven days, of four weeks.
    case dayMean, weekMean, dayMedian, weekMedian
    /// The last day's hours.
    case lastDayMedian
    /// Regressions over the fleet: of the mean, and of the median.
    case regression, medianRegression
    case nothing
    /// All of them, weighted by how well each did.
    case together

    static let count = allCases.count
}
