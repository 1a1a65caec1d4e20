/// What a function or a customer takes: its highest demand of the week, for each resource, as if it
/// were alone. In whole numbers, so that sums do not depend on their order.
public struct Claim: Sendable, Equatable {
    public var milliCpu: Int
    public var memoryMb: Int

    public static let none = Claim(milliCpu: 0, memoryMb: 0)

    public init(milliCpu: Int, memoryMb: Int) {
        precondition(milliCpu >= 0 && memoryMb >= 0, "a claim is not negative")
        self.milliCpu = milliCpu
        self.memoryMb = memoryMb
    }

    static func + (a: Claim, b: Claim) -> Claim {
        Claim(milliCpu: a.milliCpu + b.milliCpu, memoryMb: a.memoryMb + b.memoryMb)
    }

    /// - Parameter b: at most `a`.
    static func - (a: Claim, b: Claim) -> Claim {
        Claim(milliCpu: a.milliCpu - b.milliCpu, memoryMb: a.memoryMb - b.memoryMb)
    }

    /// `s = max_r used_r / (w C_r)`: Ghodsi et al., "Dominant Resource Fairness" (NSDI 2011),
    /// sections 4.1 and 4.3. A resource that there is none of does not count.
    public func dominantShare(of capacity: Claim, weight: Double) -> Double {
        share(of: capacity, weight: weight, in: Contested(cpu: true, memory: true))
    }

    /// The same over some resources only.
    func share(of capacity: Claim, weight: Double, in contested: Contested) -> Double {
        var share = 0.0
        if contested.cpu, capacity.milliCpu > 0 {
            share = Double(milliCpu) / Double(capacity.milliCpu)
        }
        if contested.memory, capacity.memoryMb > 0 {
            share = max(share, Double(memoryMb) / Double(capacity.memoryMb))
        }
        return share / weight
    }

    /// What it competes for.
    var contested: Contested { Contested(cpu: milliCpu > 0, memory: memoryMb > 0) }
}

/// The resources over which a claim is compared with others: those that it asks for.
///
/// Who holds all the CPU, because nobody else wants it, would otherwise never get memory: the
/// starvation of complementary demands (Bhattacharya et al., "Hierarchical Scheduling for Diverse
/// Datacenter Workloads", SoCC 2013, section 3).
struct Contested: Sendable, Hashable {
    let cpu: Bool
    let memory: Bool
}

extension Profile {
    public var claim: Claim {
        Claim(milliCpu: Int(cpu.peak), memoryMb: Int(memory.peak))
    }
}

/// Who gets what when there is not enough: weights of customers, and the seed of lotteries.
public struct FairnessRules: Sendable, Equatable {
    /// By customer; 1 where none is given. Twice the weight is entitled to twice the share.
    public var weights: [String: Double] = [:]
    /// Of all lotteries. Set before anybody knows who will take part.
    public var lotterySeed: UInt64 = 1

    public static let weightRange = 0.001...1_000.0

    public init() {}

    public func weight(of customer: String) -> Double { weights[customer] ?? 1 }
}
