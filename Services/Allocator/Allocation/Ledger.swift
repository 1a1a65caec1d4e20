internal import Topics

/// The workers of a cell, with every promise counted from the moment it is made.
public struct Ledger: Sendable, Equatable {
    /// By name.
    public private(set) var workers: [WorkerLoad] = []
    private(set) var policy: Policy

    public init(_ policy: Policy) { self.policy = policy }

    /// Every worker is assessed by the new policy.
    mutating func adopt(_ policy: Policy) {
        self.policy = policy
        assess()
    }

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

    /// - Parameter all: in order of their names, all after those known.
    mutating func insert(_ all: [WorkerLoad]) { workers += all }

    mutating func remove(at index: Int) { workers.remove(at: index) }

    mutating func update(at index: Int, capacity: Need, state: WorkerReported.State) {
        workers[index].capacity = capacity
        workers[index].state = state
        workers[index].assess(policy)
    }

    mutating func reserve(_ part: Profile, at index: Int) {
        workers[index].add(part)
        workers[index].assess(policy)
    }

    mutating func release(_ part: Profile, at index: Int) {
        workers[index].subtract(part)
        workers[index].assess(policy)
    }

    /// One of many, after which all are assessed at once.
    mutating func reserveUnassessed(_ part: Profile, at index: Int) { workers[index].add(part) }
    mutating func assess(at index: Int) { workers[index].assess(policy) }
    mutating func assess() { for i in workers.indices { workers[i].assess(policy) } }

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
