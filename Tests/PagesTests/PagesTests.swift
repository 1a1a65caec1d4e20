import Foundation
import Postgres
import TestSupport
import Testing

@testable import Pages

/// Names that a customer may choose, and that mean something somewhere on the way to the reader.
private let hostileNames = [
    "<script>alert(1)</script>", "\" onmouseover=\"alert(1)", "O'Brien & Söhne; &lt;", "関数/一",
    "..", "a/../b", "50%25?q=1#x", "\u{202e}txt", "=1+1,\"x\"", "resize",
]

private let postgres: Comment = "needs PostgreSQL: initdb and postgres"

/// One at a time: provisioning makes roles, which belong to the server and not to a database.
@Suite(.serialized, .enabled(if: ThrowawayPostgres.isInstalled, postgres))
enum `The dashboard` {}

extension `The dashboard` {
    @Suite struct `Pages over a seeded database` {
        @Test func `say what an operator asks first`() throws {
            try withSite { site, _ in
                let page = try read(site.answer([]))
                // 24 functions; the i-th has 1 000 000 / i invocations, in whole numbers.
                let invocations = (1...24).reduce(0) { $0 + 1_000_000 / $1 }
                #expect(invocations == 3_775_952)
                for said in [
                    "Invocations folded 3 775 952", "Functions 24 of 1 service", "1 function waits",
                    "Assigned 23", "Workers in use 4 of 5 ready", "3 fewer than by peaks (42.9 %)",
                    "1 worker is planned beyond the CPU there is",
                    "featurizer invocations → shapes keeps up 120 16",
                    "Fleet time 2019-07-15 15:42 UTC", "24 functions, the most invoked first",
                    "No message was rejected",
                ] {
                    #expect(page.text.contains(said), "\(said)")
                }
            }
        }

        @Test func `tell of a function where it runs, why, and how it will do`() throws {
            try withSite { site, _ in
                let page = try read(site.answer(["functions", "acme", "images", "resize-2"]))
                for said in [
                    "acme / images / resize-2", "Where it runs w3-1",
                    "because acme/images/resize-1 there is in antiphase to it.",
                    "Monday 2019-07-15 CPU in use", "the day before",
                    "opposite: acme/images/resize-3",
                    "99.1 % will succeed", "98.7 % to 99.4 %", "48 123 outcomes of its own",
                    "error 75", "out of memory 15", "51 cold starts", "512 MB", "30 s", "burstable",
                    "1 of encoder 2",
                ] {
                    #expect(page.text.contains(said), "\(said)")
                }
                #expect(page.targets.contains("/workers/w3-1?cell=3"))
                #expect(page.targets.contains("/functions/acme/images/resize-3"))
            }
        }

        @Test func `show a worker's members on one another, and what that saves`() throws {
            try withSite { site, _ in
                let page = try read(site.answer(["workers", "w3-0"]))
                #expect(page.text.contains("Together its members peak at"))
                #expect(page.text.contains("below the"))
                let areas = page.elements.filter { $0.value("class")?.hasPrefix("area ") ?? false }
                let listed = page.elements.filter { $0.name == "a" && $0.value("class") == "name" }
                #expect(areas.count == listed.count)
                #expect(areas.count > 2)
            }
        }

        @Test func `find functions by any part of their name`() throws {
            try withSite { site, _ in
                let found = try read(site.answer([], query: [("q", "RESIZE-2")]))
                // resize-2 and resize-20 to resize-23.
                #expect(found.text.contains("5 functions, the most invoked first"))
                let none = try read(site.answer([], query: [("q", "%")]))
                #expect(
                    none.text.contains("No customer, service or function has this in its name."))
            }
        }

        @Test func `give every chart's values as CSV`() throws {
            try withSite { site, _ in
                for target in [
                    "load.csv", "functions/acme/images/resize-2/load.csv", "workers/w3-0/load.csv",
                ] {
                    let page = site.answer(target.split(separator: "/").map(String.init))
                    #expect(page.status == 200)
                    #expect(page.contentType.hasPrefix("text/csv"))
                    let lines = page.body.components(separatedBy: "\r\n")
                    // A head, a slot of five minutes a line, and nothing after the last line feed.
                    #expect(lines.count == 290)
                    #expect(lines[0].hasPrefix("time,"))
                    #expect(lines[1].hasPrefix("2019-07-1"))
                    #expect(!lines[1].hasSuffix(","))
                }
            }
        }

        @Test func `lead nowhere that is not there, whatever the names, and are well formed`()
            throws
        {
            try withSite(names: hostileNames) { site, _ in
                let assets = Set(Asset.all.map { "/assets/\($0.name)" })
                let stream = try live(site)
                var seen: Set<String> = []
                var waiting = ["/", "/workers", "/?q=%3Cscript%3E"]
                while let target = waiting.popLast() {
                    guard !assets.contains(target), seen.insert(target).inserted else { continue }
                    let (segments, query) = request(target)
                    let page = site.answer(segments, query: query)
                    #expect(page.status == 200, "\(target)")
                    guard page.contentType.hasPrefix("text/html") else { continue }
                    let markup = Markup(page.body)
                    #expect(markup.faults == [], "\(target)")
                    // From whatever page it is followed.
                    #expect(markup.targets.filter { !$0.hasPrefix("/") } == [], "\(target)")
                    #expect(faults(markup, live: stream) == [], "\(target)")
                    waiting += markup.targets
                }
                // 24 functions, 5 workers, their CSVs, the fleet's, the lists and searches.
                #expect(seen.count > 50)
                for name in hostileNames {
                    let page = try read(site.answer(["functions", "acme", "images", name]))
                    let readable = name.replacing("\u{202e}", with: "\u{fffd}").split(
                        whereSeparator: \.isWhitespace
                    ).joined(separator: " ")
                    #expect(page.text.contains("acme / images / \(readable)"))
                }
            }
        }

