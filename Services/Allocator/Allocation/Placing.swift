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
        let ready = workers.filter { $0.state == .ready }
        guard let largest = ready.max(by: { $0.capacity.milliCpu < $1.capacity.milliCpu }),
            ready.count > 1, !ready.contains(where: { fitsAlone(profile, on: $0) })
        else { return 1...1 }
        let need = profile.need(policy)
        let ratio = max(
            need.milliCpu / largest.capacity.milliCpu,
            need.memoryMb / (ready.map(\.capacity.memoryMb).max() ?? 1))
        let fewest = max(2, Int(ratio))
        let most = min(ready.count, Limits.workersPerFunctionMax)
        return fewest <= most ? fewest...min(most, fewest + Limits.spreadTriesMax) : 1...1
    }

    /// On a worker without other members.
    private func fitsAlone(_ profile: Profile, on worker: WorkerLoad) -> Bool {
        guard profile.need(policy).memoryMb <= worker.capacity.memoryMb,
            Double(profile.cpu.guaranteed) <= worker.capacity.milliCpu,
            Double(profile.memory.guaranteed) <= worker.capacity.memoryMb
        else { return false }
        return overloadAlone(profile, milliCpu: worker.capacity.milliCpu)
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
    func candidates(for part: Profile, _ isEligible: (Int) -> Bool) -> [Int] {
        var best: [(index: Int, score: Score)] = []
        for index in workers.indices where isEligible(index) {
            let beating = best.count == Limits.candidatesMax ? best.last?.score : nil
            guard let score = workers[index].score(part, beating: beating, policy) else {
                continue
            }
            if best.count == Limits.candidatesMax { best.removeLast() }
            // After those alike: the first name stays first.
            let place = best.firstIndex { score < $0.score } ?? best.count
            best.insert((index, score), at: place)
        }
        return best.map(\.index)
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
