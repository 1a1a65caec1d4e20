import TestSupport
import Topics

@testable import Translation

extension Target {
    /// Records of other platforms, as they come to the bridge.
    static let bridge: [Target] = [
        target("OpenWhisk's events", .openWhisk, ForeignRecords.openWhisk),
        target("Lambda telemetry over the bridge", .lambda, ForeignRecords.lambda),
        target("OpenTelemetry exports", .otlpJSON, ForeignRecords.otlp),
    ]

    private static func target(
        _ name: String, _ form: PlatformForm, _ corpus: [String]
    ) -> Target {
        Target(
            name, inputsUsually: 6_000,
            mutator: {
                Mutator(
                    corpus: corpus.map { Array($0.utf8) },
                    dictionary: jsonTokens + ForeignRecords.tokens)
            },
            prepare: {
                // One translator for all: what came before must change nothing.
                var translator = Translator(form)
                var output = Translated()
                let headers = FunctionHeaders(
                    function: "arn:aws:lambda:eu-west-1:123456789012:function:pay")
                return { bytes in
                    let inTurn = try told(bytes, headers, &translator, &output)
                    var fresh = Translator(form)
                    var alone = Translated()
                    try hold(
                        try told(bytes, headers, &fresh, &alone) == inTurn,
                        "the same bytes come to something else after others")
                    return inTurn.contains("{")
                }
            })
    }
}

/// What a record came to, as text; each line is an invocation as our own encoder writes it.
private func told(
    _ bytes: [UInt8], _ headers: FunctionHeaders, _ translator: inout Translator,
    _ output: inout Translated
) throws -> String {
    translator.translate(
        bytes.span, at: RecordPlace(topic: "t", partition: 1, offset: 2), headers: headers,
        into: &output)
    var told = ""
    try output.forEachMessage { key, value in
        let line = value.withUnsafeBufferPointer { Array($0) }
        do {
            let invocation = try Invocation(decoding: line.span)
            try hold(invocation.encoded() == line, "not as we write it: \(told)")
            let path = key.withUnsafeBufferPointer { Array($0) }
            try hold(path == Array(invocation.serviceID.path.utf8), "another's key")
        } catch let rejection as Rejection {
            throw Broken("a line is no invocation: \(rejection)")
        }
        told += String(decoding: line, as: UTF8.self) + "\n"
    }
    try hold(
        output.rejection?.detail.utf8.count ?? 0 <= 2_048,
        "a long refusal: \(output.rejection?.detail ?? "")")
    return told + (output.rejection?.description ?? "")
}

/// Real ones, made small.
private enum ForeignRecords {
    static let openWhisk = [
        """
        {"body":{"statusCode":0,"duration":3,"name":"guest/images/resize","waitTime":5,"initTime":0,\
        "kind":"nodejs:20","memory":256,"conductor":false,"causedBy":false},"eventType":"Activation",\
        "source":"invoker0","subject":"guest","timestamp":1524476122676,"namespace":"guest"}
        """,
        """
        {"body":{"activationId":"d412","causedBy":"sequence","duration":356,"initTime":120,\
        "kind":"python:3.11","memory":512,"name":"acme/report","statusCode":2},"namespace":"acme",\
        "eventType":"Activation","timestamp":1606353576088}
        """,
        """
        {"body":{"metricName":"ConcurrentInvocations","metricValue":1},"eventType":"Metric",\
        "timestamp":1524476104419,"namespace":"guest"}
        """,
    ]
    static let report = """
        {"time":"2026-01-31T23:59:59.123Z","type":"platform.report","record":{"requestId":"79b4",\
        "status":"success","metrics":{"durationMs":101.51,"memorySizeMB":512,"maxMemoryUsedMB":33,\
        "initDurationMs":116.67}}}
        """
    static let lambda = [
        report, "[\(report),{\"type\":\"platform.start\"},\(report)]",
        "{\"time\":\"2026-01-31T23:59:58Z\",\"type\":\"function\",\"record\":\"hello\"}",
    ]
    static let otlp = [
        """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"cloud.account.id","value":\
        {"stringValue":"1234"}},{"key":"service.name","value":{"stringValue":"shop"}},{"key":\
        "faas.name","value":{"stringValue":"pay"}},{"key":"faas.max_memory","value":{"intValue":\
        "134217728"}}]},"scopeSpans":[{"spans":[{"spanId":"ee","kind":2,"startTimeUnixNano":\
        "1544712660000000000","endTimeUnixNano":"1544712661234567890","attributes":[{"key":\
        "faas.coldstart","value":{"boolValue":true}}],"status":{"code":2}},{"spanId":"ef","kind":3}]}]}]}
        """,
        """
        {"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"ee","kind":5,"startTimeUnixNano":\
        1544712660000000000,"endTimeUnixNano":1544712660000000001}]}],"resource":{"attributes":[\
        {"key":"cloud.resource_id","value":{"stringValue":"arn:aws:lambda:r:42:function:f"}},\
        {"key":"faas.max_memory","value":{"doubleValue":256.5}}]}}]}
        """,
    ]
    static let tokens = [
        "\"body\":", "\"eventType\":", "\"Activation\"", "\"Metric\"", "\"name\":", "a/b/c", "//",
        "\"activationId\":", "\"functionArn\":", "arn:aws:lambda:", ":function:", "\"time\":",
        "\"resourceSpans\":[", "\"scopeSpans\":[", "\"spans\":[", "\"attributes\":[", "\"value\":{",
        "\"stringValue\":", "\"intValue\":", "\"kind\":2", "\"endTimeUnixNano\":", "86400000",
        "253402300799999", "\"faas.name\"", "\"cloud.resource_id\"", "%2F", "\u{7F}",
    ]
}
