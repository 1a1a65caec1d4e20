/// What is expected of a service, new or old: `predictions`.
public struct Prediction: ServiceMessage {
    public static let topic = Topic.predictions

    public var customer: String
    public var service: String
    /// Event time up to which it knows.
    public var asOfMs: Int64
    public var tier: Tier
    public var trigger: String?
    public var memoryMb: Double?
    public var deadlineMs: Double?

    public var success: SuccessRate
    /// Invocations an hour over the coming hours: a week of them.
    public var invocationsPerHour: Forecast
    /// CPU over the coming day's hours, in thousandths of a core.
    public var milliCpu: Forecast
    /// Invocations a day, expected over the coming days.
    public var popularityPerDay: Interval
    /// Invocations of each of the coming 28 days, of 24 hours from the first hour foretold on.
    public var popularityByDay: DailyForecast?
    /// The chance to be among the busiest tenth of its trigger's services in 28 days; of a service
    /// that is not yet as old.
    public var popularChance: Double?
    public var seasonality: Seasonality
    /// Closed slots of its own that the demand rests on.
    public var demandSamples: Int
    /// Which outcome would teach most, nil when none would.
    public var teachesMost: Canary?

    /// A value with the ends of its 90 % interval.
    public struct Interval: Codable, Equatable, Sendable {
        public var expected: Double
        public var low: Double
        public var high: Double
        public init(expected: Double, low: Double, high: Double) {
            self.expected = expected
            self.low = low
            self.high = high
        }
    }

    public struct SuccessRate: Codable, Equatable, Sendable {
        public var rate: Interval
        /// Outcomes of its own that it rests on.
        public var samples: Int
        /// From where most of it comes: `fleet`, `trigger`, `customer` or `service`.
        public var level: String
        /// What the trivial baseline says: the fleet's rate.
        public var baseline: Double
        /// How much more its outcomes varied than chance explains; 1 where they did not.
        public var drift: Double?
        /// The chance that an invocation succeeds and does not end after its deadline; nil without a
        /// deadline, and before the fleet had one.
        public var inTime: Interval?
        public init(
            rate: Interval, samples: Int, level: String, baseline: Double, drift: Double? = nil,
            inTime: Interval? = nil
        ) {
            self.rate = rate
            self.samples = samples
            self.level = level
            self.baseline = baseline
            self.drift = drift
            self.inTime = inTime
        }
    }

    /// (H) hourly values from `startMs` on, each with its 90 % interval.
    public struct Forecast: Codable, Equatable, Sendable {
        public var startMs: Int64
        public var expected: [Double]
        public var low: [Double]
        public var high: [Double]
        public init(startMs: Int64, expected: [Double], low: [Double], high: [Double]) {
            self.startMs = startMs
            self.expected = expected
            self.low = low
            self.high = high
        }
    }

    /// (D) daily values, each with its 90 % interval.
    public struct DailyForecast: Codable, Equatable, Sendable {
        public var expected: [Double]
        public var low: [Double]
        public var high: [Double]
        public init(expected: [Double], low: [Double], high: [Double]) {
            self.expected = expected
            self.low = low
            self.high = high
        }
    }

    /// Factors around 1.
    public struct Seasonality: Codable, Equatable, Sendable {
        /// (24) UTC.
        public var hourOfDay: [Double]
        /// (7) Monday first.
        public var dayOfWeek: [Double]
        /// (53) of its trigger: a week of the year beside the weeks before it; once there was one.
        public var weekOfYear: [Double]?
        public init(
            hourOfDay: [Double], dayOfWeek: [Double], weekOfYear: [Double]? = nil
        ) {
            self.hourOfDay = hourOfDay
            self.dayOfWeek = dayOfWeek
            self.weekOfYear = weekOfYear
        }
    }

    /// An invocation worth looking at.
    public struct Canary: Codable, Equatable, Sendable {
        /// By how much its outcome is expected to lower the log-loss of the day's invocations.
        public var gain: Double
        public var why: String
        public init(gain: Double, why: String) {
            self.gain = gain
            self.why = why
        }
    }

    public init(
        _ id: ServiceID, asOfMs: Int64, tier: Tier, trigger: String?, memoryMb: Double?,
        deadlineMs: Double?, success: SuccessRate, invocationsPerHour: Forecast,
        milliCpu: Forecast, popularityPerDay: Interval, seasonality: Seasonality,
        demandSamples: Int, teachesMost: Canary?
    ) {
        customer = id.customer
        service = id.service
        self.asOfMs = asOfMs
        self.tier = tier
        self.trigger = trigger
        self.memoryMb = memoryMb
        self.deadlineMs = deadlineMs
        self.success = success
        self.invocationsPerHour = invocationsPerHour
        self.milliCpu = milliCpu
        self.popularityPerDay = popularityPerDay
        self.seasonality = seasonality
        self.demandSamples = demandSamples
        self.teachesMost = teachesMost
    }

    public var key: String { serviceID.path }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: customer, of: "customer")
        try FieldLimits.check(name: service, of: "service")
        try FieldLimits.check(success.rate.expected, in: 0...1, of: "success.rate.expected")
        if let inTime = success.inTime {
            try FieldLimits.check(inTime.expected, in: 0...1, of: "success.in_time.expected")
        }
    }
}
