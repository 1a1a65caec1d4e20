import Foundation
import Kafka
import Postgres
import TestSupport
import Testing
import Topics

/// The whole line under a fleet of hostile names, from Kafka to the pages a browser gets.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(if: ThrowawayPostgres.isInstalled && EmbeddedBroker.isBuilt, "needs PostgreSQL"))
struct `A hostile name` {
    @Test func `goes the whole way as the text that it is`() throws {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            try EmbeddedBroker.withBroker { servers in
                let line = try HostileLine(servers, url)
                defer { line.stop() }
                try HostileFleet.send(to: servers)
                let ids = Set(HostileFleet.functions.map(\.bytes))
                #expect(try line.reaches(ids, in: "functions", of: "featurizer"), "\(line.said)")
                #expect(try line.reaches(ids, in: "representations", of: "learner"), "\(line.said)")
                #expect(try line.reaches(ids, in: "assignments", of: "allocator"), "\(line.said)")
                let services = Set(HostileFleet.functions.map { Array($0.bytes.prefix(2)) })
                #expect(
                    try line.reaches(services, in: "predictions", of: "predictor"), "\(line.said)")
                #expect(try line.rejections() == ["invalid_name": 8, "unknown_content_type": 1])

                try expectHarmless(line)

                // What is kept of them comes back: nobody dies of a name at the next start.
                try line.restartStages()
                try HostileFleet.sendMore(to: servers)
                let each = (HostileFleet.slots + 1) * HostileFleet.perSlot
                let all = each * HostileFleet.functions.count
                #expect(
                    eventually(within: .seconds(30)) { (try? line.invocations()) == all },
                    "\(line.said)")
                #expect(line.isAlive, "\(line.said)")
                expectReadableLog(line)
            }
        }
    }

    private func expectHarmless(_ line: HostileLine) throws {
        let port = try #require(line.dashboard.port())
        #expect(eventually { fetch(port, "/ready")?.status == 200 })
        var targets = ["/", "/workers", "/events", "/metrics", "/nothing<script>", "/load.csv"]
        for name in HostileFleet.names + HostileFleet.refused {
            let part = encoded(name)
            targets += [
                "/?q=\(part)", "/functions/\(part)/\(part)/\(part)", "/workers/\(part)",
                "/functions/\(part)/\(part)/\(part)/load.csv", "/workers/\(part)/load.csv",
                "/at?part=functions&part=\(part)&part=\(part)&part=\(part)", "/\(part)",
            ]
        }
        // Where the pages themselves lead.
        let links = Set(["/", "/workers"].flatMap { hrefs(fetch(port, $0)?.body ?? "") })
        let functionLinks = links.filter { $0.contains("functions") && !$0.contains("#") }
        // The table of the first page lists at most so many; every one of ours is among them.
        #expect(functionLinks.count >= HostileFleet.names.count)
        #expect(links.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("#") }, "\(links)")
        for target in targets + links.sorted() where !target.hasPrefix("#") {
            let place = String(target.prefix { $0 != "#" })
            let answer = try #require(
                fetch(port, place, bytesMax: place == "/events" ? 2_000 : 8 << 20), "\(place)")
            let isRefusal = answer.status == 400 || answer.status == 404
            #expect(answer.status == 200 || isRefusal, "\(place): \(answer.status)")
            if links.contains(target) {
                #expect(answer.status == 200, "\(place): \(answer.status)")
            }
            #expect(Shown.steering(answer.body) == [] || isCSV(answer), "\(place)")
            #expect(answer.headers["x-content-type-options"] == "nosniff", "\(place)")
            #expect(answer.headers["set-cookie"] == nil, "\(place)")
            if answer.headers["content-type"]?.hasPrefix("text/html") == true {
                let faults = Shown.faults(inHTML: answer.body)
                #expect(faults == [], "\(place)")
            }
            if isCSV(answer) { expectSameColumns(answer.body, place) }
        }
        // Labels are few, and no customer's.
        let metrics = fetch(port, "/metrics")?.body ?? ""
        #expect(HostileFleet.names.filter { $0.count > 4 && metrics.contains($0) } == [])
    }

    private func isCSV(_ answer: Fetched) -> Bool {
        answer.headers["content-type"]?.hasPrefix("text/csv") == true
    }

    /// A name that broke out of its field would make a row longer, or begin one with a formula.
    private func expectSameColumns(_ text: String, _ place: String) {
        let rows = Shown.rows(ofCSV: text)
        #expect(Set(rows.map(\.count)).count == 1, "\(place)")
        let formulas = (rows.first ?? []).filter { field in
            field.unicodeScalars.first.map { "=+-@".unicodeScalars.contains($0) } ?? false
        }
        #expect(formulas == [], "\(place)")
    }

    private func expectReadableLog(_ line: HostileLine) {
        for text in line.logs {
            #expect(Shown.steering(text) == [])
            for entry in text.split(separator: "\n") {
                #expect(
                    (try? JSONSerialization.jsonObject(with: Data(entry.utf8))) != nil, "\(entry)")
            }
        }
    }

    @Test func `in a log or a message of compose/up does not steer the terminal`() throws {
        let script = """
            cd '\(Products.packageFolder)' && source compose/machine.sh && source compose/embedded.sh
            printf 'a\\033[31mb\\302\\233c\\007d\\n\\303\\251\\n' | printable
            """
        let outcome = try ChildProcess.run(
            "/bin/bash", ["-c", script], within: .seconds(20))
        #expect(outcome.output == "a?[31mb?c?d\né\n", "\(outcome.error)")
    }
}

