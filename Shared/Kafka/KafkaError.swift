internal import CRdKafka

/// What librdkafka or a broker refused, reduced to the decision that the caller faces.
public struct KafkaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What to do about it.
    public enum Kind: String, Equatable, Sendable {
        /// The client is of no use any more: make a new one, or exit.
        case fatal
        /// The same call may succeed later.
        case retriable
        /// The transaction is lost: abort it, and begin another with what it held.
        case abortable
        /// Trying again does not help: the message, the arguments or the settings have to change.
        case neither
    }

    public let code: Code
    public let kind: Kind
    /// What was attempted, lower case.
    public let attempt: String
    /// librdkafka's or the broker's own words.
    public let text: String

    /// The name of the code, for example `_MSG_TIMED_OUT`; local codes start with `_`.
    public var name: String { code.name }
    public var description: String { "kafka: \(attempt): \(name): \(text) (\(kind.rawValue))" }

    init(_ code: rd_kafka_resp_err_t, _ attempt: String, text: String? = nil, kind: Kind? = nil) {
        self.code = Code(rawValue: code.rawValue)
        self.attempt = attempt
        self.text = text ?? String(cString: rd_kafka_err2str(code))
        self.kind = kind ?? KafkaError.kind(of: code)
    }

    /// Takes over `error` and destroys it.
    init(taking error: OpaquePointer, _ attempt: String) {
        defer { rd_kafka_error_destroy(error) }
        let code = rd_kafka_error_code(error)
        let kind: Kind? =
            if rd_kafka_error_is_fatal(error) != 0 {
                .fatal
            } else if rd_kafka_error_txn_requires_abort(error) != 0 {
                .abortable
            } else if rd_kafka_error_is_retriable(error) != 0 {
                .retriable
            } else {
                nil
            }
        self.init(code, attempt, text: String(cString: rd_kafka_error_string(error)), kind: kind)
    }

    static func configuration(_ text: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "configure", text: text, kind: .neither)
    }

    static func check(_ code: rd_kafka_resp_err_t, _ attempt: @autoclosure () -> String)
        throws(KafkaError)
    {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw KafkaError(code, attempt())
    }

    static func check(_ error: OpaquePointer?, _ attempt: @autoclosure () -> String)
        throws(KafkaError)
    {
        guard let error else { return }
        throw KafkaError(taking: error, attempt())
    }

    private static func kind(of code: rd_kafka_resp_err_t) -> Kind {
        if fatal.contains(code.rawValue) { return .fatal }
        return retriable.contains(code.rawValue) ? .retriable : .neither
    }

    private static let fatal = Set(
        [
            RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR__DESTROY,
            RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        ].map(\.rawValue))

    /// Codes that pass by themselves: connections, elections, coordinators, rebalances, time.
    private static let retriable = Set(
        [
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__TIMED_OUT,
            RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__WAIT_COORD,
            RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__IN_PROGRESS,
            RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, RD_KAFKA_RESP_ERR__RETRY,
            RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
            RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
            RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
        ].map(\.rawValue))
}

extension KafkaError {
    /// A Kafka error code: negative ones are librdkafka's, the others the protocol's.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public var name: String {
            String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: rawValue)))
        }

        public static let invalidArgument = Code(RD_KAFKA_RESP_ERR__INVALID_ARG)
        public static let timedOut = Code(RD_KAFKA_RESP_ERR__TIMED_OUT)
        public static let messageTimedOut = Code(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
        public static let messageTooLarge = Code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        public static let queueFull = Code(RD_KAFKA_RESP_ERR__QUEUE_FULL)
        public static let allBrokersDown = Code(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        public static let transport = Code(RD_KAFKA_RESP_ERR__TRANSPORT)
        public static let unknownTopicOrPartition = Code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        public static let unknownPartition = Code(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        public static let topicExists = Code(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        public static let fencedInstance = Code(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        public static let offsetReset = Code(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)

        init(_ code: rd_kafka_resp_err_t) { rawValue = code.rawValue }
    }
}
