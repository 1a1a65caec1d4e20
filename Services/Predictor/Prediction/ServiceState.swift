internal import Topics

/// All that the predictor keeps of a service.
struct ServiceState: Equatable {
    /// What its customer announced.
    var announced: ServiceAnnounced?
    /// Names of its functions, in the order in which they were seen; slots refer to them by index.
    var functions: [String] = []
    /// Slots that can still be corrected, by time and function.
    var recent: [RecentSlot] = []
    var outcomes = OutcomeHistory()
    /// Of the outcomes of which it is known: whether they were successes within their deadline.
    var inTime = OutcomeHistory()
    var demand: DemandHistory?
    /// What its newest slot said of it.
    var newest: Facts?
    /// By function, as the learner last said.
    var clusters: [String: Membership] = [:]
    /// Its votes in the partition's last contribution, and its part in how claims came out.
    var voted = Votes()
    var votedInTime = Votes()
    var claimed = ClaimRecord()
    /// What services like it said then.
    var kin = Votes()

    struct RecentSlot: Equatable {
        var startMs: Int64
        var function: Int
        var correction: Int
        var successes: Int
        var outcomes: Int
        /// Successes within their deadline; nil where it is not known.
        var inTime: Int?
        var cpuMs: Double
        /// What was foretold when the slot was first read, by us and by the baseline.
        var foretold: Foretold
        var baseline: Double
        /// Whether few of its outcomes were known then.
        var isNew: Bool
    }

    struct Facts: Equatable {
        var slotStartMs: Int64
        var trigger: String?
        var memoryMb: Double
        var deadlineMs: Double?
    }

    struct Membership: Equatable {
        var cluster: Cluster
        var slots: Int
        /// Services whose functions are most alike, best first, each once.
        var nearest: [Near] = []
    }

    struct Near: Equatable {
        var service: ServiceID
        /// -1 to 1.
        var score: Float
    }

    /// Whether anybody but the learner has spoken of it.
    var isKnown: Bool { announced != nil || demand != nil }
    /// What its invocations say goes before what was announced.
    var trigger: String? { newest?.trigger ?? announced?.trigger }
    var outcomesEver: Int { recent.reduce(outcomes.outcomesEver) { $0 + $1.outcomes } }
    var successesEver: Int { recent.reduce(outcomes.successesEver) { $0 + $1.successes } }
    var inTimeEver: Int { recent.reduce(inTime.successesEver) { $0 + ($1.inTime ?? 0) } }
    var timedEver: Int { recent.reduce(inTime.outcomesEver) { $0 + $1.timed } }
    var slots: Int { (demand?.slots ?? 0) + recent.count }

    func group(of id: ServiceID) -> SuccessHierarchy.Group {
        .init(trigger: trigger ?? "", customer: id.customer)
    }

    /// The cluster of the function of which the learner has seen most, by the newest model.
    var cluster: Cluster? {
        clusters.sorted { $0.key < $1.key }.map(\.value).max {
            ($0.cluster.modelVersion, $0.slots) < ($1.cluster.modelVersion, $1.slots)
        }?.cluster
    }

    /// - Parameter endMs: up to when slots are known.
    func forecast(untilMs endMs: Int64, prior: FleetPrior) -> DemandForecast {
        var lately = RecentDemand()
        if let demand {
            for slot in recent {
                lately.invocations += Double(slot.outcomes)
                if slot.outcomes > 0 { lately.cpuMs += slot.cpuMs }
            }
            var hour = demand.openHour
            var share = demand.openExposure
            while hour * Clock.hourMs < endMs {
                let unseen = max(0, (hour + 1) * Clock.hourMs - endMs)
                let seen = share - Double(unseen) / Double(Clock.hourMs)
                lately.exposure[Clock.hourOfDay(hour)] += max(0, seen)
                hour += 1
                share = 1
            }
        }
        return DemandForecast(
            demand, recent: lately, prior: prior.demand(trigger: trigger ?? "", cluster: cluster),
            declaredPerDay: announced?.expectedInvocationsPerDay)
    }

