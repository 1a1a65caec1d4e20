internal import Foundation
internal import Glibc
internal import HTTP
public import Settings
public import Telemetry

/// What every process of ours has: settings, a log, metrics, health, and an orderly end.
public struct Program: Sendable {
    public let settings: Settings
    public let command: String
    public let log: Log
    public let metrics: Metrics
    public let health: Health
    public let stop: StopSignal

    /// Reads the settings, runs `body` until it returns, and ends the process: with 0 when it did its
    /// work, 1 when it failed, 2 when it was started wrongly.
    /// - Parameter stopLimitMs: a stop that takes longer ends the process where it is, with 1 unless
    ///   everything was kept; for those that may be killed at any point.
    public static func run(
        _ declared: Command, arguments: [String] = Array(CommandLine.arguments.dropFirst()),
        waitingFor parts: [String] = [], stopLimitMs: Int? = nil, _ body: (Program) throws -> Void
    ) -> Never {
        let parsed: Command.Parsed
        do throws(SettingsError) {
            parsed = try declared.parse(
                arguments: arguments, environment: ProcessInfo.processInfo.environment,
                readFile: contents)
        } catch {
            complain("\(declared.name): \(error)")
            exit(2)
        }
        switch parsed {
        case .help(let text):
            FileHandle.standardOutput.write(Data(text.utf8))
            exit(0)
        case .run(let command, let settings):
            let level = Log.Level(rawValue: settings[StageSettings.logLevel].rawValue) ?? .info
            let program = Program(
                settings: settings, command: command,
                log: Log(process: declared.name, minimum: level), metrics: Metrics(),
                health: Health(waitingFor: parts), stop: StopSignal())
            program.run(stopLimitMs, body)
        }
    }

    private func run(_ stopLimitMs: Int?, _ body: (Program) throws -> Void) -> Never {
        let (log, stop) = (log, stop)
        let signals = StopOnSignal(stop, within: stopLimitMs) {
            let isKept = stop.isKept
            log.warning(
                "stopped before it was done, for it took too long",
                [.outcome: isKept ? "everything is kept" : "what is not kept is made again"])
            _exit(isKept ? 0 : 1)
        }
        defer { withExtendedLifetime(signals) {} }
        do {
            log.info("started", [.processID: .integer(Int(getpid()))])
            try body(self)
            log.info("stopped")
            exit(0)
        } catch {
            health.failed("\(error)")
            log.error("ended", [.error: .string("\(error)")])
            exit(1)
        }
    }

    /// Serves /health, /ready and /metrics until the server goes out of scope.
    public func serveOperations<Value>(_ body: () throws -> Value) throws -> Value {
        let (health, metrics) = (health, metrics)
        let server = try Server(
            address: settings[StageSettings.operationsAddress],
            port: UInt16(settings[StageSettings.operationsPort]), threads: 1
        ) { request in operations(request, health, metrics) }
        log.info("operations served", [.port: .integer(Int(server.port))])
        let value = try body()
        server.stop()
        return value
    }
}

private func operations(_ request: Request, _ health: Health, _ metrics: Metrics) -> Response {
    let snapshot = health.snapshot
    switch request.path {
    case "/health": return .json(snapshot.json, status: snapshot.live ? 200 : 503)
    case "/ready": return .json(snapshot.json, status: snapshot.ready ? 200 : 503)
    case "/metrics":
        return Response(contentType: Metrics.contentType, body: metrics.render())
    default: return .notFound(request.path)
    }
}

/// A secret's file, no more of it than a setting can hold.
private func contents(of path: String) throws(UnreadableFile) -> [UInt8] {
    let file: FileHandle
    do {
        file = try FileHandle(forReadingFrom: URL(filePath: path))
    } catch {
        throw UnreadableFile(reason: "it is not there, or not this user's to read")
    }
    do {
        return Array(try file.read(upToCount: secretFileBytesMax + 2) ?? Data())
    } catch {
        throw UnreadableFile(reason: "it cannot be read")
    }
}

private func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// As much as a setting can hold, and a line break; of a longer file the setting says so.
private let secretFileBytesMax = 8_192 + 2
