public import Topics

/// A worker and what is promised on it.
public struct WorkerLoad: Sendable, Equatable {
    public let name: String
    /// mCPU and MB.
    public internal(set) var capacity: Need
    public internal(set) var state: WorkerReported.State
    /// Parts of functions placed on it.
    public private(set) var members = 0
    private(set) var cpu = Sum()
    private(set) var memory = Sum()

    public init(
        name: String, milliCpu: Double, memoryMb: Double, state: WorkerReported.State = .ready
    ) {
        self.name = name
        capacity = Need(
            milliCpu: min(milliCpu, Limits.capacityMax),
            memoryMb: min(memoryMb, Limits.capacityMax))
        self.state = state
    }

    mutating func add(_ part: Profile) {
        cpu.add(part.cpu)
        memory.add(part.memory)
        members += 1
    }

    mutating func subtract(_ part: Profile) {
        precondition(members > 0, "worker \(name) has no member to lose")
        members -= 1
        if members == 0 {
            clear()
        } else {
            cpu.subtract(part.cpu)
            memory.subtract(part.memory)
        }
    }

    mutating func clear() {
        members = 0
        cpu = Sum()
        memory = Sum()
    }

    func risk(_ policy: Policy) -> Need {
        Need(
            milliCpu: Allocation.risk(
                peak: cpu.peak, variance: cpu.variance, deviations: policy.deviations),
            memoryMb: Allocation.risk(
                peak: memory.peak, variance: memory.variance,
                deviations: policy.memoryDeviations))
    }

    /// The larger of its two risks as a part of the capacity: over 1 is too much.
    func fullness(_ policy: Policy) -> Double {
        let risk = risk(policy)
        return max(risk.milliCpu / capacity.milliCpu, risk.memoryMb / capacity.memoryMb)
    }

    /// `fullness` if a member left.
    func fullness(without part: Profile, _ policy: Policy) -> Double {
        let cpuRisk = Allocation.risk(
            peak: cpu.peak(without: part.cpu), variance: cpu.variance - part.cpu.variance,
            deviations: policy.deviations)
        let memoryRisk = Allocation.risk(
            peak: memory.peak(without: part.memory),
            variance: memory.variance - part.memory.variance,
            deviations: policy.memoryDeviations)
        return max(cpuRisk / capacity.milliCpu, memoryRisk / capacity.memoryMb)
    }

    /// Whether what was guaranteed on it fits, whatever else happens.
    var keepsGuarantees: Bool {
        Double(cpu.guaranteed) <= capacity.milliCpu
            && Double(memory.guaranteed) <= capacity.memoryMb
    }
}

/// The workers of a cell, with every promise counted from the moment it is made.
public struct Ledger: Sendable, Equatable {
    /// By name.
    public private(set) var workers: [WorkerLoad] = []
    let policy: Policy

    public init(_ policy: Policy) { self.policy = policy }

    public var workersUsed: Int { workers.count { $0.members > 0 } }

    func index(of name: String) -> Int? {
        let place = self.place(of: name)
        return place < workers.count && workers[place].name == name ? place : nil
    }

    public mutating func insert(_ worker: WorkerLoad) {
        let place = self.place(of: worker.name)
        precondition(
            place == workers.count || workers[place].name != worker.name,
            "worker \(worker.name) is in the ledger already")
        workers.insert(worker, at: place)
    }

    mutating func remove(at index: Int) { workers.remove(at: index) }

    mutating func update(at index: Int, capacity: Need, state: WorkerReported.State) {
        workers[index].capacity = capacity
        workers[index].state = state
    }

    mutating func reserve(_ part: Profile, at index: Int) { workers[index].add(part) }
    mutating func release(_ part: Profile, at index: Int) { workers[index].subtract(part) }
    mutating func clear() { for i in workers.indices { workers[i].clear() } }

    /// The first place whose name is not before `name`.
    private func place(of name: String) -> Int {
        var low = 0
        var high = workers.count
        while low < high {
            let middle = (low + high) / 2
            if workers[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