        @Test func `stream the same texts as the page was written with`() throws {
            try withSite { site, _ in
                let page = try read(site.answer([]))
                let stream = try live(site)
                #expect(stream["invocations"] == "3\u{202f}775\u{202f}952")
                #expect(Set(page.values("data-live")).isSubset(of: stream.keys))
            }
        }

        @Test func `say no more than 404 of what there is not`() throws {
            try withSite { site, _ in
                for segments in [
                    ["nothing"], ["functions"], ["functions", "a", "b", "c"], ["workers", "w9"],
                    ["functions", "a", "b", "c", "load.csv"], ["workers", "w9", "load.csv"],
                    ["<script>"],
                ] {
                    let page = site.answer(segments)
                    #expect(page.status == 404)
                    #expect(Markup(page.body).faults == [])
                }
            }
        }

        /// What the content security policy or an assistive technology would object to.
        private func faults(_ page: Markup, live: [String: String]) -> [String] {
            var faults: [String] = []
            let ids = page.values("id")
            if Set(ids).count != ids.count { faults.append("an id twice: \(ids.sorted())") }
            for element in page.elements {
                for (name, value) in element.attributes {
                    if name == "style" || name.hasPrefix("on") { faults.append("\(name)=\(value)") }
                    if name == "aria-labelledby" {
                        faults += value.split(separator: " ").map(String.init)
                            .filter { !ids.contains($0) }.map { "no element is #\($0)" }
                    }
                    if name == "data-live", live[value] == nil {
                        faults.append("not live: \(value)")
                    }
                }
                if element.name == "script", element.value("src") != "/assets/dashboard.js" {
                    faults.append("a script of its own")
                }
                if element.name == "th", element.value("scope") == nil {
                    faults.append("a bare th")
                }
            }
            if page.elements.count(where: { $0.name == "h1" }) != 1 { faults.append("not one h1") }
            return faults
        }

        private func live(_ site: Site) throws -> [String: String] {
            struct Told: Decodable { var texts: [String: String] }
            return try JSONDecoder().decode(Told.self, from: Data(site.events.utf8)).texts
        }

        private func withSite(
            names: [String] = ["resize", "resize-1"], _ body: (Site, String) throws -> Void
        ) throws {
            try ThrowawayPostgres.withProvisionedDatabase { url in
                var session = try Session(url)
                for stage in SeededTables.stages { try SeededTables.migrate(stage, &session) }
                try SeededTables.fill(names: names, into: &session)
                let site = Site(databaseURL: url, clock: wallMs)
                #expect(site.refresh() == nil)
                try body(site, url)
            }
        }
    }
}

extension `The dashboard` {

    @Suite struct `Pages without data` {
        @Test func `say that no stage has started`() throws {
            try ThrowawayPostgres.withProvisionedDatabase { url in
                let site = Site(databaseURL: url, clock: wallMs)
                #expect(site.refresh() == nil)
                let page = try read(site.answer([]))
                for said in [
                    "No stage has started yet: there is nothing to show.",
                    "The featurizer has not started yet: there is no load to show.",
                    "The allocator has not started yet.",
                    "learner shapes → representations has not",
                ] {
                    #expect(page.text.contains(said), "\(said)")
                }
                let workers = try read(site.answer(["workers"]))
                #expect(workers.text.contains("The allocator has not started yet."))
                #expect(site.answer(["functions", "a", "b", "c"]).status == 404)
            }
        }

        @Test func `say which stage is missing, and what the others have not done yet`() throws {
            try ThrowawayPostgres.withProvisionedDatabase { url in
                var session = try Session(url)
                for stage in ["featurizer", "allocator"] {
                    try SeededTables.migrate(stage, &session)
                }
                let site = Site(databaseURL: url, clock: wallMs)
                #expect(site.refresh() == nil)
                let page = try read(site.answer([]))
                for said in [
                    "The learner has not started yet.", "The predictor has not started yet.",
                    "The featurizer has started, and owns no partition yet.",
                    "No function has been invoked yet.", "The featurizer has closed no slot yet",
                    "The allocator knows no worker that is ready yet.",
                ] {
                    #expect(page.text.contains(said), "\(said)")
                }
                let workers = try read(site.answer(["workers"]))
                #expect(workers.text.contains("The fleet has reported no worker yet."))
            }
        }

        @Test func `say since when PostgreSQL is away, and read again when it is back`() throws {
            try ThrowawayPostgres.withServer { server in
                let site = Site(databaseURL: server.url(of: "postgres"), role: nil, clock: wallMs)
                #expect(site.answer([]).status == 200)
                #expect(site.refresh() == nil)
                server.crash()
                #expect(site.refresh() != nil)
                for segments in [["workers"], ["functions", "a", "b", "c"]] {
                    let page = site.answer(segments)
                    #expect(page.status == 503)
                    #expect(Markup(page.body).text.contains("PostgreSQL is away since"))
                }
                let fleet = site.answer([])
                #expect(fleet.status == 503)
                #expect(Markup(fleet.body).text.contains("what is shown here was read before"))
                try server.start()
                #expect(site.refresh() == nil)
                #expect(site.answer([]).status == 200)
            }
        }
    }
}

private func read(_ page: Page) throws -> Markup {
    #expect(page.status == 200)
    let markup = Markup(page.body)
    #expect(markup.faults == [])
    return markup
}

@Sendable private func wallMs() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
