internal import Telemetry
internal import Topics
internal import Workload

/// What a simulated fleet comes to, on /metrics: from where this process went on.
struct FleetMetrics {
    private let executions: Counter
    private let misses: Counter
    private let contentionMisses: Counter
    private let coldStarts: Counter
    private let unplaced: Counter
    private let killed: Counter
    private let failures: Counter
    private let moves: Counter
    private let demanded: Counter
    private let granted: Counter
    private let throttledShare: Gauge
    private let workersUsed: Gauge
    private var began: FleetTally?
    private var told: FleetTally?
    private var movesTold = 0

    init(_ metrics: Metrics) {
        executions = metrics.counter(
            "fleet_executions_total", "Executions that ended.", labels: ["tier"])
        misses = metrics.counter(
            "fleet_deadline_misses_total", "Executions ended at their deadline.", labels: ["tier"])
        contentionMisses = metrics.counter(
            "fleet_contention_misses_total",
            "Of those the ones that would have met it alone on an idle worker.", labels: ["tier"])
        coldStarts = metrics.counter("fleet_cold_starts_total", "Executions that began cold.")
        unplaced = metrics.counter(
            "fleet_unplaced_total", "Executions whose function had no worker that was up.")
        killed = metrics.counter("fleet_killed_total", "Executions whose worker failed.")
        failures = metrics.counter("fleet_workers_failed_total", "Workers that failed.")
        moves = metrics.counter(
            "fleet_moves_total", "Functions that had a worker and got another.")
        demanded = metrics.counter(
            "fleet_cpu_demanded_seconds_total", "CPU that executions demanded while they ran.")
        granted = metrics.counter("fleet_cpu_granted_seconds_total", "CPU that they got.")
        throttledShare = metrics.gauge(
            "fleet_throttled_share", "Of the CPU demanded, what was not to be had; since the start."
        )
        workersUsed = metrics.gauge(
            "fleet_workers_used", "Workers that had a function or ran something, the last minute.")
    }

    /// - Parameter isPaced: not before what earlier processes sent is behind.
    mutating func tell(_ fleet: SimulatedFleet, isPaced: Bool) {
        let tally = fleet.tally
        guard isPaced, let began, let told else {
            (self.began, self.told, movesTold) = (tally, tally, fleet.placements.moves)
            return
        }
        let new = tally.since(told)
        for tier in Tier.allCases {
            executions.add(new.executions[tier], tier.rawValue)
            misses.add(new.misses[tier], tier.rawValue)
            contentionMisses.add(new.contentionMisses[tier], tier.rawValue)
        }
        coldStarts.add(new.coldStarts)
        unplaced.add(new.unplaced)
        killed.add(new.killed)
        failures.add(new.workersFailed)
        demanded.add(new.demandedCoreSeconds)
        granted.add(new.grantedCoreSeconds)
        moves.add(fleet.placements.moves - movesTold)
        throttledShare.set(tally.since(began).throttledShare)
        workersUsed.set(fleet.workersUsed)
        (self.told, movesTold) = (tally, fleet.placements.moves)
    }
}