extension FunctionID {
    /// By bytes: to Swift, names that are canonically equivalent are equal.
    var bytes: [[UInt8]] {
        [service.customer, service.service, function].map { Array($0.utf8) }
    }
}

private func encoded(_ name: String) -> String {
    name.utf8.map { byte in
        let isPlain = (97...122).contains(byte) || (48...57).contains(byte)
        return isPlain
            ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
}

private func hrefs(_ html: String) -> [String] {
    html.split(separator: "href=\"").dropFirst().map { part in
        String(part.prefix { $0 != "\"" }).replacing("&amp;", with: "&")
    }
}

/// The stages and the dashboard.
private final class HostileLine {
    private let environment: [String: String]
    private var stages: [Running] = []
    private var ended: [String] = []
    private var session: Session
    let dashboard: Running

    init(_ servers: String, _ url: String) throws {
        session = try Session(url)
        environment = [
            "KAFKA_BOOTSTRAP_SERVERS": servers, "DATABASE_URL": url,
            "CHECKPOINT_INTERVAL_MS": "500",
            "FEATURIZER_QUIET_CLOSE_MS": "1000", "LOG_LEVEL": "debug", "DASHBOARD_PORT": "0",
            "DASHBOARD_REFRESH_MS": "300",
        ]
        dashboard = try Running("dashboard", environment: environment)
        try start()
        guard
            eventually(
                within: .seconds(30),
                {
                    (try? Admin(bootstrapServers: servers).partitionCounts(timeoutMs: 1_000))?.count
                        == Topic.all.count
                })
        else { throw HostileFleet.Unsent() }
    }

    private func start() throws {
        stages = try SeededTables.stages.map { try Running($0, environment: environment) }
    }

    /// Killed, so that all of it comes back from the checkpoints.
    func restartStages() throws {
        stop()
        try start()
    }

    func stop() {
        ended += stages.map(\.process.standardError)
        for stage in stages { stage.process.kill() }
        for stage in stages { stage.process.wait(within: .seconds(10)) }
    }

    var isAlive: Bool { stages.allSatisfy(\.process.isRunning) && dashboard.process.isRunning }
    var logs: [String] { ended + stages.map(\.process.standardError) + [dashboard.said] }
    var said: String { logs.map { String($0.suffix(1_500)) }.joined(separator: "\n") }

    func reaches(_ names: Set<[[UInt8]]>, in table: String, of stage: String) throws -> Bool {
        let columns = names.first?.count == 2 ? "customer, service" : "customer, service, function"
        return eventually(within: .seconds(40)) {
            // A question a blink would be work for the whole machine.
            usleep(100_000)
            guard isAlive,
                let rows = try? session.execute("select \(columns) from \(stage).\(table)")
            else { return false }
            let found = rows.map { row in
                (0..<(names.first?.count ?? 0)).map { Array((row[$0] as String).utf8) }
            }
            return names.isSubset(of: Set(found))
        }
    }

    func rejections() throws -> [String: Int] {
        let rows = try session.execute(
            "select reason, sum(messages)::bigint from featurizer.rejections group by reason")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, Int($0[1] as Int64)) })
    }

    func invocations() throws -> Int {
        let rows = try session.execute("select sum(invocations)::bigint from featurizer.functions")
        return Int(rows[0][0] as Int64)
    }
}
