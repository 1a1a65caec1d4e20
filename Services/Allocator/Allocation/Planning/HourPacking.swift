/// How many workers the packer would use in an hour if it knew the hour: the same rule, the largest
/// function first, on as many equal workers as it takes.
public struct HourPacking: Sendable {
    private let capacity: Claim
    private var parts: [(cpu: [Int32], memory: [Int32])] = []

    /// - Parameter capacity: of each worker.
    public init(capacity: Claim) {
        precondition(
            capacity.milliCpu > 0 && capacity.memoryMb > 0, "a worker has a capacity")
        self.capacity = capacity
    }

    /// - Parameters:
    ///   - milliCpu: (S) the function's CPU in each slot of the hour.
    ///   - memoryMb: (S)
    public mutating func add(milliCpu: [Int32], memoryMb: [Int32]) {
        guard milliCpu.contains(where: { $0 > 0 }) || memoryMb.contains(where: { $0 > 0 }) else {
            return
        }
        parts.append((milliCpu, memoryMb))
    }

    /// - Complexity: O(functions x workers).
    public func workersNeeded() -> Int {
        var ledger = Ledger(Policy())
        // Those larger than a worker have workers of their own.
        var whole = 0
        let sizes = parts.map { part in
            max(
                Double(part.cpu.max() ?? 0) / Double(capacity.milliCpu),
                Double(part.memory.max() ?? 0) / Double(capacity.memoryMb))
        }
        for i in parts.indices.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
            guard sizes[i] <= 1 else {
                whole += Int(sizes[i].rounded(.up))
                continue
            }
            let profile = Profile(
                cpu: Series(values: parts[i].cpu, variance: 0),
                memory: Series(values: parts[i].memory, variance: 0))
            if case .placed = ledger.place(profile) { continue }
            ledger.insert(worker(number: ledger.workers.count))
            guard case .placed = ledger.place(profile) else {
                preconditionFailure("an empty worker has no room for a part within its capacity")
            }
        }
        return whole + ledger.workersUsed
    }

    private func worker(number: Int) -> WorkerLoad {
        let digits = "\(number)"
        return WorkerLoad(
            name: String(repeating: "0", count: max(0, 6 - digits.count)) + digits,
            milliCpu: Double(capacity.milliCpu), memoryMb: Double(capacity.memoryMb))
    }
}
