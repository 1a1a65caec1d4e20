import Foundation
import Numerics
import TestSupport
import Testing

@testable import Evaluation

/// Commands over runs with an outcome, of made files.
@Suite struct `Over outcomes, the command` {
    private let split = "150000"

    @Test func `success foretells new services by their customer, and repeats itself to the byte`()
        throws
    {
        try withFile(MadeOutcomes.requests(seed: 1)) { file in
            let arguments = ["--format", "requests", file, "--split", split, "--timings", "off"]
            let first = try SuccessCommand(arguments).run()
            let policies = try policies(first)
            #expect(
                Set(policies.keys) == [
                    "antiphase", "global", "mle", "laplace", "customer_mean", "beta_binomial",
                ])
            // Services of half of the customers mostly fail, of the others mostly succeed.
            for known in ["0", "1", "3", "overall"] {
                let ours = try logLoss(policies, "antiphase", known)
                let globals = try logLoss(policies, "global", known)
                #expect(ours < 0.8 * globals)
            }
            let coverage = try #require(policies["antiphase"]?["coverage"] as? [String: Double])
            #expect(coverage.values.allSatisfy { (0...1).contains($0) })
            let second = try SuccessCommand(arguments).run()
            #expect(second == first)
        }
    }

    @Test func `success does not depend on the order of rows`() throws {
        let text = MadeOutcomes.requests(seed: 2)
        var lines = text.split(separator: "\n")
        let header = lines.removeFirst()
        var random = SeededRandom(seed: 3)
        let shuffled = ([header] + lines.shuffled(using: &random)).joined(separator: "\n")
        func losses(_ text: String) throws -> [Double] {
            try withFile(text) { file in
                let result = try SuccessCommand([
                    "--format", "requests", file, "--split", split, "--timings", "off",
                ]).run()
                return try ["0", "1", "overall"].map {
                    try logLoss(policies(result), "antiphase", $0)
                }
            }
        }
        for (one, other) in zip(try losses(text), try losses(shuffled)) {
            #expect(abs(one - other) < 1e-9)
        }
    }

    /// Sums of fractions depend on their order, and a dictionary has another one in each process.
    @Test(.enabled(if: Products.path(of: "evaluate") != nil, "needs the product evaluate"))
    func `success is the same to the last bit in another process, over several classes`() throws {
        let program = try #require(Products.path(of: "evaluate"))
        try withFile(MadeOutcomes.jobs(seed: 5)) { file in
            let results = try (0..<2).map { _ in
                let run = try ChildProcess.run(
                    program,
                    [
                        "success", "--format", "google2011", file, "--split", split,
                        "--timings", "off",
                    ], within: .seconds(120))
                #expect(run.ending == .exited(0), "\(run.error.suffix(500))")
                return run.output
            }
            #expect(results[0].contains("antiphase"))
            #expect(results[0] == results[1])
        }
    }

    @Test func `canaries are no worse than taking turns where all services weigh the same`() throws
    {
        try withFile(MadeOutcomes.requests(seed: 4)) { file in
            let result = try CanariesCommand(["--format", "requests", file, "--split", split]).run()
            let policies = try policies(result)
            #expect(
                Set(policies.keys) == [
                    "antiphase", "random", "round_robin", "traffic", "uncertainty",
                ])
            for budget in ["0", "1", "2", "3"] {
                let ours = try number(policies, "antiphase", "log_loss_equal", budget)
                let turns = try number(policies, "round_robin", "log_loss_equal", budget)
                #expect(ours < 1.02 * turns)
            }
            // A look teaches.
            #expect(
                try number(policies, "antiphase", "log_loss", "1")
                    < number(policies, "antiphase", "log_loss", "0"))
        }
    }

    @Test(arguments: [
        ("time,customer,service,outcome\n1,a,b,success\nx,a,b,error\n", ":3:1: \"x\" is no number"),
        ("time,customer,service,outcome\n1,a,b\n", ":2:1: 3 cells, expected 4"),
        ("time,customer,outcome\n1,a,success\n", ":1:1: no column service"),
        ("time,customer,service,outcome\n1,a,b,success\n", "no run starts at or after the split"),
    ])
    func `success says where a file is wrong`(text: String, message: String) throws {
        try withFile(text) { file in
            let error = #expect(throws: EvaluationError.self) {
                try SuccessCommand(["--format", "requests", file, "--split", split])
            }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
        }
    }

    private func withFile<Value>(_ text: String, _ body: (String) throws -> Value) throws -> Value {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "outcomes-\(UUID().uuidString).csv").path
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        return try body(file)
    }

    private func policies(_ result: String) throws -> [String: [String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(result.utf8)) as? [String: Any]
        return try #require(object?["policies"] as? [String: [String: Any]])
    }

    private func logLoss(
        _ policies: [String: [String: Any]], _ policy: String, _ known: String
    ) throws -> Double {
        try number(policies, policy, "log_loss", known)
    }

    private func number(
        _ policies: [String: [String: Any]], _ policy: String, _ metric: String, _ key: String
    ) throws -> Double {
        let values = try #require(policies[policy]?[metric] as? [String: Double])
        return try #require(values[key])
    }
}

/// Requests of ten customers, one a minute; services come all the time. Four in five of a customer's are
/// like the customer.
enum MadeOutcomes {
    /// The same as jobs of Google's trace, of six classes.
    static func jobs(seed: UInt64) -> String {
        let header = "job_id,submit_s,sched_s,end_s,final,user,cls,jobname,logical"
        let lines = requests(seed: seed).split(separator: "\n").dropFirst().enumerated()
        let jobs = lines.map { number, line in
            let cells = line.split(separator: ",")
            let final = cells[3] == "success" ? "FINISH" : "FAIL"
            let startS = (Int(cells[0]) ?? 0) + 600
            return "\(number),\(startS),\(startS),\(startS + 30),\(final),\(cells[1]),"
                + "\(number % 6),n,\(cells[1])-\(cells[2])"
        }
        return ([header] + jobs).joined(separator: "\n") + "\n"
    }

    static func requests(seed: UInt64) -> String {
        var random = SeededRandom(seed: seed)
        var lines = ["time,customer,service,outcome"]
        for number in 0..<5_000 {
            let customer = random.integer(below: 10)
            // Eight services of each customer at a time, others every 500 minutes.
            let service = number / 500 * 10 + random.integer(below: 8)
            var own = SeededRandom(seed: seed, at: UInt64(customer * 1_000 + service))
            let isLikeCustomer = own.chance(0.8)
            let isGood = (customer % 2 == 0) == isLikeCustomer
            let outcome = random.chance(isGood ? 0.95 : 0.1) ? "success" : "error"
            lines.append("\(number * 60),c\(customer),s\(service),\(outcome)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
