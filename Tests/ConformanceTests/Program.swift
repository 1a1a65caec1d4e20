import Foundation
import Synchronization
import TestSupport
import Testing

/// What one client does to a broker, and what it is to see.
///
/// The same program runs against the embedded broker and against Apache Kafka. It returns what it
/// saw in lines, without what must differ (names, times, ids): those it turns into statements
/// about them.
struct Program: Sendable, CustomTestStringConvertible {
    let title: String
    /// What Kafka's documentation or arithmetic says is to be seen.
    let expected: [String]
    let run: @Sendable (Site) throws -> [String]

    var testDescription: String { title }

    init(
        _ title: String, sees expected: [String],
        _ run: @escaping @Sendable (Site) throws -> [String]
    ) {
        self.title = title
        self.expected = expected
        self.run = run
    }

    /// Whether what takes minutes runs too: `compose/test --conformance`.
    static let areAllAskedFor =
        ProcessInfo.processInfo.environment["ANTIPHASE_CONFORMANCE"] == "1"

    /// What it saw of a broker; it runs once for each.
    func seen(of kind: Site.Kind) throws -> [String] {
        let key = "\(kind) \(title)"
        if let known = Program.seen.withLock({ $0[key] }) { return try known.get() }
        let result = Result { try run(Site.shared(kind)) }
        Program.seen.withLock { $0[key] = result }
        return try result.get()
    }

    private static let seen = Mutex<[String: Result<[String], any Error>]>([:])
}

extension Program {
    func checkEmbedded() throws {
        let differences = Program.differences(expected, try seen(of: .embedded))
        #expect(differences == [])
    }

    func compare() throws {
        let differences = Program.differences(try seen(of: .apache), try seen(of: .embedded))
        #expect(differences == [])
    }

    /// What is in one and not in the other, by lines: `-` wanted, `+` seen of the embedded broker.
    private static func differences(_ wanted: [String], _ seen: [String]) -> [String] {
        seen.difference(from: wanted).map { change in
            switch change {
            case .insert(let offset, let line, _): "+\(offset) \(line)"
            case .remove(let offset, let line, _): "-\(offset) \(line)"
            }
        }
    }
}

/// Why a program is skipped.
let takesMinutes: Comment = "takes minutes: compose/test --conformance"
let needsKafka: Comment = "needs Apache Kafka (../shared/kafka/kafka or ANTIPHASE_KAFKA) and java"

/// A program cannot go on.
struct Stuck: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Waits for what another thread or process does.
func await_(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () throws -> Bool
) throws {
    guard try eventually(within: limit, condition) else { throw Stuck("waited for \(what)") }
}
