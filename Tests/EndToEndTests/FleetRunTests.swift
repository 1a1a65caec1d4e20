import Foundation
import Kafka
import TestSupport
import Testing
import Topics

/// `fleet run` with the stages that say where it runs what.
@Suite(
    .serialized, .timeLimit(.minutes(4)),
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `A fleet that runs what is assigned` {
    @Test func `sends each execution once though it is killed, from the workers assigned`() throws {
        try withTemporaryFolder { folder in
            // Forty minutes in four seconds.
            let trace = try SmallTrace(seed: 5, in: folder, functions: 20, minutes: 40)
            try ThrowawayPostgres.withProvisionedDatabase { url in
                try EmbeddedBroker.withBroker { servers in
                    let line = Line(bootstrapServers: servers, databaseURL: url)
                    defer { line.killAll() }
                    try line.startStages()
                    try run(line, folder)
                    try #expect(waitFor(60) { try line.total() > trace.total / 3 }, "\(line.said)")
                    line.kill("fleet")
                    let counts = "\(folder)/counts.csv"
                    let fleet = try run(line, folder, ["--counts", counts])
                    #expect(fleet.wait(within: .seconds(60)) == .exited(0), "\(line.said)")
                    try #expect(waitFor(60) { try line.folded() == trace.counts }, "\(line.said)")
                    try #expect(
                        waitFor(60) { try line.assigned() == Set(trace.counts.keys) },
                        "\(line.said)")
                    try expectExecutions(on: servers, trace)
                    let sent = try String(contentsOfFile: counts, encoding: .utf8)
                    let rows = sent.split(separator: "\n").dropFirst()
                    let counted = rows.compactMap {
                        $0.split(separator: ",").last.flatMap { Int($0) }
                    }
                    #expect(counted.reduce(0, +) == trace.total)
                }
            }
        }
    }

    @Test func `refuses a trace that does not say what executions take`() throws {
        try withTemporaryFolder { folder in
            try "time,customer,service,outcome\n0,a,b,success\n"
                .write(toFile: "\(folder)/log.csv", atomically: true, encoding: .utf8)
            try EmbeddedBroker.withBroker { servers in
                let line = Line(bootstrapServers: servers, databaseURL: "")
                defer { line.killAll() }
                let fleet = try line.start(
                    "fleet", ["run", "--format", "requests", "\(folder)/log.csv"])
                #expect(fleet.wait(within: .seconds(20)) == .exited(1))
                #expect(fleet.standardError.contains("it can be replayed, but not run"))
            }
        }
    }

    @discardableResult
    private func run(
        _ line: Line, _ folder: String, _ more: [String] = []
    ) throws -> ChildProcess {
        try line.start(
            "fleet",
            [
                "run", "--speed", "600", "--seed", "1", "--failures-mean-hours", "10",
                "--failures-repair-minutes", "5",
            ] + more + [folder])
    }

    private func expectExecutions(on servers: String, _ trace: SmallTrace) throws {
        var ids: Set<String> = []
        var messages = 0
        var workers: [FunctionID: [String?]] = [:]
        try forEachRecord(of: .invocations, on: servers) { value in
            let invocation = try Invocation(decoding: value.span)
            messages += 1
            ids.insert(invocation.functionID.path + " " + invocation.invocation)
            workers[invocation.functionID, default: []].append(invocation.worker)
        }
        #expect(messages == trace.total)
        #expect(ids.count == messages)
        let assigned = try TopicReplay(of: .assignments, on: servers).decoded(Assignment.self)
        let followed = assigned.values.count { assignment in
            let named = Set(assignment.placements.map(\.worker))
            return workers[assignment.functionID, default: []].contains {
                $0.map(named.contains) == true
            }
        }
        // One whose worker failed at the end may not have run where it is now.
        #expect(followed >= trace.counts.count * 3 / 4)
        // 16 cells of four workers over 40 minutes, of which each fails every ten hours: four do.
        var states: Set<WorkerReported.State> = []
        try forEachRecord(of: .workers, on: servers) { value in
            states.insert(try WorkerReported(decoding: value.span).state)
        }
        #expect(states == [.ready, .gone])
    }

    private func forEachRecord(
        of topic: Topic, on servers: String, _ body: ([UInt8]) throws -> Void
    ) throws {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        options.reportsPartitionEnd = true
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: [topic.name], from: .beginning, timeoutMs: 10_000)
        var open = consumer.assignment
        while !open.isEmpty {
            try consumer.withBatch(timeoutMs: 100) { batch in
                for record in batch { try body(record.copyValue() ?? []) }
                for case .partitionEnd(let partition, _) in batch.events { open.remove(partition) }
            }
        }
    }
}
