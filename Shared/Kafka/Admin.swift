internal import CRdKafka

/// Creates, counts and deletes topics.
public final class Admin {
    /// A topic as it is to be.
    public struct NewTopic: Equatable, Sendable {
        public var name: String
        public var partitions: Int
        /// nil for the broker's own default.
        public var replication: Int?
        /// Kafka's own names, for example `cleanup.policy`.
        public var configuration: [String: String]

        public init(
            _ name: String, partitions: Int, replication: Int? = nil,
            configuration: [String: String] = [:]
        ) {
            self.name = name
            self.partitions = partitions
            self.replication = replication
            self.configuration = configuration
        }
    }

    private let handle: Handle

    private let reports: Reports

    /// - Parameter settings: further librdkafka settings.
    public convenience init(
        bootstrapServers: String, settings: [String: String] = [:],
        log: ((KafkaLogLine) -> Void)? = nil
    ) throws(KafkaError) {
        try self.init(Cluster(bootstrapServers: bootstrapServers, settings: settings), log: log)
    }

    public init(
        _ cluster: Cluster, log: ((KafkaLogLine) -> Void)? = nil
    ) throws(KafkaError) {
        let ours = [
            "bootstrap.servers": cluster.bootstrapServers, "allow.auto.create.topics": "false",
            "reconnect.backoff.ms": "100", "reconnect.backoff.max.ms": "2000",
        ]
        reports = Reports(log: log)
        handle = try Handle(
            RD_KAFKA_PRODUCER, settings: [ours, cluster.settings], reports: reports)
    }

    /// Connection errors and the like since the last call: why Kafka does not answer.
    public func takeErrors() -> [KafkaError] {
        rd_kafka_poll(handle.pointer, 0)
        return reports.takeErrors()
    }

    /// Creates those topics that are missing and waits until they can be written to.
    ///
    /// - Parameter mayBeRefused: whether one that this client may not create is left out.
    /// - Returns: the names of the created ones; one that exists stays as it is.
    @discardableResult
    public func createTopics(
        _ topics: [NewTopic], mayBeRefused: Bool = false, timeoutMs: Int
    ) throws(KafkaError) -> [String] {
        guard !topics.isEmpty else { return [] }
        var requests: [OpaquePointer?] = []
        defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
        for topic in topics { requests.append(try Admin.request(for: topic)) }
        let event = try perform(
            RD_KAFKA_ADMIN_OP_CREATETOPICS, "create \(topics.map(\.name))", timeoutMs: timeoutMs
        ) { options, queue in
            rd_kafka_CreateTopics(handle.pointer, &requests, requests.count, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event), &count)
        var benign = [RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS]
        if mayBeRefused {
            benign += [
                RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            ]
        }
        let created = try Admin.succeeded(results, count, "create topic", except: benign)
        try awaitLeaders(of: mayBeRefused ? created : topics.map(\.name), timeoutMs: timeoutMs)
        return created
    }

    /// Deletes topics.
    /// - Returns: the names of the deleted ones; one that does not exist is no error.
    @discardableResult
    public func deleteTopics(_ names: [String], timeoutMs: Int) throws(KafkaError) -> [String] {
        guard !names.isEmpty else { return [] }
        var requests = names.map { rd_kafka_DeleteTopic_new($0) }
        defer { for request in requests { rd_kafka_DeleteTopic_destroy(request) } }
        let event = try perform(
            RD_KAFKA_ADMIN_OP_DELETETOPICS, "delete \(names)", timeoutMs: timeoutMs
        ) { options, queue in
            rd_kafka_DeleteTopics(handle.pointer, &requests, requests.count, options, queue)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let results = rd_kafka_DeleteTopics_result_topics(
            rd_kafka_event_DeleteTopics_result(event), &count)
        return try Admin.succeeded(
            results, count, "delete topic", except: [RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART])
    }

    /// The number of partitions of every topic; Kafka's internal ones are left out.
    public func partitionCounts(timeoutMs: Int) throws(KafkaError) -> [String: Int] {
        try handle.partitionCounts(timeoutMs: timeoutMs)
    }

    private static func request(for topic: NewTopic) throws(KafkaError) -> OpaquePointer {
        var reason = [CChar](repeating: 0, count: 256)
        let made = rd_kafka_NewTopic_new(
            topic.name, Int32(topic.partitions), Int32(topic.replication ?? -1), &reason,
            reason.count)
        guard let made else {
            let text = reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            throw .configuration(
                "topic \"\(topic.name)\": \(String(decoding: text, as: UTF8.self))")
        }
        for (name, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
            rd_kafka_NewTopic_set_config(made, name, value)
        }
        return made
    }

    /// Runs one request and waits for its answer, which the caller destroys.
    private func perform(
        _ operation: rd_kafka_admin_op_t, _ attempt: String, timeoutMs: Int,
        _ start: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void
    ) throws(KafkaError) -> OpaquePointer {
        let queue = rd_kafka_queue_new(handle.pointer)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(handle.pointer, operation)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let timeout = Int32(clamping: timeoutMs)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout, nil, 0)
        // How long the broker waits until the change is everywhere.
        rd_kafka_AdminOptions_set_operation_timeout(options, timeout, nil, 0)
        start(options, queue)
        // librdkafka answers in any case, if need be that the time is out.
        guard let event = rd_kafka_queue_poll(queue, -1) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, attempt)
        }
        rd_kafka_poll(handle.pointer, 0)
        let code = rd_kafka_event_error(event)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return event }
        defer { rd_kafka_event_destroy(event) }
        throw KafkaError(code, attempt, text: String(cString: rd_kafka_event_error_string(event)))
    }

    private static func succeeded(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ attempt: String,
        except benign: [rd_kafka_resp_err_t]
    ) throws(KafkaError) -> [String] {
        var names: [String] = []
        for index in 0..<count {
            guard let result = results?[index] else { continue }
            let name = String(cString: rd_kafka_topic_result_name(result))
            let code = rd_kafka_topic_result_error(result)
            if benign.contains(code) { continue }
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                let text = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
                throw KafkaError(code, "\(attempt) \"\(name)\"", text: text)
            }
            names.append(name)
        }
        return names
    }

    private func awaitLeaders(of names: [String], timeoutMs: Int) throws(KafkaError) {
        let pauseMs = 20
        var waitedMs = 0
        while true {
            let known = try handle.metadata(timeoutMs: timeoutMs)
            let missing = names.filter { name in
                guard let topic = known[name] else { return true }
                return topic.led < topic.partitions
            }
            guard let first = missing.first else { return }
            guard waitedMs < timeoutMs else {
                throw KafkaError(
                    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, "wait for a leader of \"\(first)\"")
            }
            rd_kafka_poll(handle.pointer, Int32(pauseMs))
            waitedMs += pauseMs
        }
    }
}
