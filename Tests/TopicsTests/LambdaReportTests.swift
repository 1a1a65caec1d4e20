import Testing
import Topics

@Suite struct `A Lambda telemetry record` {
    private let report = """
        {"time":"2022-10-12T00:01:15.500Z","type":"platform.report","record":{
          "requestId":"6d68ca91-49c9-448d-89b8-7ca3e6dc66aa","status":"success",
          "metrics":{"billedDurationMs":694,"durationMs":500.25,"initDurationMs":397.68,
                     "maxMemoryUsedMB":84,"memorySizeMB":128},
          "spans":[{"name":"responseLatency","start":"2022-10-12T00:01:14.9Z","durationMs":1.2}],
          "tracing":{"spanId":"54565fb41ac79632","type":"X-Amzn-Trace-Id","value":"Root=1"}}}
        """
    private let checkout = FunctionID(customer: "acme", service: "shop", function: "checkout")

    private func read(_ json: String) throws(Rejection) -> Invocation {
        try Invocation(decoding: Array(json.utf8).span, as: .lambdaTelemetry(checkout))
    }

    @Test func `is an invocation that began before the record by its duration`() throws {
        // 2022-10-12T00:01:15.500Z is 1,665,532,875,500; 500.25 ms before that.
        #expect(
            try read(report)
                == Invocation(
                    customer: "acme", service: "shop", function: "checkout",
                    invocation: "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa",
                    startedAtMs: 1_665_532_874_999, durationMs: 500.25, memoryMb: 128,
                    memoryPeakMb: 84, initMs: 397.68, outcome: .success))
    }

    @Test(arguments: [
        (#""status":"failure""#, Outcome.error), (#""status":"error""#, .error),
        (#""status":"timeout""#, .timeout), (#""status":"mystery""#, .unknown),
        (#""status":"error","errorType":"Runtime.OutOfMemory""#, .outOfMemory),
        (#""errorType":"Runtime.ExitError","status":"error""#, .error),
    ])
    func `says how it ended`(status: String, expected: Outcome) throws {
        let json = report.replacing(#""status":"success""#, with: status)
        #expect(try read(json).outcome == expected)
    }

    @Test(arguments: [
        ("platform.report", "platform.start", Rejection.Reason.wrongType, "type is"),
        ("2022-10-12T00:01:15.500Z", "yesterday", .wrongType, "time is \"yesterday\""),
        ("\"durationMs\":500.25", "\"duration\":1", .missingField, "record.metrics.durationMs"),
        ("500.25", "\"500\"", .wrongType, "record.metrics.durationMs is \"500\""),
        ("500.25", "-5", .outOfRange, "duration_ms is -5"),
        ("500.25", "1e300", .outOfRange, "record.metrics.durationMs"),
        ("\"type\":", "\"time\":\"2022-10-12T00:01:15Z\",\"type\":", .notJSON, "given twice"),
        ("\"record\":{", "\"record\":[{", .wrongType, "record is"),
        ("\"spans\":[", "\"spans\":", .notJSON, "expected"),
    ])
    func `is refused with what was got and expected`(
        part: String, instead: String, reason: Rejection.Reason, detail: String
    ) {
        let json = report.replacing(part, with: instead)
        let found = rejection(Array(json.utf8), as: .lambdaTelemetry(checkout))
        // A record that is an array is not closed as one either: both are true of it.
        #expect(found?.reason == reason || (detail == "record is" && found?.reason == .notJSON))
        #expect(found?.detail.contains(detail) == true || detail == "record is")
    }

    @Test func `is of the function that the headers name`() throws {
        let telemetry = "application/vnd.aws.lambda.telemetry+json; charset=utf-8"
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:checkout"
        func identity(_ customer: String?, _ service: String?, _ function: String?) throws
            -> InvocationEncoding
        {
            try InvocationEncoding(
                contentType: telemetry, customer: customer, service: service, function: function)
        }
        let own = FunctionID(
            customer: "123456789012", service: "checkout", function: "checkout")
        #expect(try identity("acme", "shop", "checkout") == .lambdaTelemetry(checkout))
        #expect(try identity(nil, nil, arn) == .lambdaTelemetry(own))
        #expect(try identity(nil, nil, arn + ":7") == .lambdaTelemetry(own))
        #expect(try identity("acme", "shop", arn) == .lambdaTelemetry(checkout))
        #expect(throws: Rejection.self) { try identity("acme", "shop", nil) }
        #expect(throws: Rejection.self) { try identity(nil, nil, "checkout") }
        #expect(throws: Rejection.self) { try identity(nil, nil, "arn:aws:s3:::bucket") }
        #expect(throws: Rejection.self) { try InvocationEncoding(contentType: "text/html") }
    }

    @Test(arguments: UInt64(0)..<20)
    func `is of the same function whether its name is taken as bytes or as texts`(
        seed: UInt64
    ) throws {
        var random = Draws(seed: seed)
        let type = "application/vnd.aws.lambda.telemetry+json"
        let typeBytes = Array(type.utf8)
        var plain = 0
        for _ in 0..<400 {
            let names = (0..<3).map { _ in
                Bool.random(using: &random)
                    ? someName(&random)
                    : ["pay", "arn:pay", "team-1", "fn:2", ""].randomElement(using: &random) ?? ""
            }
            let (customer, service) = (Array(names[0].utf8), Array(names[1].utf8))
            let (function, record) = (Array(names[2].utf8), Array(report.utf8))
            let usual = UsualEncoding(contentType: typeBytes.span, function: function.span)
            guard usual == .namedReport else { continue }
            var named = InvocationBatch(hashKey: 0, keepsIDs: true)
            let isAppended = try named.append(
                decodingReport: record.span, of: customer.span, service.span, function.span)
            guard isAppended else {
                #expect(named == InvocationBatch(hashKey: 0, keepsIDs: true))
                continue
            }
            plain += 1
            let encoding = try InvocationEncoding(
                contentType: type, customer: names[0], service: names[1], function: names[2])
            let id = FunctionID(customer: names[0], service: names[1], function: names[2])
            #expect(encoding == .lambdaTelemetry(id))
            #expect(try named == batch(record, as: encoding))
        }
        #expect(plain > 4)
    }

    @Test func `is read as headers mostly say it where they do`() throws {
        func usual(_ type: String, _ function: String = "pay") -> UsualEncoding? {
            let (type, function) = (Array(type.utf8), Array(function.utf8))
            return UsualEncoding(contentType: type.span, function: function.span)
        }
        #expect(usual("") == .json && usual("application/x-protobuf") == .protobuf)
        #expect(usual("application/vnd.aws.lambda.telemetry+json") == .namedReport)
        #expect(usual("application/vnd.aws.lambda.telemetry+json", "arn:aws:lambda:") == nil)
        for type in ["application/json", "application/X-protobuf", "application/x-protobuf;", "x"] {
            #expect(usual(type) == nil)
        }
    }
}
