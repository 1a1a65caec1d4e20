import Foundation
import Testing

/// Conventions that a reader may rely on are a test.
@Suite struct `The tree` {
    @Test(arguments: Rule.banned)
    func `holds no banned word`(_ rule: Rule) throws {
        let offences = try sources().filter { !rule.allows($0.path) }.flatMap { source in
            source.lines.enumerated().filter { $0.element.contains(rule.word) }
                .map { "\(source.path):\($0.offset + 1) says \(rule.word): \(rule.instead)" }
        }
        #expect(offences == [])
    }

    @Test func `keeps files under 400 lines and lines within 110 columns`() throws {
        let all = try sources()
        #expect(all.filter { $0.lines.count > 400 }.map(\.path) == [])
        let long = all.filter { !$0.path.contains("Tests/Fixtures") }.flatMap { source in
            source.lines.enumerated().filter { $0.element.count > 110 }
                .map { "\(source.path):\($0.offset + 1)" }
        }
        #expect(long == [])
    }

    @Test func `lets no service import another`() throws {
        let rooms = [
            "Featurization", "RepresentationLearning", "Prediction", "Allocation",
            "Workload", "Brokerage", "Pages", "Translation",
        ]
        let activities = Set(rooms)
        let offences = try sources().filter { $0.path.hasPrefix("Services/") }.flatMap { source in
            let own = source.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
            return source.imports.filter { activities.contains($0) }
                .filter { !source.exists(room: $0, in: own) }
                .map { "\(source.path) imports \($0)" }
        }
        #expect(offences == [])
    }

    @Test func `keeps Kafka, PostgreSQL and HTTP out of the activities`() throws {
        let pure = [
            "Services/Featurizer/Featurization", "Services/Predictor/Prediction",
            "Services/Learner/RepresentationLearning", "Services/Allocator/Allocation",
            "Services/Fleet/Workload", "Services/Bridge/Translation", "Shared/Numerics",
            "Shared/Processing",
            "Shared/Topics",
        ]
        let shells: Set<String> = ["Kafka", "Postgres", "HTTP", "Runtime", "Dispatch"]
        let offences = try sources().filter { source in
            pure.contains { source.path.hasPrefix($0) }
        }.flatMap { source in
            source.imports.filter(shells.contains).map { "\(source.path) imports \($0)" }
        }
        #expect(offences == [])
    }

    @Test func `has nothing but the agreed folders at its top`() throws {
        let agreed: Set<String> = [
            "Package.swift", "Services", "Shared", "Tests", "compose", "README.md",
        ]
        let found = try FileManager.default.contentsOfDirectory(atPath: root.path)
            .filter { !$0.hasPrefix(".") }
        #expect(Set(found).subtracting(agreed) == [])
    }

    @Test func `names every room in the README`() throws {
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        for wing in ["Services", "Shared"] {
            let rooms = try FileManager.default
                .contentsOfDirectory(atPath: root.appending(path: wing).path)
                .filter { !$0.hasPrefix(".") && !$0.hasSuffix(".md") }
            for room in rooms { #expect(readme.contains(room)) }
        }
    }

    @Test func `names no path of a machine and nothing from outside`() throws {
        let banned: [String] = ["/wo" + "rk/", "/ho" + "me/"]
        var offences: [String] = []
        for source in try sources() {
            for word in banned where source.text.contains(word) {
                offences.append("\(source.path) says \(word)")
            }
        }
        #expect(offences == [])
    }
}

/// A word that no source says, what to say instead, and who may say it all the same.
struct Rule: CustomTestStringConvertible, Sendable {
    let word: String
    let instead: String
    let allowed: [String]

    var testDescription: String { word }
    func allows(_ path: String) -> Bool { allowed.contains { path.hasPrefix($0) } }

    private static let shell = [
        "Shared/Kafka", "Shared/Postgres", "Shared/HTTP", "Shared/Runtime", "Services/Broker",
        "Tests",
    ]

    static let banned = [
        Rule(
            word: "Date()", instead: "time comes as data; the shell reads Clock",
            allowed: ["Tests", "Services/Dashboard"]),
        Rule(word: ".random(in: 0", instead: "SeededRandom, with using:", allowed: ["Tests"]),
        Rule(word: "try" + "!", instead: "handle it, or precondition", allowed: []),
        Rule(word: "as" + "! ", instead: "guard let", allowed: []),
        Rule(word: "Task {", instead: "one thread a process", allowed: ["Tests"]),
        Rule(word: "@unchecked Send" + "able", instead: "a value, or a Mutex", allowed: shell),
        Rule(word: "nonisolated(uns" + "afe)", instead: "a value, or a Mutex", allowed: shell),
        Rule(word: "TO" + "DO", instead: "do it, or file an issue", allowed: []),
        Rule(word: "FIX" + "ME", instead: "do it, or file an issue", allowed: []),
        Rule(word: "Helpers", instead: "the name of the thing", allowed: ["Tests/TidyTests"]),
        Rule(word: "Utilities", instead: "the name of the thing", allowed: ["Tests/TidyTests"]),
    ]
}

private struct Source {
    let path: String
    let text: String
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var imports: [String] {
        lines.filter { $0.contains("import ") && !$0.hasPrefix(" ") && !$0.hasPrefix("//") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    func exists(room: String, in service: String) -> Bool {
        FileManager.default.fileExists(
            atPath: root.appending(path: "Services/\(service)/\(room)").path)
    }
}

private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

private func sources() throws -> [Source] {
    var found: [Source] = []
    for wing in ["Package.swift", "Services", "Shared", "Tests"] {
        let start = root.appending(path: wing)
        let paths =
            wing.hasSuffix(".swift")
            ? [start]
            : FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)?
                .compactMap { $0 as? URL } ?? []
        for url in paths where url.pathExtension == "swift" {
            let path = String(url.path.dropFirst(root.path.count + 1))
            found.append(Source(path: path, text: try String(contentsOf: url, encoding: .utf8)))
        }
    }
    precondition(found.count > 50, "only \(found.count) sources found below \(root.path)")
    return found.sorted { $0.path < $1.path }
}
