internal import Foundation
internal import Kafka
internal import Runtime
internal import Settings
internal import Telemetry
internal import Topics

/// Goes from one session to the next until a stop: a client that is of no use any more is not mended.
final class BridgeRun {
    private let program: Program
    private let kafka: Dependency
    private let metrics: BridgeMetrics

    init(_ program: Program) {
        self.program = program
        kafka = Dependency(Dependency.kafka, log: program.log, health: program.health)
        metrics = BridgeMetrics(program.metrics)
    }

    func run() throws {
        let topic = program.settings[BridgeSettings.topic]
        try OwnTopic.check(topic)
        guard
            let keyed = try prepareTopics(program.settings, program, [.invocations, .rejections]),
            try waitFor(topic)
        else { return }
        var backoff = Backoff()
        while !program.stop.isRequested {
            let session = try BridgeSession(
                program, keyed: keyed, name: name, kafka: kafka, metrics: metrics)
            do {
                try session.run()
                return
            } catch let error as KafkaError {
                session.leave()
                // Another process has this one's name: one of them has to go.
                if error.code == .fencedInstance { throw error }
                guard !program.stop.isRequested else { return }
                kafka.isAway("\(error)")
                backoff.wait(program.stop)
            }
        }
    }

    /// Of the transactions: a former holder's open one ends when it is taken.
    private var name: String {
        let group = program.settings[BridgeSettings.group]
        let instance = program.settings[BridgeSettings.instance]
        guard instance.isEmpty else { return "antiphase-\(group)-\(instance)" }
        let process = ProcessInfo.processInfo
        return "antiphase-\(group)-\(process.hostName)-\(process.processIdentifier)"
    }

    /// - Returns: false when a stop came first.
    private func waitFor(_ topic: String) throws -> Bool {
        let admin = try Admin(program.settings.cluster)
        var backoff = Backoff()
        while !program.stop.isRequested {
            do throws(KafkaError) {
                let counts = try admin.partitionCounts(timeoutMs: Limits.askMs)
                if counts[topic] != nil {
                    kafka.isBack()
                    return true
                }
                kafka.isAway("topic \(topic), which bridge.topic names, is not there")
            } catch {
                kafka.isAway("\(error)")
            }
            backoff.wait(program.stop)
        }
        return false
    }
}
