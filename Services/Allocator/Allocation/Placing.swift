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
        let need = profile.need(policy)
        for count in counts(for: need) {
            if let choices = place(profile.divided(by: count), times: count) {
                return .placed(choices)
            }
        }
        return .waits(shortage(of: need))
    }

    /// Over how many workers a function may be spread: one if it fits an empty one.
    private func counts(for need: Need) -> ClosedRange<Int> {
        let ready = workers.filter { $0.state == .ready }
        let fitsOne = ready.contains {
            need.milliCpu <= $0.capacity.milliCpu && need.memoryMb <= $0.capacity.memoryMb
        }
        guard !fitsOne, ready.count > 1 else { return 1...1 }
        let ratio = max(
            need.milliCpu / (ready.map(\.capacity.milliCpu).max() ?? 1),
            need.memoryMb / (ready.map(\.capacity.memoryMb).max() ?? 1))
        let fewest = max(2, Int(ratio.rounded(.up)))
        let most = min(ready.count, Limits.workersPerFunctionMax)
        return fewest <= most ? fewest...min(most, fewest + Limits.spreadTriesMax) : 1...1
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
    /// - Parameter fill: the part of a capacity that may be filled.
    func choose(
        for part: Profile, excluding: [Int] = [], fill: Double = 1, opening: Bool = true
    ) -> Choice? {
        let best =
            best(for: part, used: true, excluding, fill)
            ?? (opening ? best(for: part, used: false, excluding, fill) : nil)
        guard let best else { return nil }
        let worker = workers[best]
        return Choice(
            worker: best,
            riseMilliCpu: worker.risk(with: part, policy).milliCpu - worker.risk(policy).milliCpu,
            workersUsed: workersUsed, opened: worker.members == 0)
    }

    private func best(
        for part: Profile, used: Bool, _ excluding: [Int], _ fill: Double
    ) -> Int? {
        var best: (index: Int, score: Score)?
        for index in workers.indices where (workers[index].members > 0) == used {
            guard !excluding.contains(index),
                let score = workers[index].score(
                    part, fill: fill, beating: best?.score, policy)
            else { continue }
            best = (index, score)
        }
        return best?.index
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
