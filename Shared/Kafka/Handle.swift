internal import CRdKafka

/// Sole owner of an `rd_kafka_t`, destroyed with it.
///
/// It keeps what librdkafka's callbacks write to (`Reports`), because a callback may still run
/// while the client is being destroyed.
struct Handle: ~Copyable {
    let pointer: OpaquePointer
    let reports: Reports

    /// - Parameters:
    ///   - settings: librdkafka's own names and values, later ones win.
    ///   - configure: sets further callbacks.
    init(
        _ type: rd_kafka_type_t, settings: [[String: String]], reports: Reports,
        configure: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        // librdkafka takes an empty list and then waits for ever.
        let servers = settings.last { $0["bootstrap.servers"] != nil }?["bootstrap.servers"]
        guard servers?.isEmpty == false else {
            throw .configuration("bootstrap.servers: expected host:port, got nothing")
        }
        guard let configuration = rd_kafka_conf_new() else {
            throw .configuration("out of memory")
        }
        // One layer after the other, for a property may have two names.
        for layer in [["log.queue": "true"]] + settings {
            guard let refusal = Handle.set(layer, in: configuration) else { continue }
            rd_kafka_conf_destroy(configuration)
            throw .configuration(refusal)
        }
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(reports).toOpaque())
        rd_kafka_conf_set_error_cb(configuration, reportError)
        rd_kafka_conf_set_log_cb(configuration, reportLog)
        configure(configuration)
        var reason = [CChar](repeating: 0, count: Handle.reasonBytes)
        // On success the client owns the configuration; on failure we still do.
        guard let pointer = rd_kafka_new(type, configuration, &reason, reason.count) else {
            rd_kafka_conf_destroy(configuration)
            throw .configuration(Handle.text(reason))
        }
        self.pointer = pointer
        self.reports = reports
        // Log lines wait in the queue that the owner polls, and so never come on other threads.
        rd_kafka_set_log_queue(pointer, nil)
    }

    deinit { rd_kafka_destroy(pointer) }

    /// The error that made this client unusable, if one did.
    var fatalError: KafkaError? {
        var reason = [CChar](repeating: 0, count: Handle.reasonBytes)
        let code = rd_kafka_fatal_error(pointer, &reason, reason.count)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(code, "run the client", text: Handle.text(reason), kind: .fatal)
    }

    private static let reasonBytes = 512

    private static func set(_ settings: [String: String], in configuration: OpaquePointer)
        -> String?
    {
        var reason = [CChar](repeating: 0, count: reasonBytes)
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            let outcome = rd_kafka_conf_set(configuration, name, value, &reason, reason.count)
            // The reason repeats the value, which may be a password; the name is enough.
            if outcome == RD_KAFKA_CONF_UNKNOWN { return "\(name): no such setting" }
            if outcome != RD_KAFKA_CONF_OK { return "\(name): value refused" }
        }
        return nil
    }

    private static func text(_ reason: [CChar]) -> String {
        String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// One line of librdkafka's own log.
public struct KafkaLogLine: Equatable, Sendable {
    /// syslog's levels: 3 error, 4 warning, 5 notice, 6 info, 7 debug.
    public let level: Int
    /// librdkafka's name for the place, for example `FAIL`.
    public let facility: String
    public let text: String
}

/// Where the callbacks of one client put what they are told, on the thread that polls.
class Reports {
    private(set) var errors: [KafkaError] = []
    private let log: ((KafkaLogLine) -> Void)?

    init(log: ((KafkaLogLine) -> Void)?) { self.log = log }

    func append(_ error: KafkaError) {
        if errors.count < Limits.eventsPendingMax { errors.append(error) }
    }

    func takeErrors() -> [KafkaError] {
        defer { errors.removeAll() }
        return errors
    }

    fileprivate func write(_ line: KafkaLogLine) { log?(line) }
}

private func reportError(
    _ client: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let opaque else { return }
    let reports = Unmanaged<Reports>.fromOpaque(opaque).takeUnretainedValue()
    let text = reason.map { String(cString: $0) }
    reports.append(KafkaError(rd_kafka_resp_err_t(rawValue: code), "run the client", text: text))
}

private func reportLog(
    _ client: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?,
    _ text: UnsafePointer<CChar>?
) {
    guard let client, let opaque = rd_kafka_opaque(client), let facility, let text else { return }
    let reports = Unmanaged<Reports>.fromOpaque(opaque).takeUnretainedValue()
    reports.write(
        KafkaLogLine(
            level: Int(level), facility: String(cString: facility), text: String(cString: text)))
}
