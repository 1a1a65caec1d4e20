internal import Glibc
internal import Kafka
internal import TestSupport
internal import Topics

/// How long partitions are nobody's: when a process starts on much state, and when another joins.
extension FeaturizerBenchmark {
    private static let restartSecondsTarget = 10.0
    private static let rebalanceSecondsTarget = 3.0

    func measureRestart() throws -> ReportTable {
        let functions = options.size.restartFunctions
        var table = ReportTable(
            "Restart with state, from the start of the process until it owns all partitions",
            ["functions", "seconds (target)", "resident"])
        try withState(of: functions) { servers, url, process in
            process.stop()
            let restarted = try startFeaturizer(servers: servers, databaseURL: url)
            defer { restarted.stop() }
            try restarted.waitUntilItOwns()
            let seconds = (ContinuousClock.now - restarted.startedAt).seconds
            // It tells its gauges with a checkpoint.
            try restarted.wait("tell its functions", within: .seconds(60)) {
                restarted.figure("functions") == Double(functions)
            }
            table.add([
                grouped(functions), "\(rounded(seconds)) (\(rounded(Self.restartSecondsTarget)))",
                "\(restarted.residentMebibytes) MiB",
            ])
        }
        return table
    }

    func measureRebalance() throws -> ReportTable {
        let functions = options.size.rebalanceFunctions
        var table = ReportTable(
            "Rebalancing 16 partitions, from the start of a second process until it and the first "
                + "own 8 each, and until both have processed a record of theirs",
            ["functions", "own 8 each, seconds", "process again, seconds (target)"])
        try withState(of: functions) { servers, url, first in
            let trickle = try Trickle(servers: servers, functions: functions)
            let second = try startFeaturizer(servers: servers, databaseURL: url)
            defer { second.stop() }
            let half = InvocationTopic.partitions / 2
            try second.wait("own \(half) partitions", within: .seconds(60)) {
                try trickle.send()
                return second.owns(half) && first.owns(half)
            }
            let owned = (ContinuousClock.now - second.startedAt).seconds
            let name = "messages_read_total"
            let before = first.figure(name) ?? 0
            try second.wait("process a record", within: .seconds(60)) {
                try trickle.send()
                return (second.figure(name) ?? 0) > 0 && (first.figure(name) ?? 0) > before
            }
            let processed = (ContinuousClock.now - second.startedAt).seconds
            table.add([
                grouped(functions), rounded(owned),
                "\(rounded(processed)) (\(rounded(Self.rebalanceSecondsTarget)))",
            ])
        }
        return table
    }

    /// Calls `body` with a featurizer that has taken and kept an event of each of so many functions.
    private func withState(
        of functions: Int,
        _ body: (_ servers: String, _ databaseURL: String, _ process: FeaturizerProcess) throws
            -> Void
    ) throws {
        try withBroker { servers in
            var topic = InvocationTopic(
                servers: servers, form: .json, events: functions, functions: functions)
            topic.law = .inTurn
            let contents = try topic.fill()
            try ThrowawayPostgres.withProvisionedDatabase { url in
                let kept = try KeptByFeaturizer(url)
                let process = try startFeaturizer(servers: servers, databaseURL: url)
                defer { process.stop() }
                try process.waitUntilItOwns()
                try kept.waitUntilKept(functions, by: process)
                try kept.waitForRows(of: contents, events: functions, by: process)
                try body(servers, url, process)
            }
        }
    }
}

/// An event now and then in every partition, so that it shows who processes.
private final class Trickle {
    private let producer: Producer
    /// A function of each partition.
    private var functions: [Int32: Int] = [:]
    private var number = 0

    init(servers: String, functions count: Int) throws {
        producer = try Producer(Producer.Options(bootstrapServers: servers))
        for function in 0..<count where functions.count < InvocationTopic.partitions {
            let key = Self.bytes(of: function, number: 0).key
            let partition = Topics.partition(
                ofKey: String(decoding: key, as: UTF8.self),
                among: Int32(InvocationTopic.partitions))
            if functions[partition] == nil { functions[partition] = function }
        }
    }

    func send() throws {
        number += 1
        for (partition, function) in functions {
            let bytes = Self.bytes(of: function, number: number)
            try producer.send(
                to: Topic.invocations.name, partition: partition, key: bytes.key,
                value: bytes.value)
        }
        producer.poll()
    }

    /// Behind all that the topic holds.
    private static func bytes(of function: Int, number: Int) -> InvocationBytes {
        var bytes = InvocationBytes(.json)
        bytes.write(
            DrawnInvocation(
                function: function,
                startMs: InvocationTopic.startMs + InvocationTopic.spanMs + Int64(number),
                durationHundredths: 10_000, isSuccess: true, id: UInt64(number)))
        return bytes
    }
}
