internal import Foundation
internal import Glibc
internal import Runtime
internal import Telemetry
internal import Workload

/// Tells how far the fleet is: one line rewritten on a terminal, else a log line now and then.
struct Progress {
    private let program: Program
    private let startMs: Int64
    private let endMs: Int64?
    private let speed: Double?
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let beganMs = Clock.monotonicMs
    private let eventTime: Gauge
    private let lag: Gauge
    private var last: (wallMs: Int64, eventMs: Int64, count: Int)?

    private static let terminalMs: Int64 = 1_000
    private static let logMs: Int64 = 10_000

    init(_ program: Program, _ source: any FleetSource, speed: Double?) {
        self.program = program
        startMs = source.startMs
        endMs = source.minutes.map { source.startMs + Int64($0) * 60_000 }
        self.speed = speed
        eventTime = program.metrics.gauge(
            "fleet_event_time_seconds", "The fleet's clock, seconds since 1970.")
        lag = program.metrics.gauge(
            "fleet_lag_seconds", "How far sending is behind its pace, on the wall's clock.")
    }

    func began(at resume: some ResumePoint) {
        let at = Moment(ms: startMs + Int64(resume.minute) * 60_000).settingText
        if resume.isFresh {
            program.log.info("workload started", [.name: .string(resume.run), .from: .string(at)])
        } else {
            program.log.info("workload resumed", [.name: .string(resume.run), .from: .string(at)])
        }
    }

    /// - Parameter lagMs: how long ago the event was due, on the wall's clock.
    mutating func tick(eventMs: Int64, lagMs: Double, _ sender: Sender) {
        let now = Clock.monotonicMs
        guard let last else {
            self.last = (now, eventMs, sender.invocations)
            return
        }
        guard now - last.wallMs >= (isTerminal ? Self.terminalMs : Self.logMs) else { return }
        let seconds = Double(now - last.wallMs) / 1_000
        let perSecond = Double(sender.invocations - last.count) / seconds
        eventTime.set(Double(eventMs) / 1_000)
        lag.set(lagMs / 1_000)
        let pace = max(1e-9, Double(eventMs - last.eventMs) / Double(now - last.wallMs))
        let left = endMs.map { duration(seconds: Double($0 - eventMs) / 1_000 / (speed ?? pace)) }
        self.last = (now, eventMs, sender.invocations)
        let at = Moment(ms: eventMs).settingText
        guard isTerminal else {
            program.log.info(
                "sending",
                [
                    .startedAtMs: .integer(Int(eventMs)), .to: .string(at),
                    .invocations: .integer(sender.invocations),
                    .perSecond: .double(perSecond.rounded()),
                    .lag: .double(lagMs.rounded() / 1_000), .queued: .integer(sender.underWayCount),
                ])
            return
        }
        var line = "\r\u{1B}[K\(at)  \(sender.invocations) events  \(Int(perSecond))/s"
        if lagMs >= 1_000 { line += "  behind by \(duration(seconds: lagMs / 1_000))" }
        if let left { line += "  \(left) left" }
        write(line)
    }

    func ended(_ sender: Sender, isAcknowledged: Bool) {
        if isTerminal { write("\n") }
        let ms = max(1, Clock.monotonicMs - beganMs)
        program.log.info(
            isAcknowledged ? "all sent was acknowledged" : "stopped with messages under way",
            [
                .invocations: .integer(sender.invocations), .durationMs: .integer(Int(ms)),
                .perSecond: .integer(sender.invocations * 1_000 / Int(ms)),
                .queued: .integer(sender.underWayCount),
            ])
    }

    /// A terminal that is gone needs no progress.
    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    private func duration(seconds: Double) -> String {
        let whole = Int(max(0, min(1e9, seconds)))
        return whole < 60
            ? "\(whole) s"
            : whole < 3_600
                ? "\(whole / 60) min \(whole % 60) s"
                : "\(whole / 3_600) h \(whole % 3_600 / 60) min"
    }
}
