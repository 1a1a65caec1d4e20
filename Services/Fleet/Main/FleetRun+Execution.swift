internal import Kafka
internal import Runtime
internal import Topics
internal import Workload

/// `fleet run`: what is assigned runs on simulated workers, and its events say what came of it.
extension FleetRun {
    /// How far time goes at once; events are that late at most, and new assignments are followed.
    private static let stepMs: Int64 = 1_000

    /// Each execution of the workload is sent once, whenever the fleet is stopped: those that are
    /// missing on the topic are run again, from before they began. They may then take a different time
    /// than if nothing had stopped, for their functions may have been elsewhere.
    func execute(
        from resume: ResumeByStart, _ failures: WorkerFailures, _ sending: inout Sending,
        _ placements: inout Placements
    ) throws -> Ending {
        let sender = sending.sender
        let from = countsAll ? 0 : resume.minute
        var fleet = SimulatedFleet(
            source, on: workers, cells: keyed, failures: failures, from: from)
        swap(&fleet.placements, &placements)
        var metrics = FleetMetrics(program.metrics)
        var nowMs = source.startMs + Int64(from) * 60_000
        let reachedMs = source.startMs + Int64(resume.lastMinute) * 60_000
        var events = 0
        while !fleet.isOver {
            if program.stop.isRequested { return .stopped }
            nowMs += Self.stepMs
            let isPaced = nowMs > reachedMs
            guard try !isPaced || sending.wait(until: nowMs, &fleet.placements) else {
                return .stopped
            }
            for event in fleet.advance(to: nowMs) {
                switch event {
                case .announced(let service, _):
                    guard try sender.send(service) else { return .stopped }
                case .reported(let worker, _):
                    // How those are that were reached before was reported at the start.
                    guard try !isPaced || sender.send(worker) else { return .stopped }
                case .ended(let end, let worker):
                    let (execution, profile) = (end.execution, end.profile)
                    events += 1
                    let partition = sender.partition(of: profile)
                    if resume.isMissing(execution.sequence, in: partition) {
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
            metrics.tell(fleet, isPaced: isPaced)
        }
        return .complete
    }
}
