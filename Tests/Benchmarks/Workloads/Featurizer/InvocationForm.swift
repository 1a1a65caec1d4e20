/// How the events of a topic are written.
public enum InvocationForm: String, CaseIterable, Sendable {
    /// Flat, as the fleet writes it.
    case json
    case protobuf
    /// AWS Lambda's `platform.report`, with spans and tracing; who it is about is in the headers.
    case telemetry

    /// Of plain consumption's rate, that of the whole way to PostgreSQL.
    var ratioTarget: Double {
        switch self {
        case .json: 0.5
        case .protobuf: 0.75
        case .telemetry: 0.4
        }
    }

    typealias Header = (name: String, value: [UInt8])

    var headers: [Header] {
        switch self {
        case .json: []
        case .protobuf: [("content-type", Array("application/x-protobuf".utf8))]
        case .telemetry:
            [
                ("content-type", Array("application/vnd.aws.lambda.telemetry+json".utf8)),
                ("customer", []), ("service", []), ("function", Array("fn".utf8)),
            ]
        }
    }

    func template(isSuccess: Bool) -> [InvocationTemplate.Piece] {
        switch self {
        case .json: json(isSuccess ? "success" : "error")
        case .protobuf: protobuf(isSuccess ? 1 : 2)
        case .telemetry: telemetry(isSuccess ? "success" : "failure")
        }
    }

    /// Its keys in the order of their bytes, as the fleet writes them.
    private func json(_ outcome: String) -> [InvocationTemplate.Piece] {
        [
            #"{"customer":"team-"#, .customer, #"","duration_ms":"#, .duration,
            #","function":"fn","invocation":""#, .id, #"","memory_mb":128,"#,
            #""memory_peak_mb":"#, .peakMb, #","outcome":""#, .text(outcome),
            #"","service":"service-"#, .service, #"","started_at_ms":"#, .startMs, "}",
        ]
    }

    /// `invocation.proto`, its fields in the order of their numbers; each tag is the number, and 0
    /// for a varint, 1 for a double, 2 for what has a length, which follows.
    private func protobuf(_ outcome: UInt8) -> [InvocationTemplate.Piece] {
        func tag(_ field: UInt8, _ wire: UInt8) -> UInt8 { field << 3 | wire }
        return [
            .bytes([tag(1, 2), 8]), "team-", .customer,
            .bytes([tag(2, 2), 15]), "service-", .service,
            .bytes([tag(3, 2), 2]), "fn", .bytes([tag(4, 2), 16]), .id,
            .bytes([tag(5, 0)]), .startVarint, .bytes([tag(6, 1)]), .durationDouble,
            // 128.
            .bytes([tag(8, 1), 0, 0, 0, 0, 0, 0, 0x60, 0x40]),
            .bytes([tag(9, 1)]), .peakDouble, .bytes([tag(15, 0), outcome]),
        ]
    }

    /// Written when the execution ends.
    private func telemetry(_ status: String) -> [InvocationTemplate.Piece] {
        [
            #"{"time":"2019-11-17T14:"#, .endTime,
            #"Z","type":"platform.report","record":{"requestId":""#, .id,
            #"-4752-4581-89bc","status":""#, .text(status),
            #"","metrics":{"durationMs":"#, .duration, #","billedDurationMs":"#, .billedMs,
            #","memorySizeMB":128,"maxMemoryUsedMB":"#, .peakMb,
            #"},"spans":[{"name":"responseLatency","start":"2019-11-17T14:"#, .startTime,
            #"Z","durationMs":20.12}],"tracing":{"spanId":""#, .id,
            #"","type":"X-Amzn-Trace-Id","value":"Root=1-62e900b2-"#, .id,
            #"b64c9e55;Parent=54565fb41ac79632;Sampled=1;Self=1-0"}}}"#,
        ]
    }
}
