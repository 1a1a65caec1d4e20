import Foundation
import Kafka
import Postgres
import TestSupport
import Topics

/// One run of the whole line over one input, with faults or without.
struct FaultRun {
    let trace: SmallTrace
    let folder: String
    /// How many times faster than real the fleet sends.
    let speed: String
    let partitions: Int
    /// How long what was sent may take to come through once the last fault is over.
    let settleSeconds: Int

    enum Broker: String { case embedded, kafka }

    struct Report {
        let outcome: Outcome
        let line: FaultLine
        let seconds: Int
        /// By stage, how often partitions were given out.
        let rebalances: [String: Int]
        /// What a supervisor had no hand in and should not have happened.
        let troubles: [String]
        let logs: () throws -> String
    }

    /// - Parameter body: what becomes of the outcome while everything is still there.
    func run(
        on broker: Broker, _ schedule: FaultSchedule?, _ body: (Report) throws -> Void
    ) throws {
        try ThrowawayPostgres.withServer { postgres in
            let url = try postgres.provisioned()
            switch broker {
            case .embedded:
                let server = try EmbeddedBroker()
                defer { server.kill() }
                try run(server, server.bootstrapServers, postgres, url, schedule, body)
            case .kafka:
                let server = try RealKafka()
                defer { server.stop() }
                try run(server, server.bootstrapServers, postgres, url, schedule, body)
            }
        }
    }

    private func run(
        _ broker: any FaultableServer, _ bootstrapServers: String, _ postgres: ThrowawayPostgres,
        _ url: String, _ schedule: FaultSchedule?, _ body: (Report) throws -> Void
    ) throws {
        let began = ContinuousClock.now
        let line = FaultLine(
            bootstrapServers: bootstrapServers, databaseURL: url,
            servers: ["broker": broker, "postgres": postgres],
            environment: ["TOPICS_PARTITIONS": "\(partitions)"])
        defer { line.killAll() }
        for stage in Line.stages { try line.add(stage) }
        try line.add(
            "fleet",
            [
                "replay", "--format", "azure2019", "--seed", "1", "--follow-assignments=false",
                "--speed", schedule == nil ? "max" : speed, folder,
            ])
        if let schedule { try disturb(line, schedule) }
        let asked = Line(bootstrapServers: bootstrapServers, databaseURL: url)
        let troubles = try settle(line, asked)
        line.weigh()
        let seconds = Int((ContinuousClock.now - began).components.seconds)
        let name = schedule.map { "seed\($0.seed)" } ?? "undisturbed"
        do {
            try body(
                Report(
                    outcome: try Outcome(of: asked), line: line, seconds: seconds,
                    rebalances: line.rebalances, troubles: troubles + line.endedAlone,
                    logs: { try line.keepLogs(as: name) }))
        } catch {
            say("logs of all processes: \(try line.keepLogs(as: name))")
            throw error
        }
    }

    private func disturb(_ line: FaultLine, _ schedule: FaultSchedule) throws {
        // The stages have made their tables and the fleet has begun.
        try pass(3_000, line)
        for (number, fault) in schedule.faults.enumerated() {
            try pass(fault.afterMs, line)
            let done = try line.apply(fault)
            say("\(number + 1)/\(schedule.faults.count) \(fault)\(done ? "" : ": was away")")
        }
        while !line.isWhole { try pass(20, line) }
    }

    private func pass(_ ms: Int, _ line: FaultLine) throws {
        let end = ContinuousClock.now + .milliseconds(ms)
        repeat {
            try line.tick()
            usleep(20_000)
        } while ContinuousClock.now < end
    }

    /// Waits until the fleet has sent everything, every stage has read everything, and nothing more
    /// is said.
    /// - Returns: what did not come about.
    private func settle(_ line: FaultLine, _ asked: Line) throws -> [String] {
        func wait(_ seconds: Int, _ question: () throws -> Bool) throws -> Bool {
            try eventually(within: .seconds(seconds)) {
                try line.tick()
                usleep(200_000)
                do {
                    return try question()
                } catch is PostgresError {
                    return false
                } catch is KafkaError {
                    return false
                }
            }
        }
        let fleetSeconds = 600
        guard
            try wait(
                fleetSeconds,
                { line.processes("fleet").allSatisfy { $0.wait(within: .zero) == .exited(0) } })
        else { return ["the fleet did not end within \(fleetSeconds) s"] }
        let consumer = try BatchConsumer(.init(bootstrapServers: asked.bootstrapServers))
        var before: [String: [Int64]] = [:]
        var calmSince = ContinuousClock.now
        let isSettled = try wait(settleSeconds) {
            let now = try asked.ends(consumer)
            let isCalm = try now == before && asked.behind(now).isEmpty
            if !isCalm { calmSince = ContinuousClock.now }
            before = now
            // Longer than the featurizer takes to say what is pending. The learner takes 30 s to
            // represent those who came last.
            return try ContinuousClock.now - calmSince > .seconds(4)
                && asked.represented().count == trace.counts.count
        }
        let behind = try asked.behind(asked.ends(consumer))
        guard !isSettled, !behind.isEmpty else { return [] }
        return ["not settled within \(settleSeconds) s; behind: \(behind)"]
    }
}

/// A line for whoever watches.
func say(_ text: String) {
    FileHandle.standardError.write(Data("faults: \(text)\n".utf8))
}

extension FaultLine {
    /// By stage, how often a process was given partitions.
    var rebalances: [String: Int] {
        Dictionary(
            uniqueKeysWithValues: Line.stages.map { stage in
                (stage, said(by: stage).reduce(0) { $0 + count("partitions assigned", in: $1) })
            })
    }

    private func count(_ words: String, in text: String) -> Int {
        text.split(separator: "\n").count { $0.contains(words) }
    }
}

extension Line {
    private static let inputs = [
        "featurizer": ["invocations"], "learner": ["shapes"],
        "predictor": ["services", "shapes", "representations"],
        "allocator": ["workers", "shapes", "representations", "predictions"],
    ]

    /// By topic, the end of each of its partitions.
    func ends(_ consumer: BatchConsumer) throws -> [String: [Int64]] {
        try Dictionary(
            uniqueKeysWithValues: Topic.all.map {
                ($0.name, try consumer.endOffsets(of: $0.name, timeoutMs: 10_000))
            })
    }

    /// Partitions of a stage whose kept position is not at the end of the topic, in words.
    func behind(_ ends: [String: [Int64]]) throws -> [String] {
        var found: [String] = []
        for (stage, topics) in Self.inputs.sorted(by: { $0.key < $1.key }) {
            let positions = try positions(of: stage)
            for topic in topics {
                for (partition, end) in (ends[topic] ?? []).enumerated() where end > 0 {
                    let position = positions["\(topic)/\(partition)"] ?? 0
                    if position < end {
                        found.append("\(stage) \(topic)/\(partition) at \(position) of \(end)")
                    }
                }
            }
        }
        return found
    }

    /// By topic/partition.
    private func positions(of stage: String) throws -> [String: Int64] {
        try query { session in
            let rows = try session.execute(
                """
                select topic || '/' || partition, position::bigint
                from \(stage).checkpoints, jsonb_each_text(positions) as p(topic, position)
                """)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as Int64) })
        }
    }
}
