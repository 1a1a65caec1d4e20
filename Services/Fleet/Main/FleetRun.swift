internal import Kafka
internal import Runtime
internal import Settings
internal import Telemetry
internal import Topics
internal import Workload

/// Sends a workload's events at their pace, each once, from where an earlier run stopped.
final class FleetRun {
    static let topics = [Topic.invocations, .services, .workers, .assignments]

    let program: Program
    let source: any FleetSource
    let keyed: Int32
    private let form: EventForm
    let limit: Int
    /// Counts of what earlier runs sent need the whole workload drawn again.
    let countsAll: Bool
    let workers: [WorkerReported]
    /// Nil where executions happen as drawn, whatever runs beside them.
    private let failures: WorkerFailures?

    /// How an attempt at the whole workload came out.
    enum Ending {
        case complete
        case stopped
        /// The producer is of no use any more; what it sent stands on the topic.
        case producerLost(KafkaError)
    }

    private static let retryMs = 1_000

    init(_ program: Program, _ source: any FleetSource, keyed: Int32, _ form: EventForm) {
        let settings = program.settings
        self.program = program
        self.form = form
        self.source = source
        self.keyed = keyed
        limit = settings[FleetSettings.limit]
        countsAll = limit > 0 || !settings[FleetSettings.counts].isEmpty
        workers = FleetSettings.workerPlan(settings).workers(
            for: source.peakDemands, cells: keyed, seed: UInt64(settings[FleetSettings.seed]))
        failures =
            program.command == FleetSettings.run.name
            ? FleetSettings.failures(settings, source) : nil
    }

    /// Returns when the workload has ended or a stop was requested.
    func run() throws {
        if failures == nil { try reportWorkers(atMs: source.startMs) }
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
        guard let failures else {
            return try attempt(from: Resume(run: source.run, partitions: form.partitions)) {
                try replay(from: $0, &$1, &$2)
            }
        }
        return try attempt(from: ResumeByStart(source, partitions: form.partitions)) {
            try reportWorkers(atMs: source.startMs + Int64($0.lastMinute) * 60_000)
            return try execute(from: $0, failures, &$1, &$2)
        }
    }

    private func attempt<Point: ResumePoint>(
        from unknown: Point, _ body: (Point, inout Sending, inout Placements) throws -> Ending
    ) throws -> Ending {
        let cluster = program.settings.cluster
        guard let resume = try TopicReader(cluster, program).resume(unknown, form) else {
            return .stopped
        }
        let sender = try Sender(cluster, run: resume.run, keyed: keyed, form, program)
        var placements = Placements()
        var sending = try Sending(program, source, sender, &placements)
        sending.progress.began(at: resume)
        let ending = try body(resume, &sending, &placements)
        let isAcknowledged = sender.finish()
        sending.progress.ended(sender, isAcknowledged: isAcknowledged)
        let file = program.settings[FleetSettings.counts]
        if !file.isEmpty { try sender.writeCounts(to: file) }
        if case .complete = ending, let error = sender.failure { return .producerLost(error) }
        return ending
    }

    private func replay(
        from resume: Resume, _ sending: inout Sending, _ placements: inout Placements
    ) throws -> Ending {
        var stream = EventStream(source, from: countsAll ? 0 : resume.minute)
        let sender = sending.sender
        var events = 0
        var isPaced = false
        while let event = stream.next() {
            if program.stop.isRequested { return .stopped }
            switch event {
            case .announced(let service, let atMs):
                // What is announced again where a stream goes on is due at once.
                if isPaced, try !sending.wait(until: atMs, &placements) { return .stopped }
                guard try sender.send(service) else { return .stopped }
            case .ended(let execution):
                events += 1
                let profile = stream.profile(of: execution)
                if resume.isMissing(execution.sequence, in: sender.partition(of: profile)) {
                    isPaced = true
                    guard try sending.wait(until: execution.endedAtMs, &placements) else {
                        return .stopped
                    }
                    let worker = placements.worker(of: execution, profile)
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
    private func reportWorkers(atMs ms: Int64) throws {
        let cluster = program.settings.cluster
        let planned = workers.map { worker in
            var worker = worker
            if failures?.isDown(worker.worker, atMs: ms) == true { worker.state = .gone }
            return worker
        }
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
