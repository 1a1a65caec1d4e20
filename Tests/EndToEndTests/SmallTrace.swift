import Foundation
import Numerics
import Topics

/// A small fleet in the layout of the public Azure Functions 2019 trace, made from a seed.
struct SmallTrace {
    /// What the fleet will send of each function.
    private(set) var counts: [FunctionID: Int] = [:]

    var total: Int { counts.values.reduce(0, +) }

    /// - Parameters:
    ///   - folder: where `invocations.csv`, `durations.csv` and `memory.csv` are written.
    ///   - busy: how many times more is invoked.
    init(
        seed: UInt64, in folder: String, functions: Int = 40, minutes: Int = 120, busy: Double = 1
    ) throws {
        let firstMinute = minutes > 960 ? 1 : 480
        var random = SeededRandom(seed: seed)
        var invocations = ["HashOwner,HashApp,HashFunction,Trigger"]
        invocations[0] += (firstMinute..<firstMinute + minutes).map { ",\($0)" }.joined()
        var durations = [
            "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,"
                + "percentile_Average_1,percentile_Average_25,percentile_Average_50,"
                + "percentile_Average_75,percentile_Average_99,percentile_Average_100"
        ]
        var memory = [
            "HashFunction,HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,"
                + "AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,"
                + "AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,"
                + "AverageAllocatedMb_pct100"
        ]
        for number in 0..<functions {
            let id = FunctionID(
                customer: "owner\(number % 13)", service: "app\(number % 29)",
                function: "function\(number)")
            let names = "\(id.service.customer),\(id.service.service),\(id.function)"
            let trigger = ["timer", "http", "queue", "orchestration"][number % 4]
            let rate = busy * pow(10, random.uniform() * 1.7)
            let perMinute = (0..<minutes).map { minute in
                // Even functions are busy in the first half, odd ones in the second.
                let isBusy = (minute < minutes / 2) == (number % 2 == 0)
                return Int(random.uniform() * rate * (isBusy ? 1 : 0.1) + 0.5)
            }
            counts[id] = perMinute.reduce(0, +)
            invocations.append(
                "\(names),\(trigger)," + perMinute.map(String.init).joined(separator: ","))
            let ms = Int(20 * pow(10, random.uniform() * 2.5))
            durations.append(
                "\(names),\(ms),100,\(ms / 4).0,\(ms * 8).0,\(ms / 4),\(ms / 3),\(ms / 2),\(ms),"
                    + "\(ms * 2),\(ms * 6),\(ms * 8)")
            memory.append(
                "\(id.function),\(id.service.customer),\(id.service.service),100,128,100,105,120,"
                    + "128,140,160,180,200")
        }
        counts = counts.filter { $0.value > 0 }
        for (name, lines) in [
            ("invocations", invocations), ("durations", durations), ("memory", memory),
        ] {
            try (lines.joined(separator: "\n") + "\n")
                .write(toFile: "\(folder)/\(name).csv", atomically: true, encoding: .utf8)
        }
    }
}
