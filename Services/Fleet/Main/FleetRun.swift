internal import Kafka
internal import Runtime
internal import Settings
internal import Telemetry
internal import Topics
internal import Workload

/// Sends a workload's events at their pace, each once, from where an earlier run stopped.
final class FleetRun {
    static let topics = [Topic.invocations, .services, .workers, .assignments]

    private let program: Program
    private let source: any FleetSource
    private let keyed: Int32
    private let form: EventForm
    private let speed: Double?
    private let limit: Int
    /// Counts of what earlier runs sent need the whole workload drawn again.
    private let countsAll: Bool

    /// How an attempt at the whole workload came out.
    private enum Ending {
        case complete
        case stopped
        /// The producer is of no use any more; what it sent stands on the topic.
        case producerLost(KafkaError)
    }

    private static let retryMs = 1_000
    /// Assignments and progress are looked at this often.
    private static let housekeepingMs: Int64 = 200

    init(_ program: Program, _ source: any FleetSource, keyed: Int32, _ form: EventForm) {
        self.program = program
        self.form = form
        self.source = source
        self.keyed = keyed
        speed = program.settings[FleetSettings.speed].times
        limit = program.settings[FleetSettings.limit]
        countsAll = limit > 0 || !program.settings[FleetSettings.counts].isEmpty
    }

    /// Returns when the workload has ended or a stop was requested.
    func run() throws {
        try reportWorkers()
        while !program.stop.isRequested {
            switch try attempt() {
            case .complete, .stopped: return
            case .producerLost(let error):
                program.log.warning("producer lost", [.error: .string("\(error)")])
                program.health.waits(for: "kafka", "waiting for kafka: \(error)")
                program.stop.sleep(ms: Self.retryMs)
            }
        }
    }

    private func attempt() throws -> Ending {
        let cluster = program.settings.cluster
        let reader = TopicReader(cluster, program)
        guard let resume = try reader.resume(run: source.run, form) else {
            return .stopped
        }
        var stream = EventStream(source, from: countsAll ? 0 : resume.minute)
        let sender = try Sender(
            cluster, run: source.run, keyed: keyed, form, program)
        let follower =
            program.settings[FleetSettings.followAssignments]
            ? try AssignmentFollower(cluster, program) : nil
        var progress = Progress(program, source, speed: speed)
        progress.began(at: resume)
        let ending = try send(&stream, resume, sender, follower, &progress)
        let isAcknowledged = sender.finish()
        progress.ended(sender, isAcknowledged: isAcknowledged)
        let file = program.settings[FleetSettings.counts]
        if !file.isEmpty { try sender.writeCounts(to: file) }
        if case .complete = ending, let error = sender.failure { return .producerLost(error) }
        return ending
    }

    private func send(
        _ stream: inout EventStream, _ resume: Resume, _ sender: Sender,
        _ follower: AssignmentFollower?, _ progress: inout Progress
    ) throws -> Ending {
        var pace = Pace(speed: speed)
        var events = 0
        var isPaced = false
        var housekeepingDue = Clock.monotonicMs

        /// - Returns: false when a stop came first.
        func wait(until eventMs: Int64) throws -> Bool {
            while true {
                let now = Clock.monotonicMs
                let waitMs = pace.waitMs(until: eventMs, wallMs: Double(now))
                if now >= housekeepingDue {
                    housekeepingDue = now + Self.housekeepingMs
                    try follower?.poll()
                    progress.tick(eventMs: eventMs, lagMs: max(0, -waitMs), sender)
                }
                guard waitMs >= 1 else { return true }
                sender.poll()
                program.stop.sleep(ms: Int(min(50, waitMs)))
                if program.stop.isRequested { return false }
            }
        }

        while let event = stream.next() {
            if program.stop.isRequested { return .stopped }
            switch event {
            case .announced(let service, let atMs):
                // What is announced again where a stream goes on is due at once.
                if isPaced, try !wait(until: atMs) { return .stopped }
                guard try sender.send(service) else { return .stopped }
            case .ended(let execution):
                events += 1
                let profile = stream.profile(of: execution)
                if resume.isMissing(execution.sequence, in: sender.partition(of: profile)) {
                    isPaced = true
                    guard try wait(until: execution.endedAtMs) else { return .stopped }
                    let worker = follower?.placements.worker(of: execution, profile)
                    guard try sender.send(execution, of: profile, worker: worker) else {
                        return .stopped
                    }
                } else {
                    sender.foundSent(profile)
                }
                if events == limit { return .complete }
            }
            if let error = sender.failure { return .producerLost(error) }
        }
        return .complete
    }

    /// Says which workers there are, and that those of an earlier, other plan are gone.
    private func reportWorkers() throws {
        let settings = program.settings
        let cluster = settings.cluster
        let planned = FleetSettings.workerPlan(settings).workers(
            for: source.peakDemands, cells: keyed, seed: UInt64(settings[FleetSettings.seed]))
        let keys = Set(planned.map(\.key))
        let reader = TopicReader(cluster, program)
        guard let known = try reader.workers() else { return }
        let gone = known.filter { !keys.contains($0.key) && $0.state != .gone }.map { worker in
            var worker = worker
            worker.state = .gone
            return worker
        }
        while !program.stop.isRequested {
            let sender = try Sender(
                cluster, run: source.run, keyed: keyed, form, program)
            for worker in planned + gone where try !sender.send(worker) { return }
            if sender.finish() { break }
            // Whole values: saying all of them again changes nothing.
            program.stop.sleep(ms: Self.retryMs)
        }
        program.log.info("workers reported", [.workers: .integer(planned.count)])
    }
}
