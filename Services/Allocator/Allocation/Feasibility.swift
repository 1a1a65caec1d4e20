internal import Topics

extension WorkerLoad {
    /// What no budget can buy: `state = ready`, `members < 1000`, `G + g <= C` for CPU and memory,
    /// and `risk <= C` for memory, which cannot be throttled.
    ///
    /// - Parameter memoryPeak: with the part, or less.
    func mayTake(_ part: Profile, memoryPeak: Int32, _ policy: Policy) -> Bool {
        guard state == .ready, members < Limits.membersPerWorkerMax else { return false }
        let guaranteed = guaranteed
        guard
            Double(guaranteed.milliCpu + part.cpu.guaranteed) <= capacity.milliCpu,
            Double(guaranteed.memoryMb + part.memory.guaranteed) <= capacity.memoryMb
        else { return false }
        return Allocation.risk(
            peak: memoryPeak, variance: memory.variance + part.memory.variance,
            deviations: policy.memoryDeviations) <= capacity.memoryMb
    }
}

extension Ledger {
    /// Whether a part may go to a worker that may take it: of each tier that it touches there, the
    /// overload stays within the tier's budget on that worker, or within the budget of all its
    /// workers together and a named multiple of it on that one.
    ///
    /// - Parameter share: of the budget.
    func admits(_ part: Profile, at index: Int, share: Double = 1) -> Bool {
        let worker = workers[index]
        return worker.overload(with: part, policy).allSatisfy { rank, overload in
            let budget = policy.budgets[rank] * share
            if overload <= budget { return true }
            guard overload <= budget * Policy.worstWorker else { return false }
            let (total, count) = overloads(rank)
            let isFirst = worker.cpu.members[rank] == 0
            return total - worker.overload[rank] + overload
                <= budget * Double(count + (isFirst ? 1 : 0))
        }
    }

    /// Summed over the workers with members of a rank, in the order of their names.
    func overloads(_ rank: Int) -> (total: Double, workers: Int) {
        var total = 0.0
        var count = 0
        for worker in workers where worker.cpu.members[rank] > 0 {
            total += worker.overload[rank]
            count += 1
        }
        return (total, count)
    }

    /// Whether a tier's workers are expected to be over capacity more often than a multiple of its
    /// budget.
    func exceeds(rank: Int, times: Double) -> Bool {
        let (total, count) = overloads(rank)
        return total > policy.budgets[rank] * times * Double(count)
    }
}
