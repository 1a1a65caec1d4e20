internal import Brokerage
internal import Foundation
internal import Glibc
internal import Runtime
internal import Settings
internal import Telemetry

/// A Kafka-protocol broker for one machine: any Kafka client reads and writes here.
@main struct Broker {
    static func main() {
        // A write beyond the limit of a file's size is then an error, not the end.
        signal(SIGXFSZ, SIG_IGN)
        let command = Command(
            name: "broker",
            summary: "a Kafka-protocol broker for one machine: development and small fleets",
            settings: BrokerSettings.all)
        Program.run(command) { program in
            let settings = program.settings
            let log = program.log
            let broker = try Brokerage.Broker(
                configuration: BrokerSettings.configuration(settings)
            ) { event in write(event, to: log) }
            broker.start()
            let address = "\(settings[BrokerSettings.host]):\(broker.port)"
            log.info(
                "for one machine: no replicas, and a crash of the machine may lose the interval",
                [
                    .address: .string(address),
                    .intervalMs: .integer(settings[BrokerSettings.fsyncIntervalMs]),
                ])
            let file = settings[BrokerSettings.addressFile]
            if !file.isEmpty {
                try Data((address + "\n").utf8).write(to: URL(filePath: file), options: .atomic)
            }
            while !program.stop.isRequested { program.stop.sleep(ms: 1_000) }
            broker.stop()
        }
    }
}

private func write(_ event: BrokerEvent, to log: Log) {
    let data: KeyValuePairs<LogKey, LogValue> = [.reason: .string("\(event)")]
    switch event.severity {
    case .info: log.info("broker event", data)
    case .warning: log.warning("broker event", data)
    case .error: log.error("broker event", data)
    }
}
