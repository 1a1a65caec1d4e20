import Testing
import Topics

@testable import Translation

@Suite struct `A Lambda telemetry record` {
    static let report = """
        {"time":"2026-01-31T23:59:59.123Z","type":"platform.report","record":{\
        "requestId":"79b4f56e-95b1-4643-9700-2807f4e68189","status":"success","metrics":{\
        "durationMs":101.51,"billedDurationMs":300,"memorySizeMB":512,"maxMemoryUsedMB":33,\
        "initDurationMs":116.67}}}
        """
    static let start = """
        {"time":"2026-01-31T23:59:58Z","type":"platform.start","record":{"requestId":"79b4f56e"}}
        """
    static let line = """
        {"time":"2026-01-31T23:59:58Z","type":"function","record":"[INFO] hello {}"}
        """
    static let arn = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
    static let headers = FunctionHeaders(function: arn)

    @Test func `is an invocation of the function that its headers name`() throws {
        // 23:59:59.123 less 101.51 ms, to the millisecond before: 59.021.
        #expect(
            try one(Self.report, .lambda, headers: Self.headers)
                == Invocation(
                    customer: "123456789012", service: "pay", function: "pay",
                    invocation: "79b4f56e-95b1-4643-9700-2807f4e68189",
                    startedAtMs: 1_769_903_999_021, durationMs: 101.51, memoryMb: 512,
                    memoryPeakMb: 33, initMs: 116.67, outcome: .success))
        let named = FunctionHeaders(customer: "acme", service: "shop", function: "pay")
        let outcomes = try translate(Self.report, .lambda, headers: named)
        #expect(outcomes.keys == ["acme/shop"])
    }

    @Test(arguments: [
        #""functionArn":"ARN","type""#, #""invokedFunctionArn":"ARN:live","type""#,
    ])
    func `is an invocation of the function that it names itself`(member: String) throws {
        let record = Self.report.replacing(
            #""type""#, with: member.replacing("ARN", with: Self.arn))
        #expect(try one(record, .lambda).functionID.path == "123456789012/pay/pay")
        let inside = Self.report.replacing(
            #""requestId""#, with: #""functionArn":"\#(Self.arn)","requestId""#)
        #expect(try one(inside, .lambda).functionID.path == "123456789012/pay/pay")
    }

    @Test func `of another type is counted and left out`() throws {
        for record in [Self.start, Self.line] {
            #expect(
                try translate(record, .lambda, headers: Self.headers)
                    == Outcomes(leftOut: [.telemetry: 1]))
            #expect(try translate(record, .lambda) == Outcomes(leftOut: [.telemetry: 1]))
        }
    }

    @Test func `may hold many events, as a subscriber gets them`() throws {
        let bad = Self.report.replacing("\"success\"", with: "7")
        let array = "[\(Self.start), \(Self.report) ,\(bad),\(Self.line),\(Self.report)]"
        let outcomes = try translate(array, .lambda, headers: Self.headers)
        #expect(outcomes.invocations.count == 2)
        #expect(outcomes.leftOut == [.telemetry: 2])
        #expect(outcomes.rejection?.reason == .wrongType)
        #expect(outcomes.rejection?.detail.hasPrefix("1 of 5 events, the first: ") == true)
        #expect(try translate("[]", .lambda) == Outcomes())
    }

    @Test(arguments: [
        ("platform.report", "platform_report", Rejection.Reason.wrongType),
        ("platform.report", "report", .wrongType),
        ("2026-01-31T23:59:59.123Z", "yesterday", .wrongType),
        ("\"status\":\"success\",", "", .missingField),
        ("101.51", "-1", .outOfRange), ("101.51", "1e99", .outOfRange),
        ("}}}", "}}", .notJSON), ("}}}", "}}} x", .notJSON),
        ("\"type\"", "\"type\":\"platform.report\",\"type\"", .notJSON),
    ])
    func `that makes no sense is rejected with its reason`(
        part: String, instead: String, reason: Rejection.Reason
    ) throws {
        let record = Self.report.replacing(part, with: instead)
        let outcomes = try translate(record, .lambda, headers: Self.headers)
        #expect(outcomes.rejection?.reason == reason)
        #expect(outcomes.invocations.isEmpty)
    }

    @Test func `of a function that nobody names is rejected`() throws {
        #expect(try translate(Self.report, .lambda).rejection?.reason == .missingField)
        let wrong = FunctionHeaders(function: "arn:aws:s3:::bucket")
        #expect(
            try translate(Self.report, .lambda, headers: wrong).rejection?.reason == .invalidName)
    }
}