    /// Takes a slot that can still be corrected, in place of what was known of it.
    /// - Returns: false when there are too many functions, or it is older than what is known.
    mutating func take(
        _ slot: FunctionShape, foretold: Foretold, baseline: Double
    ) -> Bool {
        guard let function = index(of: slot.function) else { return false }
        var taken = RecentSlot(
            startMs: slot.slotStartMs, function: function, correction: slot.correction,
            successes: slot.counts.success, outcomes: slot.counts.total,
            inTime: slot.successInTime, cpuMs: slot.cpuMs,
            foretold: foretold, baseline: baseline,
            isNew: outcomesEver <= Self.newOutcomesMax)
        let place =
            recent.firstIndex { ($0.startMs, $0.function) >= (taken.startMs, function) }
            ?? recent.count
        if place < recent.count, recent[place].startMs == taken.startMs,
            recent[place].function == function
        {
            let known = recent[place]
            guard taken.correction >= known.correction else { return false }
            // What was foretold stays: by now its outcomes are known.
            taken.foretold = known.foretold
            taken.baseline = known.baseline
            taken.isNew = known.isNew
            recent[place] = taken
        } else {
            recent.insert(taken, at: place)
        }
        if demand == nil { demand = DemandHistory(firstSlotMs: slot.slotStartMs) }
        if slot.slotStartMs >= newest?.slotStartMs ?? 0 {
            if let trigger = newest?.trigger, let other = slot.trigger, other != trigger {
                outcomes.leave(trigger)
                inTime.leave(trigger)
            }
            newest = Facts(
                slotStartMs: slot.slotStartMs, trigger: slot.trigger, memoryMb: slot.memoryMb,
                deadlineMs: slot.deadlineMs)
        }
        return true
    }

    /// A service is new up to so many outcomes.
    static let newOutcomesMax = 10

    /// What slots taught of the ways of forgetting.
    struct Lessons: Equatable {
        var success = MemoryLosses()
        var inTime = MemoryLosses()
    }

    /// Learns slots that no correction can change any more, and the hours that they complete.
    /// - Returns: those slots, oldest first, and how well each way of forgetting foretold them.
    mutating func settle(beforeMs: Int64) -> (slots: [RecentSlot], lessons: Lessons) {
        var lessons = Lessons()
        guard demand != nil else { return ([], lessons) }
        let settled = Array(recent.prefix { $0.startMs < beforeMs })
        recent.removeFirst(settled.count)
        for slot in settled {
            lessons.success.add(
                slot.foretold.byWay,
                age: MemoryLosses.age(outcomes: outcomes.outcomesEver), successes: slot.successes,
                outcomes: slot.outcomes)
            outcomes.learn(
                successes: slot.successes, outcomes: slot.outcomes, slotStartMs: slot.startMs)
            if let inTime = slot.inTime {
                lessons.inTime.add(
                    slot.foretold.inTimeByWay,
                    age: MemoryLosses.age(outcomes: self.inTime.outcomesEver), successes: inTime,
                    outcomes: slot.timed)
                self.inTime.learn(
                    successes: inTime, outcomes: slot.timed, slotStartMs: slot.startMs)
            }
            demand?.learn(
                invocations: slot.outcomes, cpuMs: slot.cpuMs, slotStartMs: slot.startMs)
        }
        demand?.learnHours(before: beforeMs / Clock.hourMs)
        return (settled, lessons)
    }

    /// What it adds to its partition's contribution.
    func part(of id: ServiceID) -> PriorContribution.Part? {
        guard let demand else { return nil }
        return PriorContribution.Part(
            group: group(of: id), successesEver: successesEver, outcomesEver: outcomesEver,
            inTimeEver: inTimeEver, timedEver: timedEver, demand: demand, cluster: cluster)
    }

    private mutating func index(of function: String) -> Int? {
        if let index = functions.firstIndex(of: function) { return index }
        guard functions.count < Limits.functionsPerService else { return nil }
        functions.append(function)
        return functions.count - 1
    }
}
