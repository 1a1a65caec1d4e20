internal import HTTP
internal import Pages
internal import Runtime
internal import Settings
internal import Telemetry

/// Read-only pages over PostgreSQL: the fleet, its functions, its workers.
@main struct Dashboard {
    static func main() {
        let command = Command(
            name: "dashboard",
            summary: "web pages over PostgreSQL: what the fleet does, and how far each stage is",
            settings: DashboardSettings.all)
        Program.run(command, waitingFor: [Refresher.healthPart]) { program in
            let settings = program.settings
            let role = settings[DashboardSettings.role]
            let site = Site(
                database: settings.databaseTarget,
                role: role.isEmpty ? nil : role, clock: { Clock.wallMs })
            let routes = Routes(
                site: site, health: program.health, metrics: program.metrics,
                eventMs: settings[DashboardSettings.refreshMs])
            let server = try Server(
                address: settings[DashboardSettings.address],
                port: UInt16(settings[DashboardSettings.port]), threads: 4,
                hosts: .only(DashboardSettings.names(settings))
            ) { routes.answer($0) }
            program.log.info("pages served", [.port: .integer(Int(server.port))])
            Refresher(site: site, program: program).run()
            server.stop()
        }
    }
}

/// Reads the fleet again and again, on the main thread; waits longer while PostgreSQL is away.
private struct Refresher {
    static let healthPart = "postgres"
    private static let longestMs = 5_000

    let site: Site
    let program: Program

    func run() {
        let refreshMs = program.settings[DashboardSettings.refreshMs]
        let seconds = program.metrics.histogram(
            "dashboard_refresh_duration_seconds", "How long reading the fleet took.")
        var waitMs = refreshMs
        var isAway = false
        while !program.stop.isRequested {
            let began = Clock.monotonicMs
            let failure = site.refresh()
            seconds.observe(Double(Clock.monotonicMs - began) / 1_000)
            if let failure {
                program.health.waits(for: Self.healthPart, "waiting for postgres: \(failure)")
                if !isAway {
                    program.log.warning("waiting for postgres", [.error: .string(failure)])
                }
                waitMs = min(2 * waitMs, max(Self.longestMs, refreshMs))
            } else {
                program.health.isReady(Self.healthPart)
                if isAway { program.log.info("postgres is back") }
                waitMs = refreshMs
            }
            isAway = failure != nil
            program.stop.sleep(ms: waitMs)
        }
    }
}
