import Foundation
import Testing

@testable import Evaluation

/// The commands on scarcity, each over a small made file.
@Suite struct `The command on scarcity` {
    @Test func `fairness divides more evenly than the order of arrival, and repeats itself`() throws
    {
        try withFleet { file in
            let arguments = [
                "--utilisation", file, "--layout", "columns", "--train-days", "4", "--test-days",
                "2", "--capacity", "200", "--functions", "120", "--customers", "8", "--draws",
                "500",
            ]
            let first = try FairnessCommand(arguments).run()
            let policies = try policies(first)
            #expect(
                Set(policies.keys) == ["antiphase", "first_come", "equal_split", "lottery"])
            let ours = try #require(policies["antiphase"]?["jain"] as? Double)
            let arrival = try #require(policies["first_come"]?["jain"] as? Double)
            #expect(ours > 0.95 && arrival < 0.8)
            #expect(policies["lottery"]?["sum_kept"] as? Bool == true)
            #expect(try FairnessCommand(arguments).run() == first)
            #expect(throws: EvaluationError.self) {
                try FairnessCommand(arguments + ["--scarcity", "2"])
            }
        }
    }

    @Test func `plan covers the hours of a fleet that repeats itself`() throws {
        try withFleet { file in
            let arguments = [
                "--utilisation", file, "--layout", "columns", "--train-days", "4", "--test-days",
                "2", "--capacity", "100",
            ]
            let first = try PlanCommand(arguments).run()
            let policies = try policies(first)
            #expect(Set(policies.keys) == ["antiphase", "last_week", "flat_maximum"])
            let ours = try #require(policies["antiphase"])
            #expect(ours["coverage_p95"] as? Double ?? 0 > 0.9)
            #expect(ours["median_error"] as? Double ?? 9 < 0.1)
            #expect(ours["by_day"] is [String: Any] && ours["by_lead_hours"] is [String: Any])
            #expect(try PlanCommand(arguments).run() == first)
        }
    }

    private func policies(_ result: String) throws -> [String: [String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(result.utf8)) as? [String: Any]
        return try #require(object?["policies"] as? [String: [String: Any]])
    }

    private func withFleet(_ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "fleet-\(UUID().uuidString).csv").path
        try MadeFleet.shifted(series: 24, days: 6, together: false)
            .write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try body(file)
    }
}
