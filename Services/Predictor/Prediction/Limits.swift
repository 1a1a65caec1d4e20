/// What bounds this module's state and messages.
enum Limits {
    /// Of a partition; the next one is counted and not taken.
    static let services = 20_000
    static let functionsPerService = 64
    /// Services like a function's that are kept.
    static let nearestPerFunction = 5
    /// Parts of the prior that a partition reads, its own aside.
    static let contributions = 1_024
    /// Of one partition's contribution: those with most evidence.
    static let contributedCustomers = 1_000
    /// Of customers of either rate: half as many are named where names are long.
    static let contributedCustomerBytes = 180_000
    static let contributedTriggers = 32
    static let contributedClusters = 512
    /// Triggers, and clusters, whose seasons are written down: the busiest of a partition.
    static let kinds = 64
    /// A contribution's bytes; base64 in a message of at most 1 MB.
    static let contributionBytes = 700_000
    /// Silent for so long, and not announced, a service is forgotten.
    static let forgottenAfterMs: Int64 = 30 * Clock.dayMs
    /// Silent for so long, it is looked at once a day.
    static let dormantAfterMs: Int64 = 7 * Clock.dayMs
    /// Hours of silence that are learnt one by one: two years, or 26 half-lives of what lasts
    /// longest, so that nothing older weighs anything.
    static let silentHoursLearnt: Int64 = 2 * 366 * 24
}

/// The event times at which something happens.
enum Clock {
    static let minuteMs: Int64 = 60_000
    static let hourMs: Int64 = 3_600_000
    static let dayMs: Int64 = 86_400_000

    /// Predictions of services whose inputs changed are published at multiples of this.
    static let publishEveryMs: Int64 = 15 * minuteMs
    /// A partition's part of the prior is released at multiples of this.
    static let contributeEveryMs: Int64 = hourMs
    /// A slot can be corrected for the featurizer's hour, and a margin for its lateness.
    static let correctableForMs: Int64 = hourMs + 15 * minuteMs
    /// So long without a message by the wall clock, what is pending is published. Longer than a
    /// slot, for at the pace of the clock nothing comes between two slots.
    static let quietMs: Int64 = 600_000
    /// Hours and days foretold; of CPU the first day's hours.
    static let horizonHours = 168
    static let cpuHorizonHours = 24
    static let horizonDays = 28
    /// A service is new for so long.
    static let newForHours = 28.0 * 24

    /// 0 is Monday. 1970-01-01 was a Thursday.
    static func weekday(hour: Int64) -> Int { Int((hour / 24 + 3) % 7) }
    static func hourOfDay(_ hour: Int64) -> Int { Int(hour % 24) }
}
