internal import Kafka
internal import Runtime
internal import Settings
internal import Workload

/// What an attempt at a workload sends by, and at what pace, while it follows the assignments.
struct Sending {
    let sender: Sender
    var progress: Progress
    private let program: Program
    private let follower: AssignmentFollower?
    private var pace: Pace
    private var housekeepingDue = Clock.monotonicMs

    /// Assignments and progress are looked at this often.
    private static let housekeepingMs: Int64 = 200
    /// A stop is seen at least this often.
    private static let sleepMs = 50.0

    /// - Parameter placements: takes the assignments that are there already.
    init(
        _ program: Program, _ source: any FleetSource, _ sender: Sender,
        _ placements: inout Placements
    ) throws {
        self.program = program
        self.sender = sender
        let speed = program.settings[FleetSettings.speed].times
        pace = Pace(speed: speed)
        progress = Progress(program, source, speed: speed)
        follower =
            program.settings[FleetSettings.followAssignments]
            ? try AssignmentFollower(program.settings.cluster, program, &placements) : nil
    }

    /// Waits until an event is due.
    ///
    /// - Parameter placements: takes new assignments.
    /// - Returns: false when a stop came first.
    mutating func wait(until eventMs: Int64, _ placements: inout Placements) throws -> Bool {
        while true {
            let now = Clock.monotonicMs
            let waitMs = pace.waitMs(until: eventMs, wallMs: Double(now))
            if now >= housekeepingDue {
                housekeepingDue = now + Self.housekeepingMs
                try follower?.poll(&placements)
                progress.tick(eventMs: eventMs, lagMs: max(0, -waitMs), sender)
            }
            guard waitMs >= 1 else { return true }
            sender.poll()
            program.stop.sleep(ms: Int(min(Self.sleepMs, waitMs)))
            if program.stop.isRequested { return false }
        }
    }
}
