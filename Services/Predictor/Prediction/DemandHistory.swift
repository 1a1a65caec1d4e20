internal import Foundation

/// A service's invocations by hour, the older the less they weigh: how many, at which hours of the
/// day and days of the week, and how far hours stray from that.
struct DemandHistory: Equatable {
    /// Half-lives, in hours: of the level, of the hours of the day, of the days of the week.
    static let levelHalfLife = 48.0
    static let profileHalfLife = 14.0 * 24
    static let weekHalfLife = 28.0 * 24

    /// Hours since 1970: the one being summed. Those before it are learnt.
    var openHour: Int64
    var openCount = 0.0
    /// The share of the open hour that it was there for.
    var openExposure: Double
    /// (24) hours seen, and invocations in all, for the level.
    var levelExposure = Array(repeating: 0.0, count: 24)
    var levelCount = 0.0
    /// (24) by hour of the day.
    var profileCount = Array(repeating: 0.0, count: 24)
    var profileExposure = Array(repeating: 0.0, count: 24)
    /// (7) by day of the week, Monday first.
    var weekCount = Array(repeating: 0.0, count: 7)
    var weekExposure = Array(repeating: 0.0, count: 7)
    var cpuMs = 0.0
    var cpuInvocations = 0.0
    var hourly = Dispersion()
    var daily = Dispersion()
    var dayCount = 0.0
    var dayExpected = 0.0
    var hoursSeen = 0.0
    /// Closed slots of its functions that it learnt.
    var slots = 0
    /// Each of its last hours.
    var hours = HourlyDemand()

    init(firstSlotMs: Int64) {
        openHour = firstSlotMs / Clock.hourMs
        openExposure = 1 - Double(firstSlotMs % Clock.hourMs) / Double(Clock.hourMs)
    }

    /// Of all hours seen, weighted as the profile is.
    var rate: Double {
        let exposure = profileExposure.reduce(0, +)
        return exposure > 0 ? profileCount.reduce(0, +) / exposure : 0
    }

    /// A slot that no correction can change any more; slots come in order of time.
    mutating func learn(invocations: Int, cpuMs cpu: Double, slotStartMs: Int64) {
        learnHours(before: slotStartMs / Clock.hourMs)
        openCount += Double(invocations)
        if invocations > 0 {
            cpuMs += cpu
            cpuInvocations += Double(invocations)
        }
        slots += 1
    }

    /// Learns every hour before `hour`: none of their slots can change any more.
    mutating func learnHours(before hour: Int64) {
        // Of a silence longer than any half-life the beginning changes nothing.
        if hour - openHour > Limits.silentHoursLearnt {
            closeHour()
            openHour = hour - Limits.silentHoursLearnt
        }
        while openHour < hour { closeHour() }
    }

    private mutating func closeHour() {
        let hour = Clock.hourOfDay(openHour)
        let weekday = Clock.weekday(hour: openHour)
        // The first day has no past to stray from.
        if hoursSeen >= Self.hoursBeforeStraying {
            let expected = expected(hour: hour, weekday: weekday)
            hourly.observe(openCount, expected: expected)
            dayCount += openCount
            dayExpected += expected
        }
        fade()
        levelExposure[hour] += openExposure
        levelCount += openCount
        profileExposure[hour] += openExposure
        profileCount[hour] += openCount
        weekExposure[weekday] += openExposure
        weekCount[weekday] += openCount
        hoursSeen += openExposure
        hours.append(
            openExposure >= Self.exposureMin ? openCount / openExposure : openCount)
        if hour == 23 {
            if hoursSeen >= 48 { daily.observe(dayCount, expected: dayExpected) }
            dayCount = 0
            dayExpected = 0
        }
        openHour += 1
        openCount = 0
        openExposure = 1
    }

    private static let hoursBeforeStraying = 3.0
    /// An hour of which less was seen is taken as it is.
    private static let exposureMin = 0.25
    private static let levelFading = exp2(-1 / levelHalfLife)
    private static let profileFading = exp2(-1 / profileHalfLife)
    private static let weekFading = exp2(-1 / weekHalfLife)

