import Foundation
import Synchronization
import TestSupport

/// The Python clients: programs of `Python/`, run by a Python that has the client.
enum PythonPrograms {
    static let confluent = programs(
        "confluent_client.py",
        [
            "records": codecs.map { "\($0) 200 as sent" },
            "times": codecs.flatMap { codec in
                times.map { "\(codec) \($0) \($1)" }
                    + ["\(codec) earliest 0", "\(codec) latest 6", "\(codec) largest time 4"]
            } + ["append time True True"],
            "groups": [
                "range [[0, 1], [2, 3]]", "True range [2, 2]", "alone [0, 1, 2, 3]",
                "cooperative ['+4', '-2'] 2 2", "static True True", "committed [7, -1001]",
            ],
            "transactions": [
                "read_committed [(0, 'a'), (1, 'b')]",
                "read_uncommitted [(0, 'a'), (1, 'b'), (3, 'c'), (5, 'open')]",
                "READ_COMMITTED 5", "READ_UNCOMMITTED 6", "the first _FENCED True",
                "in the end [(0, 'a'), (1, 'b'), (7, 'd')]", "offset 2",
            ],
            "administration": [
                "again TOPIC_ALREADY_EXISTS", "replicas INVALID_REPLICATION_FACTOR",
                "name TOPIC_EXCEPTION", "config INVALID_CONFIG",
                "['retention.ms=1000000', 'cleanup.policy=delete', 'max.message.bytes=1048588',"
                    + " 'message.timestamp.type=CreateTime']",
                "alter ok", "delete,compact", "grow ok", "left from 4",
                "['4', '5', '6', '7', '8', '9']", "[(True, True, True)]", "move ok", "moved to 8",
                "delete group ok", "again GROUP_ID_NOT_FOUND", "nodes [1] 1", "delete ok",
                "again UNKNOWN_TOPIC_OR_PART",
            ],
        ])

    static let kafkaPython = programs(
        "kafka_python_client.py",
        [
            "records": ["None", "gzip", "snappy", "lz4", "zstd"].map { "\($0) 200 as sent" },
            // With the time of the record that was found; 220 comes before 210.
            "times": [
                "0 (0, 100)", "100 (0, 100)", "101 (1, 110)", "120 (2, 120)", "121 (3, 200)",
                "215 (4, 220)", "221 None", "from 0 to 6", "append time 1 True True",
            ],
            "groups": [
                "shares [[0, 1], [2, 3]]", "described Stable consumer range 2",
                "committed 5 a note", "listed ['Empty']",
            ],
            "transactions": [
                "read_committed [(0, 'a'), (1, 'b')]",
                "read_uncommitted [(0, 'a'), (1, 'b'), (3, 'c'), (5, 'open')]",
                "the first ProducerFencedError", "in the end [(0, 'a'), (1, 'b'), (7, 'd')]",
                "offset 2",
            ],
            "administration": [
                "again TopicAlreadyExistsError", "replicas InvalidReplicationFactorError",
                "name InvalidTopicError", "config InvalidConfigurationError", "partitions 2",
                "left from 4", "['4', '5', '6', '7', '8', '9']", "nodes [1]", "moved to 8",
                "delete group OK", "deleted",
            ],
        ])

    static let hasConfluent = has("confluent_kafka")
    /// With the codecs, which are modules of their own.
    static let hasKafkaPython = has("kafka, lz4, snappy, zstandard")

    private static let codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
    /// Batches of 100, 110, 120 and of 200, 220, 210 ms: which offset is as late as is asked.
    private static let times = [
        (0, 0), (100, 0), (101, 1), (120, 2), (121, 3), (215, 4), (221, -1),
    ]

    /// `ANTIPHASE_PYTHON`, or the one on PATH.
    private static let python: String? = {
        let environment = ProcessInfo.processInfo.environment
        if let named = environment["ANTIPHASE_PYTHON"], !named.isEmpty { return named }
        return (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Python").path

    private static func has(_ modules: String) -> Bool {
        guard let python else { return false }
        let outcome = try? ChildProcess.run(
            python, ["-c", "import \(modules)"], within: .seconds(30))
        return outcome?.ending == .exited(0)
    }

    private static func programs(
        _ file: String, _ expected: KeyValuePairs<String, [String]>
    ) -> [Program] {
        expected.map { name, lines in
            Program("\(file) \(name)", sees: lines) { site in
                guard let python else { throw Stuck("no python") }
                let outcome = try ChildProcess.run(
                    python, ["-B", "\(folder)/\(file)", site.servers, site.name("run"), name],
                    within: .seconds(180))
                guard outcome.ending == .exited(0) else {
                    throw Stuck("\(file) \(name): \(outcome.ending): \(outcome.error)")
                }
                return outcome.output.split(separator: "\n").map(String.init)
            }
        }
    }
}
