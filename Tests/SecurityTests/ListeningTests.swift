import Foundation
import TestSupport
import Testing

/// The programs on their own: whatever they wait for, they serve their state.
@Suite(.serialized, .enabled(if: EmbeddedBroker.isBuilt, "needs a build"))
struct `What listens` {
    /// With nothing behind the addresses given.
    private func start(_ name: String, _ more: [String: String] = [:]) throws -> Running {
        let nobody = "127.0.0.1:\(freePort())"
        var environment = [
            "KAFKA_BOOTSTRAP_SERVERS": nobody, "DATABASE_URL": "postgresql://x@\(nobody)/x",
            "DASHBOARD_PORT": "0",
        ]
        environment.merge(more) { $1 }
        let arguments = name == "fleet" ? ["generate"] : []
        return try Running(name, arguments, environment: environment)
    }

    private static let programs = [
        "featurizer", "learner", "predictor", "allocator", "fleet", "dashboard", "bridge",
    ]

    @Test(arguments: programs)
    func `listens on loopback unless told otherwise`(name: String) throws {
        let program = try start(name)
        defer { program.process.kill() }
        let port = try #require(program.port(), "\(program.said)")
        let places = Sockets.listening(of: program.process.processID)
        #expect(places.map(\.port) == [port])
        #expect(places.filter { !$0.isLoopback }.isEmpty, "\(places)")
        // A name of the open web that was made to point here is not answered.
        #expect(fetch(port, "/health", host: "rebound.example")?.status == 421)
        #expect(fetch(port, "/health", host: "rebound.example:\(port)")?.status == 421)
        for host in ["localhost", "localhost:\(port)", "127.0.0.1:\(port)", "[::1]:\(port)"] {
            #expect(fetch(port, "/health", host: host)?.status == 200, "\(host)")
        }
    }

    @Test(arguments: ["featurizer", "fleet", "dashboard"])
    func `listens elsewhere when told to`(name: String) throws {
        let program = try start(
            name,
            [
                "OPERATIONS_ADDRESS": "0.0.0.0", "DASHBOARD_ADDRESS": "0.0.0.0",
                "DASHBOARD_HOSTS": "fleet.example, other.example",
            ])
        defer { program.process.kill() }
        let port = try #require(program.port(), "\(program.said)")
        let places = Sockets.listening(of: program.process.processID)
        #expect(places.count == 1 && places.filter { !$0.isEverywhere }.isEmpty, "\(places)")
        // Any address of loopback but the first stands for "not the one it would bind by default".
        #expect(fetch(port, "/health", address: "127.9.9.9")?.status == 200)
        #expect(fetch(port, "/health", host: "fleet.example")?.status == 200)
        // The state of a stage is asked for by whatever name a monitoring system knows; the pages
        // are not.
        let strange = fetch(port, "/health", host: "rebound.example")?.status
        #expect(strange == (name == "dashboard" ? 421 : 200))
    }

    @Test func `listens on loopback, the broker too`() throws {
        let broker = try EmbeddedBroker()
        defer { broker.kill() }
        let places = Sockets.listening(of: broker.child.processID)
        #expect(places.count == 1 && places.filter { !$0.isLoopback }.isEmpty, "\(places)")
        let open = try EmbeddedBroker(arguments: ["--host", "0.0.0.0"])
        defer { open.kill() }
        let everywhere = Sockets.listening(of: open.child.processID)
        #expect(
            everywhere.count == 1 && everywhere.filter { !$0.isEverywhere }.isEmpty, "\(everywhere)"
        )
    }

    @Test func `says that the dashboard has no log-in`() throws {
        let program = try start("dashboard", [:])
        program.process.kill()
        let help = try Running("dashboard", ["--help"])
        help.process.wait(within: .seconds(20))
        #expect(help.said.contains("there is no log-in"))
    }

    @Test func `sends headers that keep other sites out`() throws {
        let program = try start("dashboard")
        defer { program.process.kill() }
        let port = try #require(program.port(), "\(program.said)")
        let targets = [
            "/", "/workers", "/functions/a/b/c", "/load.csv", "/health", "/ready", "/metrics",
            "/nothing/here", "/%zz", "/..%2f..%2fetc%2fpasswd", "/assets/dashboard.js",
        ]
        for target in targets {
            let answer = try #require(fetch(port, target), "\(target)")
            let policy = answer.headers["content-security-policy"] ?? ""
            #expect(policy.contains("default-src 'self'"), "\(target)")
            #expect(policy.contains("frame-ancestors 'none'"), "\(target)")
            #expect(!policy.contains("unsafe"), "\(target)")
            #expect(answer.headers["x-content-type-options"] == "nosniff", "\(target)")
            #expect(answer.headers["referrer-policy"] == "no-referrer", "\(target)")
            #expect(answer.headers["cross-origin-resource-policy"] == "same-origin", "\(target)")
            #expect(answer.headers["access-control-allow-origin"] == nil, "\(target)")
            let kept = target.hasPrefix("/assets/") ? "no-cache" : "no-store"
            #expect(answer.headers["cache-control"] == kept, "\(target)")
        }
    }
}
