import Numerics

/// What is done to one process, and when; the same seed gives the same list.
struct Fault: CustomStringConvertible {
    enum Kind: String, CaseIterable {
        /// SIGKILL; PostgreSQL: an immediate stop.
        case kill
        /// SIGSTOP, and SIGCONT after `lastsMs`.
        case freeze
        /// SIGTERM; PostgreSQL: a fast stop.
        case terminate
        /// Another process of the stage starts.
        case join
        /// One process of the stage is told to go, by SIGTERM, for good.
        case leave
        /// One process of the stage is killed for good.
        case leaveKilled = "leave killed"
    }

    /// After the fault before.
    let afterMs: Int
    let target: String
    let kind: Kind
    /// Which of the target's processes, counted modulo how many there are.
    let member: Int
    /// How long it is frozen, or gone before it is started again.
    let lastsMs: Int

    var description: String {
        let isLasting = [.kill, .terminate, .freeze].contains(kind)
        return "+\(afterMs) ms: \(target) \(member), \(kind.rawValue)"
            + (isLasting ? " for \(lastsMs) ms" : "")
    }
}

/// Every fault of every target once a round, in an order and at times drawn from the seed.
struct FaultSchedule {
    static let processesMax = 3
    /// The group's members prove that they live within 6 s.
    private static let frozenStageMs = 7_000...10_000

    let seed: UInt64
    private(set) var faults: [Fault] = []
    private var random: SeededRandom
    private var members = Dictionary(uniqueKeysWithValues: Line.stages.map { ($0, 1) })
    private let gapMs: ClosedRange<Int>

    /// - Parameters:
    ///   - rounds: how often every pair of a target and a fault comes.
    ///   - gapMs: between two faults.
    init(seed: UInt64, rounds: Int, gapMs: ClosedRange<Int>) {
        self.seed = seed
        self.gapMs = gapMs
        random = SeededRandom(seed: seed)
        for _ in 0..<rounds { addRound() }
    }

    /// Part of a round, for where seconds count: one fault of each kind, and each server's.
    init(shortSeed seed: UInt64, gapMs: ClosedRange<Int>) {
        self.seed = seed
        self.gapMs = gapMs
        random = SeededRandom(seed: seed)
        let stages = shuffled(Line.stages)
        var open: [(String, Fault.Kind)] = [
            (stages[0], .freeze), (stages[1], .kill), (stages[2], .terminate),
            ("broker", .kill), ("postgres", .kill), ("fleet", .kill),
            (stages[3], .kill), ("featurizer", .join),
        ]
        add(&open)
        open = [("featurizer", .leaveKilled), ("featurizer", .join), ("featurizer", .leave)]
        add(&open)
    }

    private mutating func addRound() {
        var open: [(String, Fault.Kind)] = [
            ("broker", .kill), ("broker", .freeze), ("broker", .terminate),
            ("postgres", .kill), ("postgres", .kill), ("postgres", .terminate),
            ("postgres", .freeze), ("fleet", .kill), ("fleet", .freeze),
        ]
        for stage in Line.stages {
            open += [.kill, .freeze, .terminate, .join, .join, .leave, .leaveKilled]
                .map { (stage, $0) }
        }
        add(&open)
    }

    /// In a random order in which nobody leaves who is alone, and nobody joins a full house.
    private mutating func add(_ open: inout [(String, Fault.Kind)]) {
        open = shuffled(open)
        while !open.isEmpty {
            guard let next = open.firstIndex(where: { isPossible($0.1, of: $0.0) }) else {
                preconditionFailure("no order for \(open)")
            }
            let (target, kind) = open.remove(at: next)
            let before = members[target] ?? 1
            if kind == .join { members[target] = before + 1 }
            if kind == .leave || kind == .leaveKilled { members[target] = before - 1 }
            let isStage = members[target] != nil
            faults.append(
                Fault(
                    afterMs: number(in: gapMs), target: target, kind: kind,
                    member: kind == .join ? before : number(in: 0...before - 1),
                    lastsMs: kind == .freeze
                        ? number(in: isStage ? Self.frozenStageMs : 1_000...8_000)
                        : number(in: 100...2_000)))
        }
    }

    private func isPossible(_ kind: Fault.Kind, of target: String) -> Bool {
        switch kind {
        case .kill, .freeze, .terminate: true
        case .join: members[target, default: Self.processesMax] < Self.processesMax
        case .leave, .leaveKilled: members[target, default: 1] > 1
        }
    }

    private mutating func number(in range: ClosedRange<Int>) -> Int {
        min(range.upperBound, range.lowerBound + Int(random.uniform() * Double(range.count)))
    }

    private mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var elements = elements
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(last, number(in: 0...last))
        }
        return elements
    }
}
