internal import CRdKafka
internal import Glibc

/// The properties of librdkafka, and which of them an operator may set.
public enum ClientProperties {
    /// Every name that the library on this machine knows, those of topics included.
    public static let names = listed()

    /// Whether the value opens a door.
    public static func isSecret(_ name: String) -> Bool {
        name.contains("password") || name.contains("secret") || name.hasSuffix("key.pem")
            || name == "sasl.oauthbearer.config"
    }

    /// Why an operator cannot set it so, never with the value of a secret; nil when that is fine.
    public static func refusal(of name: String, _ value: String) -> String? {
        if let reason = ours[name] {
            return "the program sets \(name) itself: \(reason)"
        }
        let configuration = rd_kafka_conf_new()
        defer { rd_kafka_conf_destroy(configuration) }
        var reason = [CChar](repeating: 0, count: 512)
        switch rd_kafka_conf_set(configuration, name, value, &reason, reason.count) {
        case RD_KAFKA_CONF_OK: return nil
        case RD_KAFKA_CONF_UNKNOWN: return "librdkafka \(version) has no property \(name)"
        default:
            guard !isSecret(name) else { return "librdkafka refuses the value of \(name)" }
            let text = reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            return "librdkafka refuses it: \(String(decoding: text, as: UTF8.self))"
        }
    }

    /// What is known not to work with the library on this machine; nil when nothing is.
    public static func warning(of settings: [String: String]) -> String? {
        let mechanism = settings["sasl.mechanism"] ?? settings["sasl.mechanisms"] ?? ""
        guard mechanism.uppercased().hasPrefix("SCRAM"), rd_kafka_version() < scramHealed else {
            return nil
        }
        return "Kafka from 4.0 on refuses \(mechanism) of librdkafka \(version), which sends its "
            + "nonce twice; librdkafka 2.6.1 heals it (Debian 13 has 2.8). Until then: PLAIN over "
            + "TLS, or client certificates"
    }

    private static var version: String { String(cString: rd_kafka_version_str()) }

    /// 2.6.1: a byte each for major, minor and revision, and one for what comes before a release.
    private static let scramHealed: Int32 = 0x0206_01ff

    /// What the guarantee rests on.
    private static let ours: [String: String] = {
        let positions = "positions are kept in PostgreSQL"
        let writing = "a message counts as written when all replicas in sync have it, once"
        let sharing = "a service's partitions of all topics must come to one process"
        return [
            "bootstrap.servers": "it is the setting kafka.bootstrap.servers",
            "metadata.broker.list": "it is the setting kafka.bootstrap.servers",
            "enable.auto.commit": positions, "auto.commit.enable": positions,
            "enable.auto.offset.store": positions, "auto.offset.reset": positions,
            "enable.partition.eof": positions, "isolation.level": positions,
            "enable.idempotence": writing, "acks": writing, "request.required.acks": writing,
            "transactional.id": writing, "enable.gapless.guarantee": writing,
            "group.id": "a stage's group has its name", "partitioner": sharing,
            "partition.assignment.strategy": sharing,
            "allow.auto.create.topics": "topics are made with their settings",
            "log.queue": "the log is read where the client is polled",
        ]
    }()

    /// From the library's own table, a line each: `name | C/P/* | range | default | …`.
    private static func listed() -> [String] {
        var start: UnsafeMutablePointer<CChar>?
        var count = 0
        guard let file = open_memstream(&start, &count) else { return [] }
        rd_kafka_conf_properties_show(file)
        fclose(file)
        defer { free(start) }
        guard let start else { return [] }
        let known = String(cString: start).split(separator: "\n").compactMap { line -> String? in
            let columns = line.split(separator: "|", omittingEmptySubsequences: false)
            guard columns.count > 4 else { return nil }
            let name = columns[0].filter { $0 != " " }
            let isName = name.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 46 || $0 == 95
            }
            return isName && !name.isEmpty ? name : nil
        }
        return Set(known).sorted()
    }
}
