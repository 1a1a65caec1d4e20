import Numerics
import Processing
import TestSupport
import Topics

@testable import Allocation

/// 1970-01-05, a Monday, 00:00 UTC.
let mondaySlot: Int64 = 4 * 288

func function(_ name: String, of service: String = "shop") -> FunctionID {
    FunctionID(customer: "acme", service: service, function: name)
}

/// A closed slot in which `id` used so much.
func shape(
    _ id: FunctionID, slot: Int64, milliCpu: Double, memoryMb: Double = 0, correction: Int = 0
) -> FunctionShape {
    FunctionShape(
        customer: id.service.customer, service: id.service.service, function: id.function,
        slotStartMs: slot * FunctionShape.slotMs, correction: correction,
        cpuMs: milliCpu / 1_000 * 300_000, gbSeconds: memoryMb / 1_024 * 300)
}

func worker(
    _ name: String, milliCpu: Double = 1_200, memoryMb: Double = 4_096,
    _ state: WorkerReported.State = .ready
) -> WorkerReported {
    WorkerReported(worker: name, cell: 0, milliCpu: milliCpu, memoryMb: memoryMb, state: state)
}

func prediction(
    _ service: String = "shop", tier: Tier = .burstable, hourly: [Double] = []
) -> Prediction {
    Prediction(
        ServiceID(customer: "acme", service: service), asOfMs: 0, tier: tier, trigger: nil,
        memoryMb: nil, deadlineMs: nil,
        success: .init(
            rate: .init(expected: 0.9, low: 0.8, high: 1), samples: 0, level: "fleet",
            baseline: 0.9),
        invocationsPerHour: .init(startMs: 0, expected: [], low: [], high: []),
        milliCpu: .init(startMs: 0, expected: hourly, low: hourly, high: hourly),
        popularityPerDay: .init(expected: 0, low: 0, high: 0),
        seasonality: .init(hourOfDay: [], dayOfWeek: []), demandSamples: 0, teachesMost: nil)
}

/// Busy 08:00 to 20:00 UTC with 1,000 mCPU, else 100; by night the other way round.
func officeHours(_ slot: Int64) -> Double { (96..<240).contains(slot % 288) ? 1_000 : 100 }
func nightHours(_ slot: Int64) -> Double { 1_100 - officeHours(slot) }

/// A stage without the coding of messages, for long runs.
struct Allocated {
    var stage: AllocatorStage
    private(set) var assignments: [FunctionID: Assignment] = [:]
    /// Every decision, in order.
    private(set) var decisions: [Assignment] = []
    private(set) var rows: [AllocatorRow] = []

    init(_ policy: Policy = Policy()) { stage = AllocatorStage(cell: 0, policy: policy) }

    mutating func take(_ input: AllocatorStage.Input) throws {
        var effects = Effects<AllocatorRow>()
        try stage.process(input, nowMs: 0, &effects)
        rows += effects.rows
        for case let assignment as Assignment in effects.messages {
            assignments[assignment.functionID] = assignment
            decisions.append(assignment)
        }
    }

    mutating func take(
        _ id: FunctionID, slot: Int64, milliCpu: Double, memoryMb: Double = 0
    ) throws {
        try take(.shape(shape(id, slot: slot, milliCpu: milliCpu, memoryMb: memoryMb)))
    }

    func workers(of id: FunctionID) -> [String] {
        assignments[id]?.placements.map(\.worker) ?? []
    }

    /// Members by worker, names only.
    var members: [String: Set<String>] {
        var members: [String: Set<String>] = [:]
        for (id, assignment) in assignments {
            for placement in assignment.placements {
                members[placement.worker, default: []].insert(id.function)
            }
        }
        return members
    }

    var cell: CellRow? {
        for row in rows.reversed() { if case .cell(let cell) = row { return cell } }
        return nil
    }
}

/// A week of whole numbers: a daily wave of random height, phase and noise.
func randomWeek(_ random: inout SeededRandom, highest: Double) -> [Int32] {
    let height = highest * random.uniform()
    let phase = random.uniform()
    let noise = random.uniform() * 0.3
    return (0..<2_016).map { slot in
        let place = (Double(slot % 288) / 288 + phase).truncatingRemainder(dividingBy: 1)
        let wave = place < 0.5 ? 1 - abs(4 * place - 1) : 0
        return Int32(height * (0.1 + 0.6 * wave + noise * random.uniform()))
    }
}
