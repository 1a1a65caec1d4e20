import Testing
import Topics

@testable import Translation

@Suite struct `An OTLP export` {
    static let resource = """
        {"attributes":[{"key":"cloud.account.id","value":{"stringValue":"123456789012"}},\
        {"key":"service.name","value":{"stringValue":"shop"}},\
        {"key":"faas.name","value":{"stringValue":"checkout"}},\
        {"key":"faas.max_memory","value":{"intValue":"134217728"}},\
        {"key":"process.runtime.name","value":{"stringValue":"nodejs"}},\
        {"key":"telemetry.sdk.language","value":{"stringValue":"nodejs"}},\
        {"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"1"}]}}}]}
        """
    static let server = """
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","parentSpanId":"",\
        "name":"checkout","kind":2,"startTimeUnixNano":"1544712660000000000",\
        "endTimeUnixNano":"1544712661234567890","attributes":[\
        {"key":"faas.invocation_id","value":{"stringValue":"af9d5aa4"}},\
        {"key":"faas.coldstart","value":{"boolValue":true}},\
        {"key":"faas.trigger","value":{"stringValue":"http"}}],"status":{"code":1}}
        """
    static let inner = """
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"0000000000000001","name":"query",\
        "kind":3,"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000",\
        "attributes":[{"key":"faas.invoked_name","value":{"stringValue":"pay"}}],"status":{}}
        """

    static func export(_ spans: [String], resource: String = resource) -> String {
        """
        {"resourceSpans":[{"resource":\(resource),"scopeSpans":[{"scope":{"name":"lib",\
        "version":"1"},"spans":[\(spans.joined(separator: ","))],"schemaUrl":"x"}],\
        "schemaUrl":"y"}]}
        """
    }

