public import Topics

/// A worker and what is promised on it.
public struct WorkerLoad: Sendable, Equatable {
    public let name: String
    /// mCPU and MB.
    public internal(set) var capacity: Need
    public internal(set) var state: WorkerReported.State
    /// Parts of functions placed on it.
    public private(set) var members = 0
    private(set) var cpu = TieredSum()
    private(set) var memory = Sum()
    /// (3) by rank: the share of slots in which a tier with members here is expected to get less
    /// than it needs; 0 for one without.
    private(set) var overload = Array(repeating: 0.0, count: Tier.allCases.count)

    public init(
        name: String, milliCpu: Double, memoryMb: Double, state: WorkerReported.State = .ready
    ) {
        self.name = name
        capacity = Need(
            milliCpu: min(milliCpu, Limits.capacityMax),
            memoryMb: min(memoryMb, Limits.capacityMax))
        self.state = state
    }

    /// `overload` is as before until it is assessed.
    mutating func add(_ part: Profile) {
        cpu.add(part.cpu, rank: part.tier.rank)
        memory.add(part.memory)
        members += 1
    }

    mutating func subtract(_ part: Profile) {
        precondition(members > 0, "worker \(name) has no member to lose")
        members -= 1
        if members == 0 {
            clear()
        } else {
            cpu.subtract(part.cpu, rank: part.tier.rank)
            memory.subtract(part.memory)
        }
    }

    mutating func clear() {
        members = 0
        cpu = TieredSum()
        memory = Sum()
        overload = Array(repeating: 0, count: Tier.allCases.count)
    }

    mutating func assess(_ policy: Policy) {
        for rank in overload.indices {
            guard cpu.members[rank] > 0 else {
                overload[rank] = 0
                continue
            }
            let sum = cpu.sum(upTo: rank)
            overload[rank] = sum.overload(
                capacity: capacity.milliCpu, policy.noise(sum.variance, rank: rank))
        }
    }

    /// `overload` if a part came, of the ranks that it touches: its own and those below it that
    /// have members.
    func overload(with part: Profile, _ policy: Policy) -> [(rank: Int, share: Double)] {
        (part.tier.rank..<overload.count).compactMap { rank in
            guard rank == part.tier.rank || cpu.members[rank] > 0 else { return nil }
            let sum = cpu.sum(upTo: rank)
            let noise = policy.noise(sum.variance + part.cpu.variance, rank: rank)
            return (
                rank,
                sum.overload(with: part.cpu, capacity: capacity.milliCpu, noise)
            )
        }
    }

    /// What each tier's overload comes to in all, in budgets, if a member left.
    func budgets(without part: Profile, _ policy: Policy) -> Double {
        var budgets = 0.0
        for rank in overload.indices where cpu.members[rank] > 0 {
            guard rank >= part.tier.rank else {
                budgets += overload[rank] / policy.budgets[rank]
                continue
            }
            if rank == part.tier.rank, cpu.members[rank] == 1 { continue }
            let sum = cpu.sum(upTo: rank)
            let noise = policy.noise(sum.variance - part.cpu.variance, rank: rank)
            budgets +=
                sum.overload(without: part.cpu, capacity: capacity.milliCpu, noise)
                / policy.budgets[rank]
        }
        return budgets
    }

    func budgets(_ policy: Policy) -> Double {
        zip(overload, policy.budgets).reduce(0) { $0 + $1.0 / $1.1 }
    }

    func risk(_ policy: Policy) -> Need {
        Need(
            milliCpu: Allocation.risk(
                peak: cpu.all.peak, variance: cpu.all.variance,
                deviations: policy.deviations[cpu.lowest]),
            memoryMb: Allocation.risk(
                peak: memory.peak, variance: memory.variance,
                deviations: policy.memoryDeviations))
    }

    /// The least CPU with which no tier here would be over capacity more often than one worker may:
    /// at most the capacity, unless members grew or the capacity shrank.
    func plannedMilliCpu(_ policy: Policy) -> Double {
        var planned = 0.0
        for rank in overload.indices where cpu.members[rank] > 0 {
            let sum = cpu.sum(upTo: rank)
            let noise = policy.noise(sum.variance, rank: rank)
            let most = policy.budgets[rank] * Policy.worstWorker
            var low = 0.0
            var high = Double(sum.peak) + 5 * noise.deviation
            while high - low > 1 {
                let middle = (low + high) / 2
                if sum.overload(capacity: middle, noise) > most {
                    low = middle
                } else {
                    high = middle
                }
            }
            planned = max(planned, high)
        }
        return planned
    }

    /// Nothing to add up where nothing is needed: of CPU alone there are fleets.
    func memoryPeakAtLeast(with part: Profile) -> Int32 {
        part.memory.peak == 0 ? memory.peak : memory.peakAtLeast(with: part.memory)
    }

    func riskAtLeast(with part: Profile, memoryPeak: Int32, _ policy: Policy) -> Need {
        risk(
            cpuPeak: cpu.all.peakAtLeast(with: part.cpu), memoryPeak: memoryPeak, with: part,
            policy)
    }

    func risk(with part: Profile, _ policy: Policy) -> Need {
        risk(
            cpuPeak: cpu.all.peak(with: part.cpu),
            memoryPeak: part.memory.peak == 0 ? memory.peak : memory.peak(with: part.memory),
            with: part, policy)
    }

    private func risk(
        cpuPeak: Int32, memoryPeak: Int32, with part: Profile, _ policy: Policy
    ) -> Need {
        Need(
            milliCpu: Allocation.risk(
                peak: cpuPeak, variance: cpu.all.variance + part.cpu.variance,
                deviations: policy.deviations[max(cpu.lowest, part.tier.rank)]),
            memoryMb: Allocation.risk(
                peak: memoryPeak, variance: memory.variance + part.memory.variance,
                deviations: policy.memoryDeviations))
    }

    /// The larger of its two risks as a part of the capacity.
    func fullness(_ policy: Policy) -> Double {
        let risk = risk(policy)
        return max(risk.milliCpu / capacity.milliCpu, risk.memoryMb / capacity.memoryMb)
    }

    /// What is guaranteed on it, mCPU and MB.
    var guaranteed: (milliCpu: Int, memoryMb: Int) { (cpu.all.guaranteed, memory.guaranteed) }

    /// Whether what was guaranteed on it fits, whatever else happens.
    var keepsGuarantees: Bool {
        Double(guaranteed.milliCpu) <= capacity.milliCpu
            && Double(guaranteed.memoryMb) <= capacity.memoryMb
    }

    /// Whether its memory is planned beyond what it has: memory cannot be throttled.
    func overrunsMemory(_ policy: Policy) -> Bool {
        risk(policy).memoryMb > capacity.memoryMb
    }
}
