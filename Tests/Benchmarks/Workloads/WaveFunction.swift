internal import Foundation
internal import Numerics
internal import RepresentationLearning
internal import Topics

/// A function whose load is a daily wave of its own height and phase, with noise, and whose runs take
/// what its own take.
struct WaveFunction {
    /// Monday, 5 January 2026, 00:00 UTC.
    static let firstSlot = 1_767_571_200_000 / FunctionShape.slotMs

    let number: Int
    private let seed: UInt64
    private let height: Double
    private let phase: Double
    private let durationMs: Double
    private let memoryMb: Double

    static func fleet(of count: Int, seed: UInt64) -> [WaveFunction] {
        (0..<count).map { WaveFunction(number: $0, seed: seed) }
    }

    private init(number: Int, seed: UInt64) {
        self.number = number
        var random = SeededRandom(seed: seed, for: "function \(number)")
        height = 1_000 * random.uniform()
        phase = random.uniform()
        durationMs = exp(2 + 7 * random.uniform())
        memoryMb = exp(4 + 4 * random.uniform())
        self.seed = seed
    }

    /// The same one each time it is asked for.
    func week(_ week: Int) -> DemandView {
        var random = SeededRandom(seed: seed, for: "week \(week) of function \(number)")
        var (demand, durations, memories): ([Float], [Double], [Double]) = ([], [], [])
        for slot in 0..<DemandWeek.slots {
            let wave = 1 + sin(2 * .pi * (Double(slot % DemandWeek.slotsPerDay) / 288 + phase))
            demand.append(Float(height * (0.1 + 0.4 * wave + 0.1 * random.uniform())))
            durations.append(durationMs * (0.8 + 0.4 * random.uniform()))
            memories.append(memoryMb * (0.95 + 0.1 * random.uniform()))
        }
        return DemandView(
            startSlot: Self.firstSlot + Int64(week * DemandWeek.slots), milliCpu: demand,
            invocations: demand.map { $0.rounded(.up) }, durationMs: durations,
            memoryMb: memories)
    }

    func sample(weeks: Int) -> TrainingSample {
        TrainingSample(
            (0..<weeks).map { week($0) },
            groups: [
                FunctionGroup(.customer, "\(number % 10)"),
                FunctionGroup(.trigger, number % 3 == 0 ? "timer" : "http"),
            ],
            successShare: 1 - 0.01 * Double(number % 7))
    }
}
