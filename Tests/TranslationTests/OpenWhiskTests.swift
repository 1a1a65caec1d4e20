import Testing
import Topics

@testable import Translation

@Suite struct `An OpenWhisk event` {
    /// As documented.
    static let example = """
        {"body": {"statusCode": 0, "duration": 3, "name": "guest/images/resize", "waitTime": 5, \
        "initTime": 0, "kind": "nodejs:20", "memory": 256, "conductor": false, "causedBy": false}, \
        "eventType": "Activation", "source": "invoker0", "subject": "guest", \
        "timestamp": 1524476122676, "userId": "d0888ad5-5a92-435e-888a-d55a92935e54", \
        "namespace": "guest"}
        """
    /// As a later version writes it: a cold start, in a sequence.
    static let later = """
        {"source":"invoker7","body":{"activationId":"d4127819a5674639927819a5673639cf",\
        "causedBy":"sequence","conductor":false,"duration":356,"initTime":120,"kind":"python:3.11",\
        "memory":512,"name":"acme/report","size":307,"statusCode":2,"userDefinedStatusCode":500,\
        "waitTime":4743},"subject":"acme","namespace":"acme","userId":"x","eventType":"Activation",\
        "timestamp":1606353576088}
        """
    static let metric = """
        {"body":{"metricName":"ConcurrentInvocations","metricValue":1},"eventType":"Metric",\
        "source":"controller0","subject":"guest","timestamp":1524476104419,"userId":"23bc46b1",\
        "namespace":"guest"}
        """

