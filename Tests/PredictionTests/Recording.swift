import Numerics
import TestSupport
import Topics

@testable import Prediction

/// Thursday, 1 October 2026, 00:00 UTC.
let startMs: Int64 = 20_727 * 86_400_000
let slotMs = FunctionShape.slotMs

func announced(
    _ customer: String, _ service: String, perDay: Double? = nil, tier: Tier = .guaranteed,
    trigger: String = "http", target: Double? = nil
) -> ServiceAnnounced {
    ServiceAnnounced(
        customer: customer, service: service, trigger: trigger, runtime: "swift", memoryMb: 256,
        deadlineMs: 1_000, expectedInvocationsPerDay: perDay, tier: tier, successTarget: target)
}

func shape(
    _ customer: String, _ service: String, slot: Int64, success: Int, error: Int = 0,
    correction: Int = 0, trigger: String? = "http", inTime: Int? = nil
) -> FunctionShape {
    var counts = OutcomeCounts()
    counts.add(.success, success)
    counts.add(.error, error)
    return FunctionShape(
        customer: customer, service: service, function: "main",
        slotStartMs: startMs + slot * slotMs, correction: correction, counts: counts,
        perMinute: [success + error, 0, 0, 0, 0], cpuMs: Double(20 * (success + error)),
        memoryMb: 256, trigger: trigger, deadlineMs: 1_000, successInTime: inTime)
}

func represented(
    _ customer: String, _ service: String, cluster: Int, nearest: [(String, String)] = []
) -> Representation {
    Representation(
        FunctionID(customer: customer, service: service, function: "main"), modelVersion: 1,
        vector: [1], cluster: cluster, predictability: 0.5, slots: 10,
        nearest: nearest.map {
            .init(FunctionID(customer: $0.0, service: $0.1, function: "main"), score: 0.95)
        }, opposite: [])
}

/// Four customers of three services over five hours: good, bad, and two in between.
func recording(seed: UInt64 = 1, slots: Int64 = 60) -> [any TopicMessage] {
    var random = SeededRandom(seed: seed)
    var messages: [any TopicMessage] = []
    for slot in 0..<slots {
        for customer in 0..<4 {
            for service in 0..<3 where random.chance(0.6) {
                let outcomes = 1 + random.integer(below: 20)
                let success = random.binomial(outcomes, [0.99, 0.2, 0.9, 0.7][customer])
                messages.append(
                    shape(
                        "c\(customer)", "s\(service)", slot: slot, success: success,
                        error: outcomes - success,
                        inTime: service == 0 ? nil : success - success / 4))
            }
        }
        if slot == 20 { messages.append(announced("c1", "s0", perDay: 100)) }
        if slot == 30 { messages.append(represented("c2", "s1", cluster: 3)) }
        if slot == 35 {
            messages.append(represented("c3", "s0", cluster: 3, nearest: [("c2", "s1")]))
            messages.append(announced("c3", "s1", target: 0.9))
        }
        if slot == 40 { messages.append(announced("c9", "new", target: 0.99)) }
    }
    return messages
}

func driver(partitions: Int32 = 1) -> StageDriver<PredictorStage> {
    StageDriver(partitions: partitions) { PredictorStage(partition: $0) }
}

extension StageDriver<PredictorStage> {
    func predictions(_ service: String) -> [Prediction] {
        messages.compactMap { $0 as? Prediction }.filter { $0.key == service }
    }

    mutating func finish() { advance(nowMs: 0, quietMs: 3_600_000) }
}
