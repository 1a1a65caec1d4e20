internal import Topics

extension ServiceState.RecentSlot {
    /// Outcomes of which it is known whether they were in time.
    var timed: Int { inTime == nil ? 0 : outcomes }
}

/// What is foretold of a service's success, whenever it ends and within its deadline.
extension ServiceState {
    struct Foretold: Equatable {
        var rate: Double
        /// Outcomes that it was worth.
        var strength: Float
        /// (ways) by its own outcomes alone, and how many those were worth.
        var byWay: SIMD4<Float>
        var ownStrength: Float
        /// (ways) of success within the deadline.
        var inTimeByWay = SIMD4<Float>(repeating: 0.5)
    }

    /// What is said of it before its outcomes.
    var claims: Claims { Claims(target: announced?.successTarget, kin: kin) }

    func success(of id: ServiceID, atMs: Int64, prior: FleetPrior) -> SuccessEstimate {
        let group = group(of: id)
        var known = prior.success.prior(group, without: voted)
        known.distribution = prior.claims.told(
            known.distribution, claims, group, without: claimed)
        return SuccessEstimate(
            known, memory(outcomes, successMemory, in: prior.success), atMs: atMs,
            drift: outcomes.drift,
            weights: prior.memoryWeights[MemoryLosses.age(outcomes: outcomesEver)])
    }

    /// Of success within the deadline; nil without one, and before the fleet had one.
    func inTime(of id: ServiceID, atMs: Int64, prior: FleetPrior) -> RateDistribution? {
        let deadlineMs = newest?.deadlineMs ?? announced?.deadlineMs
        guard prior.knowsDeadlines, deadlineMs != nil else { return nil }
        return SuccessEstimate(
            prior.inTime.prior(group(of: id), without: votedInTime),
            memory(inTime, inTimeMemory, in: prior.inTime), atMs: atMs, drift: inTime.drift,
            weights: prior.inTimeWeights[MemoryLosses.age(outcomes: timedEver)]
        ).distribution
    }

    /// What is foretold of outcomes from `atMs` on.
    func foretold(of id: ServiceID, atMs: Int64, prior: FleetPrior) -> Foretold {
        let together = success(of: id, atMs: atMs, prior: prior).distribution
        let memory = successMemory
        let (successes, failures) = memory.worth(of: .all, atMs: atMs, drift: outcomes.drift)
        return Foretold(
            rate: together.mean, strength: Float(together.strength),
            byWay: memory.rates(atMs: atMs, drift: outcomes.drift),
            ownStrength: Float(successes + failures + 2),
            inTimeByWay: inTimeMemory.rates(atMs: atMs, drift: inTime.drift))
    }

    /// Its own outcomes in its class, those too that can still be corrected.
    private var successMemory: OutcomeMemory {
        var memory = outcomes.memory
        for slot in recent {
            memory.learn(
                successes: Double(slot.successes), failures: Double(slot.outcomes - slot.successes),
                atMs: slot.startMs)
        }
        return memory
    }

    /// The same of success within the deadline.
    private var inTimeMemory: OutcomeMemory {
        var memory = inTime.memory
        for slot in recent {
            let inTime = slot.inTime ?? 0
            memory.learn(
                successes: Double(inTime), failures: Double(slot.timed - inTime), atMs: slot.startMs
            )
        }
        return memory
    }

    /// Its own outcomes; those of a former class count at the odds of this one, by as much as the two
    /// differ beyond chance: both means are shrunk to the fleet's.
    private func memory(
        _ history: OutcomeHistory, _ now: OutcomeMemory, in hierarchy: SuccessHierarchy
    ) -> OutcomeMemory {
        guard let former = history.former else { return now }
        let offset =
            hierarchy.logOdds(ofTrigger: trigger ?? "")
            - hierarchy.logOdds(ofTrigger: former.trigger)
        return former.memory.shifted(by: offset) + now
    }
}