    private mutating func fade() {
        for i in 0..<24 {
            levelExposure[i] *= Self.levelFading
            profileExposure[i] *= Self.profileFading
            profileCount[i] *= Self.profileFading
        }
        for i in 0..<7 {
            weekExposure[i] *= Self.weekFading
            weekCount[i] *= Self.weekFading
        }
        levelCount *= Self.levelFading
        cpuMs *= Self.levelFading
        cpuInvocations *= Self.levelFading
        hourly.fade(Self.profileFading)
        if Clock.hourOfDay(openHour) == 23 { daily.fade(pow(Self.weekFading, 24)) }
    }

    /// What it would itself have said of an hour, asking nobody else.
    private func expected(hour: Int, weekday: Int) -> Double {
        let level = (levelCount + 0.25) / (levelExposure.reduce(0, +) + 0.5)
        let flat = Array(repeating: 1.0, count: 24)
        return level * hourFactors(shrunkTo: flat)[hour] * weekFactors()[weekday]
    }

    /// (24) around 1: its own profile as far as it is known, the rest from its class.
    ///
    /// At an hour of the day that it was seen `e` times its own share is `e / (e + 1)`, so over the
    /// day `n / (n + 24)` after `n` hours. Where invocations are rare, so that most hours hold
    /// none, an hour seen says less: `e` counts what a noisy count is worth.
    func hourFactors(shrunkTo classFactors: [Double]) -> [Double] {
        let rate = rate
        guard rate > 0 else { return classFactors }
        let factors = (0..<24).map { hour in
            let evidence = profileExposure[hour] * worthOfHour
            let own =
                profileExposure[hour] > 0
                ? profileCount[hour] / (profileExposure[hour] * rate) : 1
            return (evidence * own + classFactors[hour]) / (evidence + 1)
        }
        return normalized(factors)
    }

    /// What an hour seen says, beside one of a busy and steady service.
    private var worthOfHour: Double { min(1, rate / (1 + hourly.value * rate)) }

    /// (7) around 1, Monday first; a day seen once counts half.
    func weekFactors() -> [Double] {
        let rate = rate
        guard rate > 0 else { return Array(repeating: 1, count: 7) }
        let factors = (0..<7).map { day in
            let evidence = weekExposure[day] / 24 * worthOfHour
            let own = weekExposure[day] > 0 ? weekCount[day] / (weekExposure[day] * rate) : 1
            return (evidence * own + 1) / (evidence + 1)
        }
        return normalized(factors)
    }
}

/// Scales to a mean of 1.
func normalized(_ factors: [Double]) -> [Double] {
    let mean = factors.reduce(0, +) / Double(factors.count)
    return mean > 0 ? factors.map { $0 / mean } : factors.map { _ in 1 }
}

/// How far counts stray from what was expected, beyond Poisson's chance.
struct Dispersion: Equatable {
    /// Of `(count - expected)² - expected`, of `expected²`, and of how many; the older the less.
    var strayed = 0.0
    var squares = 0.0
    var count = 0.0

    /// Before anything was seen: hours stray by as much as they hold.
    static let usual = 1.0
    /// Counts that the usual value is worth.
    static let usualCounts = 12.0
    static let values = 0.01...100.0

    mutating func observe(_ value: Double, expected: Double) {
        let difference = value - expected
        strayed += difference * difference - expected
        squares += expected * expected
        count += 1
    }

    mutating func fade(_ factor: Double) {
        strayed *= factor
        squares *= factor
        count *= factor
    }

    var value: Double { value(usual: Self.usual, counts: Self.usualCounts) }

    /// Variance beyond Poisson's, in squares of the mean.
    func value(usual: Double, counts: Double) -> Double {
        guard squares > 0 else { return usual }
        let own = strayed / squares
        let shrunk = (count * own + counts * usual) / (count + counts)
        return min(max(shrunk, Self.values.lowerBound), Self.values.upperBound)
    }
}