    @Test func `of an activation is an invocation`() throws {
        let outcomes = try translate(Self.example, .openWhisk)
        // 1524476122676 - 3: the event was made at the end.
        #expect(
            outcomes.invocations == [
                Invocation(
                    customer: "guest", service: "images", function: "resize",
                    invocation: "events-3-41", startedAtMs: 1_524_476_122_673, durationMs: 3,
                    memoryMb: 256, runtime: "nodejs:20", outcome: .success)
            ])
        #expect(outcomes.keys == ["guest/images"])
        #expect(outcomes.rejection == nil && outcomes.leftOut.isEmpty)
    }

    @Test func `of a later version names the activation, and a cold start its initialisation`()
        throws
    {
        // 1606353576088 - 356: the 120 ms are part of them.
        #expect(
            try one(Self.later, .openWhisk)
                == Invocation(
                    customer: "acme", service: "default", function: "report",
                    invocation: "d4127819a5674639927819a5673639cf",
                    startedAtMs: 1_606_353_575_732, durationMs: 356, memoryMb: 512, initMs: 120,
                    runtime: "python:3.11", outcome: .error))
    }

    @Test(arguments: [
        ("0", Outcome.success), ("1", .error), ("2", .error), ("3", .killed), ("4", .unknown),
        ("-1", .unknown), ("1e0", .error),
    ])
    func `says by its status how it ended`(code: String, outcome: Outcome) throws {
        let event = Self.example.replacing("\"statusCode\": 0", with: "\"statusCode\": \(code)")
        #expect(try one(event, .openWhisk).outcome == outcome)
    }

    @Test func `of a metric is counted and left out`() throws {
        let outcomes = try translate(Self.metric, .openWhisk)
        #expect(outcomes == Outcomes(leftOut: [.metric: 1]))
    }

    @Test func `of a sequence is left out, for its components have their own`() throws {
        let event = Self.example.replacing("nodejs:20", with: "sequence")
        #expect(try translate(event, .openWhisk) == Outcomes(leftOut: [.sequence: 1]))
    }

    @Test func `belongs to whom it ran for, not to whom the action belongs`() throws {
        let event = Self.example.replacing("guest/images/resize", with: "whisk.system/utils/echo")
        let invocation = try one(event, .openWhisk)
        #expect(invocation.functionID.path == "guest/utils/echo")
    }

    @Test func `is read with fields that nobody knows, in any order, with escapes`() throws {
        let event = """
            {"new":{"a":[1,{"b":null}]},"namespace":"gu\\u0065st","timestamp":1524476122676.0,
             "eventType":"Activ\\u0061tion","body":{"\\u006eame":"guest\\/images\\/re\\"size",
             "memory":256,"kind":null,"statusCode":0,"duration":2.5,"more":[]}}
            """
        let invocation = try one(event, .openWhisk)
        #expect(invocation.functionID.path == "guest/images/re\"size")
        #expect(invocation.startedAtMs == 1_524_476_122_673)
        #expect(invocation.durationMs == 2.5 && invocation.runtime == nil)
    }

    @Test func `keeps names apart from the key's own signs`() throws {
        let event = Self.example.replacing(
            "\"namespace\": \"guest\"", with: "\"namespace\": \"50%/a\"")
        let outcomes = try translate(event, .openWhisk)
        #expect(outcomes.keys == ["50%25%2Fa/images"])
        #expect(outcomes.invocations.first?.customer == "50%/a")
    }

    @Test(arguments: [
        ("\"eventType\": \"Activation\"", "\"eventType\": \"Other\"", Rejection.Reason.wrongType),
        ("\"eventType\": \"Activation\", ", "", .missingField),
        ("\"timestamp\": 1524476122676", "\"timestamp\": \"now\"", .wrongType),
        ("\"timestamp\": 1524476122676", "\"timestamp\": 1e300", .outOfRange),
        ("\"timestamp\": 1524476122676", "\"timestamp\": 2", .outOfRange),
        ("\"duration\": 3", "\"duration\": -1", .outOfRange),
        ("\"duration\": 3", "\"duration\": 86400001", .outOfRange),
        ("\"duration\": 3, ", "", .missingField),
        ("\"duration\": 3", "\"duration\": 3, \"duration\": 3", .notJSON),
        ("\"initTime\": 0", "\"initTime\": -1", .outOfRange),
        ("\"memory\": 256", "\"memory\": null", .missingField),
        ("\"body\": {", "\"body\": {}, \"body\": {", .notJSON),
        ("guest/images/resize", "resize", .invalidName),
        ("guest/images/resize", "a/b/c/d", .invalidName),
        ("guest/images/resize", "guest/images/", .invalidName),
        ("guest/images/resize", "guest//resize", .invalidName),
        ("\"namespace\": \"guest\"", "\"namespace\": \"\"", .invalidName),
        ("\"namespace\": \"guest\"", "\"namespace\": \"a\\u0000b\"", .invalidName),
        ("\"namespace\": \"guest\"", "\"namespace\": \"a\u{7F}b\"", .invalidName),
        ("\"subject\": \"guest\"", "\"subject\": \"gu\\xest\"", .notJSON),
    ])
    func `that makes no sense is rejected with its reason`(
        part: String, instead: String, reason: Rejection.Reason
    ) throws {
        let event = Self.example.replacing(part, with: instead)
        #expect(event != Self.example)
        let outcomes = try translate(event, .openWhisk)
        #expect(outcomes.rejection?.reason == reason)
        #expect(outcomes.invocations.isEmpty && outcomes.leftOut.isEmpty)
    }

    @Test func `is rejected when it nests too deep or is too long`() throws {
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        let nested = Self.example.replacing("\"waitTime\": 5", with: "\"waitTime\": \(deep)")
        #expect(try translate(nested, .openWhisk).rejection?.reason == .tooLarge)
        let long = Self.example.replacing(
            "\"source\": \"invoker0\"",
            with: "\"source\": \"\(String(repeating: "x", count: 70_000))\"")
        #expect(try translate(long, .openWhisk).rejection?.reason == .tooLarge)
    }

    @Test func `comes to the same whatever came before it`() throws {
        var translator = Translator(.openWhisk)
        var output = Translated()
        let events = [
            Self.example, "garbage", Self.later, "", Self.metric, "{", Self.example, Self.later,
        ]
        let alone = try events.map { try translate($0, .openWhisk) }
        let inTurn = try events.map {
            try translate(Array($0.utf8), nil, &translator, &output)
        }
        #expect(alone == inTurn)
        #expect(alone[3].rejection?.reason == .empty)
    }
}
