internal import Brokerage
internal import Dispatch
internal import Foundation

/// Runs the embedded broker until SIGTERM or SIGINT.
@main struct Broker {
    static func main() throws {
        let arguments = CommandLine.arguments
        var configuration = BrokerConfiguration(dataFolder: arguments[2])
        configuration.port = Int(arguments[1]) ?? 0
        for argument in arguments.dropFirst(3) {
            let parts = argument.split(separator: "=")
            switch parts[0] {
            case "auto": configuration.autoCreateTopics = true
            case "partitions": configuration.partitionsDefault = Int(parts[1]) ?? 4
            case "fsync": configuration.fsyncIntervalMs = Int(parts[1]) ?? 1_000
            case "clean": configuration.cleaningIntervalMs = Int(parts[1]) ?? 30_000
            default: break
            }
        }
        let broker = try Brokerage.Broker(configuration: configuration) { event in
            FileHandle.standardError.write(Data("\(event.severity) \(event)\n".utf8))
        }
        broker.start()
        let stopped = DispatchSemaphore(value: 0)
        let signals = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { stopped.signal() }
            source.resume()
            return source
        }
        stopped.wait()
        for source in signals { source.cancel() }
        broker.stop()
    }
}
