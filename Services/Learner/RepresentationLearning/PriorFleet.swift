internal import Foundation
internal import Numerics

/// A made-up fleet for the encoder of version 0: the plain shapes that serverless functions have.
enum PriorFleet {
    static let functions = 32
    private static let days = 4
    private static let seed: UInt64 = 1

    static let encoder: EncoderModel = {
        do {
            return try Training.fit(samples: views(), version: 0, seed: seed).model
        } catch {
            preconditionFailure("fit of the made-up fleet: \(error)")
        }
    }()

    private static func views() -> [DemandView] {
        (0..<functions).map { index in
            var random = SeededRandom(seed: seed, for: "function \(index)")
            let level = pow(10, random.uniform() * 3.5)
            let pattern = Pattern.allCases[index % Pattern.allCases.count]
            let shift = random.uniform()
            let noise = 0.05 + 0.3 * random.uniform()
            let demand = (0..<days * DemandWeek.slotsPerDay).map { slot in
                let hour = Double(slot % DemandWeek.slotsPerDay) / 12
                let share = pattern.share(slot: slot, hour: hour, shift: shift, &random)
                return Float(level * share * exp(noise * (2 * random.uniform() - 1)))
            }
            let milliCpuPerCall = Float(1 + 100 * random.uniform())
            // Some milliseconds to half a minute, and 64 MB to 4 GB.
            let durationMs = pow(10, 0.5 + 4 * random.uniform())
            let memoryMb = 64 * pow(2, 6 * random.uniform())
            let invocations = demand.map { ($0 / milliCpuPerCall).rounded(.up) }
            func taken(_ level: Double, noise: Double) -> [Double] {
                invocations.map {
                    $0 > 0 ? level * exp(noise * (2 * random.uniform() - 1)) : .nan
                }
            }
            return DemandView(
                startSlot: 0, milliCpu: demand, invocations: invocations,
                durationMs: taken(durationMs, noise: 0.3), memoryMb: taken(memoryMb, noise: 0.05))
        }
    }

    private enum Pattern: CaseIterable {
        case office, night, evening, steady, hourly, rare, bursts, wave

        /// - Parameter shift: 0...1, moves it in time by up to two hours.
        func share(
            slot: Int, hour: Double, shift: Double, _ random: inout SeededRandom
        ) -> Double {
            let local = (hour + 24 - 2 * shift).truncatingRemainder(dividingBy: 24)
            switch self {
            case .office: return local > 8 && local < 17 ? 1 : 0.05
            case .night: return local > 21 || local < 4 ? 1 : 0.05
            case .evening: return local > 16 && local < 22 ? 1 : 0.1
            case .steady: return 1
            case .hourly: return slot % 12 == Int(shift * 12) ? 1 : 0
            case .rare: return slot % 72 == Int(shift * 72) ? 1 : 0
            case .bursts: return random.uniform() < 0.05 ? 1 : 0.02
            case .wave: return 0.55 + 0.45 * sin((local - 6) / 24 * 2 * .pi)
            }
        }
    }
}

extension EncoderModel {
    /// What encodes until a model of the fleet itself is released.
    public static var prior: EncoderModel { PriorFleet.encoder }
}
