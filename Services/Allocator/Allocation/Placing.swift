internal import Topics

/// Where a part went, and what people want to know of it.
public struct Choice: Sendable, Equatable {
    /// Its place in the ledger.
    public let worker: Int
    /// What the worker's planned CPU rises by.
    let riseMilliCpu: Double
    /// Workers that were in use before; the part opened this one if it was empty.
    let workersUsed: Int
    let opened: Bool
}

/// What became of a function.
public enum Outcome: Sendable, Equatable {
    /// One choice a part; parts are even.
    case placed([Choice])
    case waits(Shortage)
}

/// Why a function fits nowhere.
public struct Shortage: Sendable, Equatable {
    let need: Need
    /// The most that any ready worker has left, of each resource on its own.
    let roomiest: Need
    let ready: Int
    let known: Int
}

extension Ledger {
    /// Feasible, then best, then reserved: the promise counts for the next decision.
    ///
    /// A function that even an empty worker is too small for is spread evenly over as few workers
    /// as have room.
    public mutating func place(_ profile: Profile) -> Outcome {
        for count in counts(for: profile) {
            if let choices = place(profile.divided(by: count), times: count) {
                return .placed(choices)
            }
        }
        return .waits(shortage(of: profile.need(policy)))
    }

    /// Over how many workers a function may be spread: one if it fits an empty one.
    private func counts(for profile: Profile) -> ClosedRange<Int> {
        // One of each size, of a fleet mostly one.
        var sizes: [Need] = []
        var ready = 0
        for worker in workers where worker.state == .ready {
            ready += 1
            if !sizes.contains(worker.capacity) { sizes.append(worker.capacity) }
        }
        guard ready > 1, !sizes.contains(where: { fitsAlone(profile, on: $0) }) else {
            return 1...1
        }
        let need = profile.need(policy)
        let ratio = max(
            need.milliCpu / (sizes.map(\.milliCpu).max() ?? 1),
            need.memoryMb / (sizes.map(\.memoryMb).max() ?? 1))
        let fewest = max(2, Int(ratio))
        let most = min(ready, Limits.workersPerFunctionMax)
        return fewest <= most ? fewest...min(most, fewest + Limits.spreadTriesMax) : 1...1
    }

    /// On a worker without other members.
    private func fitsAlone(_ profile: Profile, on capacity: Need) -> Bool {
        guard profile.need(policy).memoryMb <= capacity.memoryMb,
            Double(profile.cpu.guaranteed) <= capacity.milliCpu,
            Double(profile.memory.guaranteed) <= capacity.memoryMb
        else { return false }
        return overloadAlone(profile, milliCpu: capacity.milliCpu)
            <= policy.budgets[profile.tier.rank]
    }

    func overloadAlone(_ profile: Profile, milliCpu: Double) -> Double {
        let rank = profile.tier.rank
        return Sum(profile.cpu).overload(
            capacity: milliCpu, policy.noise(profile.cpu.variance, rank: rank))
    }

    /// All parts, each on a worker of its own, or none.
    private mutating func place(_ part: Profile, times: Int) -> [Choice]? {
        var choices: [Choice] = []
        for _ in 0..<times {
            guard let choice = choose(for: part, excluding: choices.map(\.worker)) else {
                for choice in choices { release(part, at: choice.worker) }
                return nil
            }
            reserve(part, at: choice.worker)
            choices.append(choice)
        }
        return choices
    }

    /// The best worker in use, or, when none has room, the best empty one. Ties: the first name.
    ///
    /// - Parameter share: the part of the budgets that may be used.
    func choose(
        for part: Profile, excluding: [Int] = [], share: Double = 1, opening: Bool = true
    ) -> Choice? {
        let best =
            best(for: part, excluding, share) { $0.members > 0 }
            ?? (opening ? best(for: part, excluding, share) { $0.members == 0 } : nil)
        return best.map { choice($0, for: part) }
    }

    func choice(_ index: Int, for part: Profile) -> Choice {
        let worker = workers[index]
        return Choice(
            worker: index,
            riseMilliCpu: worker.risk(with: part, policy).milliCpu - worker.risk(policy).milliCpu,
            workersUsed: workersUsed, opened: worker.members == 0)
    }

    /// Of the workers whose potential grows least, the first that the budgets admit.
    private func best(
        for part: Profile, _ excluding: [Int], _ share: Double,
        _ isEligible: (WorkerLoad) -> Bool
    ) -> Int? {
        candidates(for: part) { !excluding.contains($0) && isEligible(workers[$0]) }
            .first { admits(part, at: $0, share: share) }
    }

    /// The workers whose potential grows least, the best first, whatever the budgets say of them.
    ///
    /// Those that the blocks' extremes put first are looked at first, and then only those that could
    /// still be among the best.
    func candidates(for part: Profile, _ isEligible: (Int) -> Bool) -> [Int] {
        var bounds: [Candidate] = []
        var first = BestCandidates()
        for index in workers.indices where isEligible(index) {
            guard let least = workers[index].leastGrowth(part, policy) else { continue }
            let bound = Candidate(growth: least, index: index)
            bounds.append(bound)
            first.insert(bound)
        }
        var best = BestCandidates()
        for bound in first.all { consider(bound.index, part, &best) }
        let seen = first.all
        for bound in bounds where best.mayTake(bound) && !seen.contains(bound) {
            consider(bound.index, part, &best)
        }
        return best.all.map(\.index)
    }

    private func consider(_ index: Int, _ part: Profile, _ best: inout BestCandidates) {
        guard let growth = workers[index].growth(part, policy) else { return }
        best.insert(Candidate(growth: growth, index: index))
    }

    func shortage(of need: Need) -> Shortage {
        var cpu = 0.0
        var memory = 0.0
        var ready = 0
        for worker in workers where worker.state == .ready {
            let risk = worker.risk(policy)
            cpu = max(cpu, worker.capacity.milliCpu - risk.milliCpu)
            memory = max(memory, worker.capacity.memoryMb - risk.memoryMb)
            ready += 1
        }
        return Shortage(
            need: need, roomiest: Need(milliCpu: cpu, memoryMb: memory), ready: ready,
            known: workers.count)
    }
}

/// A worker and what its potential would grow by; of those alike the first by name comes first.
private struct Candidate: Equatable, Comparable {
    let growth: Double
    let index: Int

    static func < (a: Candidate, b: Candidate) -> Bool {
        (a.growth, a.index) < (b.growth, b.index)
    }
}

/// The first few.
private struct BestCandidates {
    private(set) var all: [Candidate] = []

    func mayTake(_ candidate: Candidate) -> Bool {
        guard all.count == Limits.candidatesMax, let last = all.last else { return true }
        return candidate < last
    }

    mutating func insert(_ candidate: Candidate) {
        guard mayTake(candidate) else { return }
        if all.count == Limits.candidatesMax { all.removeLast() }
        all.insert(candidate, at: all.firstIndex { candidate < $0 } ?? all.count)
    }
}
