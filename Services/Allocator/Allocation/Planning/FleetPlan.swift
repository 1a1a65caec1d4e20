/// What plans hold to.
public struct PlanningRules: Sendable, Equatable {
    /// Energy of the whole site over that of its workers.
    public var powerUsageEffectiveness = 1.2
    /// What an hour with a worker too few costs, in hours of a worker too many.
    public var shortageCost = 19.0

    public init() {}

    /// The newsvendor's fractile `c_u / (c_u + c_o)`: with so much chance of having enough, one
    /// worker more costs what it saves.
    var fractile: Double { shortageCost / (shortageCost + 1) }
}

/// How many workers a cell will need, and what that takes.
public struct FleetPlan: Sendable, Equatable {
    public struct Hour: Sendable, Equatable {
        /// Since 1970.
        public let hour: Int64
        public let workersP50: Int
        public let workersP95: Int
        /// Mean CPU in use, foretold, mCPU.
        public let milliCpu: Double
        /// With every ready worker on, and with as many as the 95th percentile.
        public let today: HourEnergy?
        public let planned: HourEnergy?
    }

    public struct Day: Sendable, Equatable {
        /// Since 1970.
        public let day: Int64
        /// Of its busiest hour.
        public let workersP50: Int
        public let workersP95: Int
        /// Of those, at the newsvendor's fractile.
        public let workersToHave: Int
        /// Workers with functions that are placed for a week, as this cell does it.
        public let placedP50: Int
        public let placedP95: Int
    }

    /// Share of the week's hours that would be short with so many workers.
    public struct Purchase: Sendable, Equatable {
        public let workers: Int
        public let hoursShort: Double
    }

    /// A worker that may be off.
    public struct Off: Sendable, Equatable {
        public let worker: String
        /// Hours since 1970; the worker is on again in `untilHour`.
        public let fromHour: Int64
        public let untilHour: Int64
    }

    public struct Deferred: Sendable, Equatable {
        public let fromHour: Int64
        public let untilHour: Int64
        public let milliCpu: Double
        /// nil when unknown.
        public let savedG: Double?
    }

    public let cell: Int32
    public let workersReady: Int
    /// (168) from the first hour that is not over.
    public let hours: [Hour]
    /// (28) from the first day that has not begun; empty until three are known.
    public let days: [Day]
    /// One worker less than there are, as many, and one more.
    public let purchases: [Purchase]
    public let offs: [Off]
    public let deferred: [Deferred]
    public let asOfMs: Int64
}

extension FleetPlan {
    /// - Parameter lax: from the first hour of the plan.
    /// - Returns: nil until three days are known.
    init?(
        cell: Int32, _ history: NeedHistory, _ workers: [PoweredWorker], lax: [LaxWork],
        _ rules: PlanningRules, asOfMs: Int64
    ) {
        let place = Int((history.firstHour ?? 0) % 24)
        guard let last = history.lastHour,
            let needs = WorkerForecast(
                history.hours.map { Double($0.workers) }, period: 24, firstSlot: place),
            let loads = WorkerForecast(
                history.hours.map { Double($0.milliCpu) }, period: 24, firstSlot: place)
        else { return nil }
        let energy = FleetEnergy(
            workers, powerUsageEffectiveness: rules.powerUsageEffectiveness)
        let scenarios = (1...Limits.plannedHours).map { needs.scenarios(lead: $0) }
        let carbon = history.carbonByHourOfDay
        let hours = scenarios.enumerated().map { offset, needs in
            let hour = last + 1 + Int64(offset)
            let load = loads.scenarios(lead: offset + 1).quantile(0.5)
            let factor = carbon[Int(hour % 24)]
            let enough = min(needs.workers(0.95), workers.count)
            return Hour(
                hour: hour, workersP50: needs.workers(0.5), workersP95: needs.workers(0.95),
                milliCpu: load,
                today: energy.hour(on: workers.count, milliCpu: load, carbonFactor: factor),
                planned: energy.hour(on: enough, milliCpu: load, carbonFactor: factor))
        }
        self.cell = cell
        self.asOfMs = asOfMs
        workersReady = workers.count
        self.hours = hours
        days = Self.days(history, rules)
        purchases = (max(0, workers.count - 1)...workers.count + 1).map { count in
            Purchase(
                workers: count,
                hoursShort: scenarios.reduce(0) { $0 + $1.shortage(workers: count) }
                    / Double(scenarios.count))
        }
        offs = Self.offs(hours, energy.workers)
        deferred = Self.deferred(lax, hours, carbon, energy.workers, rules)
    }

    private static func days(_ history: NeedHistory, _ rules: PlanningRules) -> [Day] {
        let (firstDay, needed) = history.daily(\.workers)
        guard let needs = WorkerForecast(needed.map(Double.init), period: 1),
            let places = WorkerForecast(
                history.daily(\.placed).highest.map(Double.init), period: 1)
        else { return [] }
        return (1...Limits.plannedDays).map { lead in
            let (need, placed) = (needs.scenarios(lead: lead), places.scenarios(lead: lead))
            return Day(
                day: firstDay + Int64(needed.count + lead - 1), workersP50: need.workers(0.5),
                workersP95: need.workers(0.95), workersToHave: need.workers(rules.fractile),
                placedP50: placed.workers(0.5), placedP95: placed.workers(0.95))
        }
    }

    /// - Parameter workers: those that stay on longest first.
    private static func offs(_ hours: [Hour], _ workers: [PoweredWorker]) -> [Off] {
        workers.enumerated().flatMap { place, worker in
            var offs: [Off] = []
            var start: Int?
            for i in 0...hours.count {
                let isOff = i < hours.count && place >= hours[i].workersP95
                if isOff, start == nil { start = i }
                guard !isOff, let from = start else { continue }
                start = nil
                guard i - from >= Limits.offHoursMin else { continue }
                offs.append(
                    Off(
                        worker: worker.name, fromHour: hours[from].hour,
                        untilHour: hours[i - 1].hour + 1))
            }
            return offs
        }
    }

    private static func deferred(
        _ lax: [LaxWork], _ hours: [Hour], _ carbon: [Double], _ workers: [PoweredWorker],
        _ rules: PlanningRules
    ) -> [Deferred] {
        let factors = hours.map { carbon[Int($0.hour % 24)] }
        let grams = gramsAMilliCpu(workers, rules)
        return Deferral.shifts(lax, loads: hours.map(\.milliCpu), carbon: factors).map { shift in
            Deferred(
                fromHour: hours[shift.from].hour, untilHour: hours[shift.until].hour,
                milliCpu: shift.milliCpu,
                savedG: grams.map {
                    $0 * shift.milliCpu * (factors[shift.from] - factors[shift.until])
                })
        }
    }

    /// What an mCPU that is busy for an hour emits beyond an idle one, on the mean worker.
    private static func gramsAMilliCpu(
        _ workers: [PoweredWorker], _ rules: PlanningRules
    ) -> Double? {
        var sum = 0.0
        for worker in workers {
            guard let idle = worker.wattsIdle, let peak = worker.wattsPeak,
                let carbon = worker.carbonGPerKwh
            else { return nil }
            sum += (peak - idle) / worker.milliCpu * carbon
        }
        guard !workers.isEmpty else { return nil }
        return sum / Double(workers.count) * rules.powerUsageEffectiveness / 1_000
    }
}
