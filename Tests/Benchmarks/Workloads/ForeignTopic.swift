internal import Foundation
internal import Kafka
internal import Numerics
internal import TestSupport

/// The forms that the bridge reads.
enum ForeignForm: String, CaseIterable {
    case openwhisk, lambda
    case otlpJSON = "otlp_json"

    /// In one record: the Collector sends batches, the others one at a time.
    var eventsPerRecord: Int { self == .otlpJSON ? 10 : 1 }
}

/// Another platform's topic, full of events of functions by Zipf's law.
struct ForeignTopic {
    static let name = "events"
    static let partitions = 16
    private static let startMs: Int64 = 1_574_000_000_000

    let servers: String
    let form: ForeignForm
    let size: BridgeBenchmark.Size

    private var recordCount: Int { size.events / form.eventsPerRecord }

    /// - Returns: bytes of all values.
    func fill() throws -> Int {
        _ = try Admin(bootstrapServers: servers).createTopics(
            [.init(Self.name, partitions: Self.partitions)], timeoutMs: 30_000)
        var options = Producer.Options(bootstrapServers: servers)
        options.settings = ["compression.codec": "lz4", "queue.buffering.max.messages": "1000000"]
        let producer = try Producer(options)
        var random = SeededRandom(seed: 8)
        var bytes = 0
        for number in 0..<recordCount {
            // Zipf of exponent 1, by its continuous inverse.
            let function = Int(pow(Double(size.functions), random.uniform())) - 1
            let value = Array(record(number, function, &random).utf8)
            bytes += value.count
            let headers =
                form == .lambda
                ? [(name: "function", value: Array(arn(function).utf8))] : []
            try producer.send(
                to: Self.name, partition: Int32(number % Self.partitions), key: nil, value: value,
                headers: headers)
            if number & 1_023 == 0 { producer.poll() }
        }
        guard producer.flush(timeoutMs: 120_000) == .delivered else {
            throw BridgeBenchmark.Failed(description: "send \(recordCount) records")
        }
        return bytes
    }

    private func arn(_ function: Int) -> String {
        "arn:aws:lambda:eu-west-1:\(100_000_000_000 + function % 97):function:service-\(function)"
    }

    private func record(_ number: Int, _ function: Int, _ random: inout SeededRandom) -> String {
        let ms = Self.startMs + Int64(number)
        let duration = Int(exp(5 + 1.5 * (random.uniform() * 2 - 1)))
        switch form {
        case .openwhisk:
            return """
                {"source":"invoker\(number % 10)","body":{"activationId":"\(hex(number, 32))",\
                "causedBy":false,"conductor":false,"duration":\(duration),"initTime":0,\
                "kind":"nodejs:20","memory":256,"name":"team-\(function % 97)/service-\(function)/run",\
                "size":307,"statusCode":0,"waitTime":5},"subject":"team-\(function % 97)",\
                "namespace":"team-\(function % 97)","userId":"d0888ad5-5a92-435e-888a-d55a92935e54",\
                "eventType":"Activation","timestamp":\(ms)}
                """
        case .lambda:
            let fraction = "\(1_000 + ms % 1_000)".dropFirst()
            return """
                {"time":"2019-11-17T14:13:20.\(fraction)Z","type":"platform.report","record":{\
                "requestId":"\(hex(number, 8))-95b1-4643-9700-2807f4e68189","status":"success",\
                "metrics":{"durationMs":\(duration).51,"billedDurationMs":\(duration + 1),\
                "memorySizeMB":512,"maxMemoryUsedMB":\(33 + function % 100)}}}
                """
        case .otlpJSON: return export(number, function, ms, duration)
        }
    }

    private func export(_ number: Int, _ function: Int, _ ms: Int64, _ duration: Int) -> String {
        func attribute(_ key: String, _ value: String) -> String {
            #"{"key":"\#(key)","value":{"stringValue":"\#(value)"}}"#
        }
        let resource = [
            attribute("cloud.account.id", "\(100_000_000_000 + function % 97)"),
            attribute("cloud.provider", "aws"), attribute("cloud.region", "eu-west-1"),
            attribute("cloud.resource_id", arn(function)),
            attribute("faas.name", "service-\(function)"),
            #"{"key":"faas.max_memory","value":{"intValue":"134217728"}}"#,
            attribute("service.name", "shop"), attribute("telemetry.sdk.language", "nodejs"),
        ].joined(separator: ",")
        let spans = (0..<form.eventsPerRecord).map { span in
            let id = number * form.eventsPerRecord + span
            let attributes = [
                attribute("faas.invocation_id", hex(id, 32)), attribute("faas.trigger", "http"),
                attribute("http.request.method", "POST"), attribute("url.path", "/checkout"),
                #"{"key":"http.response.status_code","value":{"intValue":"200"}}"#,
            ].joined(separator: ",")
            return """
                {"traceId":"\(hex(id, 32))","spanId":"\(hex(id, 16))","parentSpanId":"","flags":256,\
                "name":"checkout","kind":2,"startTimeUnixNano":"\(ms)000000",\
                "endTimeUnixNano":"\(ms + Int64(duration))123456","attributes":[\(attributes)],\
                "status":{}}
                """
        }.joined(separator: ",")
        return """
            {"resourceSpans":[{"resource":{"attributes":[\(resource)]},"scopeSpans":[{"scope":{\
            "name":"@opentelemetry/instrumentation-aws-lambda","version":"0.40.0"},\
            "spans":[\(spans)]}]}]}
            """
    }

    private func hex(_ number: Int, _ digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// Behind the last record of each partition.
    func ends() throws -> [TopicPartition: Int64] {
        let ends = try BatchConsumer(.init(bootstrapServers: servers))
            .endOffsets(of: Self.name, timeoutMs: 30_000)
        return Dictionary(
            uniqueKeysWithValues: ends.enumerated().map {
                (TopicPartition(Self.name, Int32($0.offset)), $0.element)
            })
    }

    /// Every record, and nothing done with it.
    func consume() throws -> Taken {
        try PlainConsumption(servers: servers, topic: Self.name, records: recordCount).measure()
    }
}