    @Test func `holds invocations among other spans`() throws {
        let outcomes = try translate(Self.export([Self.inner, Self.server]), .otlpJSON)
        #expect(
            outcomes.invocations == [
                Invocation(
                    customer: "123456789012", service: "shop", function: "checkout",
                    invocation: "af9d5aa4", startedAtMs: 1_544_712_660_000,
                    durationMs: 1_234.56789, memoryMb: 128, initMs: 0, trigger: "http",
                    runtime: "nodejs", outcome: .success)
            ])
        #expect(outcomes.keys == ["123456789012/shop"])
        #expect(outcomes.leftOut == [.span: 1] && outcomes.rejection == nil)
    }

    @Test func `may name the resource after its spans`() throws {
        let export = """
            {"resourceSpans":[{"scopeSpans":[{"spans":[\(Self.server)]}],"resource":\(Self.resource)}]}
            """
        #expect(try one(export, .otlpJSON) == one(Self.export([Self.server]), .otlpJSON))
    }

    @Test func `may hold many resources, scopes and spans`() throws {
        let one = """
            {"resource":\(Self.resource),"scopeSpans":[{"spans":[\(Self.server),\(Self.server)]},\
            {"spans":null},{"spans":[\(Self.server)]},{}]}
            """
        let outcomes = try translate("{\"resourceSpans\":[\(one),{},\(one)]}", .otlpJSON)
        #expect(outcomes.invocations.count == 6 && outcomes.rejection == nil)
        #expect(try translate("{\"resourceSpans\":[]}", .otlpJSON) == Outcomes())
    }

    @Test(arguments: [
        ("\"kind\":2", "\"kind\":5"), ("\"kind\":2", "\"kind\":\"SPAN_KIND_SERVER\""),
        ("\"kind\":2,", ""), ("\"kind\":2", "\"kind\":1"),
        ("\"1544712660000000000\"", "1544712660000000000"),
        ("\"faas.invocation_id\"", "\"faas.execution\""),
        ("\"status\":{\"code\":1}", "\"status\":{}"), (",\"status\":{\"code\":1}", ""),
        ("\"status\":{\"code\":1}", "\"status\":null,\"new\":[[]]"),
    ])
    func `writes the same thing in several ways`(part: String, instead: String) throws {
        let span = Self.server.replacing(part, with: instead)
        #expect(span != Self.server)
        #expect(
            try one(Self.export([span]), .otlpJSON) == one(Self.export([Self.server]), .otlpJSON))
    }

    @Test(arguments: [("2", Outcome.error), ("\"STATUS_CODE_ERROR\"", .error), ("0", .success)])
    func `says by its status how it ended`(code: String, outcome: Outcome) throws {
        let span = Self.server.replacing("\"code\":1", with: "\"code\":\(code),\"message\":\"x\"")
        #expect(try one(Self.export([span]), .otlpJSON).outcome == outcome)
    }

    @Test func `takes the span's id where the invocation has none`() throws {
        let span = Self.server.replacing("faas.invocation_id", with: "other")
        #expect(try one(Self.export([span]), .otlpJSON).invocation == "eee19b7ec3c1b174")
    }

    @Test func `takes what a span says before what its resource says`() throws {
        let span = Self.server.replacing(
            "\"attributes\":[",
            with: "\"attributes\":[{\"key\":\"faas.name\",\"value\":{\"stringValue\":\"pay\"}},")
        #expect(try one(Self.export([span]), .otlpJSON).function == "pay")
    }

    @Test(arguments: [
        ("arn:aws:lambda:eu-west-1:42:function:pay:live", "42/pay/pay"),
        ("/subscriptions/s/providers/Microsoft.Web/sites/app/functions/pay", "team/pay/pay"),
    ])
    func `takes a function's name from its resource's id`(id: String, path: String) throws {
        let resource = """
            {"attributes":[{"key":"cloud.resource_id","value":{"stringValue":"\(id)"}},\
            {"key":"service.namespace","value":{"stringValue":"team"}},\
            {"key":"service.name","value":{"stringValue":"unknown_service:node"}},\
            {"key":"faas.max_memory","value":{"intValue":256}}]}
            """
        let invocation = try one(Self.export([Self.server], resource: resource), .otlpJSON)
        #expect(invocation.functionID.path == path)
        // Older conventions had it in MB.
        #expect(invocation.memoryMb == 256)
    }

    @Test func `leaves out a server that is no function`() throws {
        for id in ["x", "arn:aws:ec2:eu-west-1:42:instance/i-0"] {
            let key = id == "x" ? "host.name" : "cloud.resource_id"
            let resource = """
                {"attributes":[{"key":"service.name","value":{"stringValue":"web"}},\
                {"key":"\(key)","value":{"stringValue":"\(id)"}}]}
                """
            #expect(
                try translate(Self.export([Self.server], resource: resource), .otlpJSON)
                    == Outcomes(leftOut: [.notAFunction: 1]))
        }
    }

    @Test func `takes an account that was written as an integer`() throws {
        let resource = Self.resource.replacing(
            "{\"stringValue\":\"123456789012\"}", with: "{\"intValue\":\"123456789012\"}")
        #expect(
            try one(Self.export([Self.server], resource: resource), .otlpJSON).customer
                == "123456789012")
    }

    @Test func `without memory is rejected, unless a size is set for it`() throws {
        let resource = Self.resource.replacing("faas.max_memory", with: "other")
        let export = Self.export([Self.server], resource: resource)
        #expect(try translate(export, .otlpJSON).rejection?.reason == .missingField)
        #expect(
            try one(export, .otlpJSON, options: .init(memoryMbOtherwise: 512)).memoryMb == 512)
    }

    @Test func `loses but the spans that make no sense`() throws {
        let backwards = Self.server.replacing("1544712661234567890", with: "1544712659999999999")
        let outcomes = try translate(
            Self.export([Self.server, backwards, Self.server]), .otlpJSON)
        #expect(outcomes.invocations.count == 2)
        #expect(outcomes.rejection?.reason == .outOfRange)
        #expect(outcomes.rejection?.detail.hasPrefix("1 of 3 invocations, the first: ") == true)
    }

    @Test(arguments: [
        ("\"spanId\"", "\"spanId\":\"\",\"spanId\"", Rejection.Reason.notJSON),
        ("\"kind\":2", "\"kind\":2,\"kind\":2", .notJSON),
        ("\"1544712660000000000\"", "\"soon\"", .wrongType),
        ("\"1544712660000000000\"", "\"99999999999999999999\"", .wrongType),
        ("{\"boolValue\":true}", "{\"stringValue\":\"yes\"}", .wrongType),
        (
            "{\"stringValue\":\"http\"}",
            "{\"stringValue\":\"http\"}},{\"key\":\"faas.trigger\",\"value\":{}",
            .notJSON
        ),
        ("\"status\":{\"code\":1}}", "\"status\":{\"code\":1}", .notJSON),
        ("\"name\":\"checkout\"", "\"name\":\"check\u{1}out\"", .notJSON),
    ])
    func `that breaks off is rejected as a whole`(
        part: String, instead: String, reason: Rejection.Reason
    ) throws {
        let span = Self.server.replacing(part, with: instead)
        #expect(span != Self.server)
        let outcomes = try translate(Self.export([Self.server, span]), .otlpJSON)
        #expect(outcomes.rejection?.reason == reason, "\(String(describing: outcomes.rejection))")
        #expect(outcomes.invocations.isEmpty)
    }

    @Test(arguments: [
        ("1544712660000000001", 1e-6), ("1544712660000999999", 0.999999),
        ("1544712660001000000", 1), ("1544712660000000000", 0),
    ])
    func `tells nanoseconds apart`(end: String, durationMs: Double) throws {
        let span = Self.server.replacing("1544712661234567890", with: end)
        #expect(try one(Self.export([span]), .otlpJSON).durationMs == durationMs)
    }

    @Test func `of logs or metrics is rejected`() throws {
        #expect(
            try translate("{\"resourceLogs\":[]}", .otlpJSON).rejection?.reason == .missingField)
    }

    @Test func `may be as large as a broker takes`() throws {
        let spans = Array(repeating: Self.server, count: 1_500)
        let outcomes = try translate(Self.export(spans), .otlpJSON)
        #expect(outcomes.invocations.count == 1_500)
    }
}
