import Foundation
import Numerics
import TestSupport
import Testing

@testable import Evaluation

@Suite struct `In a closed loop` {
    @Test func `each policy runs the same fleet, and repeats itself to the byte`() throws {
        try withTemporaryFolder { folder in
            try MadeTrace.write(to: folder)
            let arguments = [
                "--trace", folder, "--workers", "2", "--warm-up", "20", "--worker-milli-cpu",
                "1000",
            ]
            let first = try ClosedLoopCommand(arguments).run()
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
            #expect(object["n"] as? Int == MadeTrace.functions)
            let policies = try #require(object["policies"] as? [String: [String: Any]])
            #expect(Set(policies.keys) == ["antiphase", "sum_of_peaks", "round_robin"])
            func metric(_ name: String, of policy: String) throws -> Double {
                let byWorkers = try #require(policies[policy]?[name] as? [String: Double])
                return try #require(byWorkers["2"])
            }
            let executions = try metric("executions", of: "antiphase")
            #expect(executions > 1_000)
            for policy in policies.keys {
                // What began in the warm-up and ends later may end on either side.
                #expect(abs(try metric("executions", of: policy) - executions) < 0.05 * executions)
                #expect(try metric("contention_misses", of: policy) <= executions)
                for share in ["throttled_share", "unplaced_share", "slowed_share"] {
                    #expect((0...1).contains(try metric(share, of: policy)))
                }
                #expect((0.5...2).contains(try metric("workers_in_use", of: policy)))
                #expect(try metric("kwh", of: policy) > 0)
            }
            #expect(try metric("moves", of: "round_robin") == 0)
            #expect(try ClosedLoopCommand(arguments).run() == first)
        }
    }

    @Test func `nothing is late on workers that have room for all`() throws {
        try withTemporaryFolder { folder in
            try MadeTrace.write(to: folder)
            let result = try ClosedLoopCommand([
                "--trace", folder, "--workers", "2", "--warm-up", "20", "--worker-milli-cpu",
                "1000000", "--worker-memory-mb", "1000000",
            ]).run()
            #expect(result.contains(#""contention_misses":{"2":0}"#))
            #expect(!result.contains(#""throttled_share":{"2":0."#))
        }
    }

    @Test func `wrong arguments are told`() {
        for wrong in [
            [], ["--trace", "/none"], ["--trace", "/none", "--deadlines", "soon"],
            ["--trace", "/none", "--worker-milli-cpu", "1"],
        ] {
            #expect(throws: (any Error).self) { try ClosedLoopCommand(wrong) }
        }
    }
}

/// Ten functions over forty minutes in the layout of the Azure Functions 2019 trace.
private enum MadeTrace {
    static let functions = 10
    private static let minutes = 480..<520

    static func write(to folder: String) throws {
        var random = SeededRandom(seed: 2)
        var invocations = "HashOwner,HashApp,HashFunction,Trigger"
        invocations += minutes.map { ",\($0)" }.joined() + "\n"
        var durations =
            "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,"
            + "percentile_Average_1,percentile_Average_25,percentile_Average_50,"
            + "percentile_Average_75,percentile_Average_99,percentile_Average_100\n"
        var memory =
            "HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,"
            + "AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,"
            + "AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,"
            + "AverageAllocatedMb_pct100\n"
        for number in 0..<functions {
            let names = "o\(number / 2),a\(number)"
            let counts = minutes.map { _ in ",\(random.next() % 24)" }.joined()
            invocations += "\(names),f\(number),http\(counts)\n"
            durations += "\(names),f\(number),500,9,100,900,100,110,300,500,700,890,900\n"
            memory += "\(names),9,100,80,90,95,100,105,110,120,130\n"
        }
        for (name, text) in [
            ("invocations", invocations), ("durations", durations), ("memory", memory),
        ] {
            try text.write(toFile: "\(folder)/\(name).csv", atomically: true, encoding: .utf8)
        }
    }
}
