import Foundation
import Processing
import Topics

/// One invocation with every field.
let whole = Invocation(
    customer: "acme", service: "shop", function: "checkout", invocation: "28efe333-4752",
    startedAtMs: 1_574_000_000_123, durationMs: 81.25, cpuMs: 44.5, memoryMb: 128,
    memoryPeakMb: 94.4, initMs: 212.5, deadlineMs: 30_000, trigger: "http",
    runtime: "python3.12", worker: "worker-3", outcome: .success)

/// One with those that must be given, in JSON, so that tests can change a word of it.
let bare = """
    {"customer":"acme","service":"shop","function":"checkout","invocation":"i-1",\
    "started_at_ms":1574000000123,"duration_ms":81.25,"memory_mb":128,"outcome":"success"}
    """

func decode(_ json: String) throws(Rejection) -> Invocation {
    try Invocation(decoding: Array(json.utf8).span)
}

/// The rejection of that JSON, nil when it is taken. Both forms of an invocation must agree.
func rejection(_ json: String) -> Rejection? { rejection(Array(json.utf8), as: .json) }

func rejection(_ bytes: [UInt8], as encoding: InvocationEncoding) -> Rejection? {
    var reasons: [Rejection?] = []
    do throws(Rejection) {
        _ = try Invocation(decoding: bytes.span, as: encoding)
        reasons.append(nil)
    } catch { reasons.append(error) }
    do throws(Rejection) {
        var batch = InvocationBatch(hashKey: 0)
        try batch.append(decoding: bytes.span, as: encoding)
        reasons.append(nil)
    } catch { reasons.append(error) }
    precondition(reasons[0] == reasons[1], "forms disagree: \(reasons)")
    return reasons[0]
}

/// A name out of all of Unicode, which begins with a mark now and then.
func someName(_ random: inout Draws) -> String {
    let alphabet: [Character] = Array("abcXYZ019-_./%\"\\:{}, äßя日🙂é\u{301}\u{2028}")
    let count = Int.random(in: 1...12, using: &random)
    return String((0..<count).map { _ in alphabet.randomElement(using: &random) ?? "a" })
}

/// A number of any size up to that, often one that people would write.
func someNumber(_ most: Double, _ random: inout Draws) -> Double {
    switch Int.random(in: 0..<7, using: &random) {
    case 0: Double(Int.random(in: 0...1_000, using: &random))
    case 1: Double(Int.random(in: 0...1_000_000, using: &random)) / 1_000
    case 2: 0
    case 3: Double.random(in: 0...1e-6, using: &random)
    case 4: (Double(Int.random(in: 0...1_000_000, using: &random)) / 1_000).nextUp
    case 5: min(most, Double(Int64.random(in: 0...(1 << 60), using: &random)) / 1_000)
    default: Double.random(in: 0...most, using: &random)
    }
}

/// Some invocation, its texts out of all of Unicode and its numbers of all sizes.
func someInvocation(_ random: inout Draws) -> Invocation {
    func name() -> String { someName(&random) }
    func number(_ most: Double) -> Double { someNumber(most, &random) }
    func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
    return Invocation(
        customer: name(), service: name(), function: name(), invocation: name(),
        startedAtMs: Int64.random(in: 0...FieldLimits.timeMsMax, using: &random),
        durationMs: number(86_400_000), cpuMs: maybe(number(1e9)), memoryMb: number(16_777_216),
        memoryPeakMb: maybe(number(16_777_216)), initMs: maybe(number(10_000)),
        deadlineMs: maybe(number(900_000)), trigger: maybe(name()), runtime: maybe(name()),
        worker: maybe(name()), outcome: Outcome.allCases.randomElement(using: &random) ?? .killed)
}

/// The message as Foundation writes it, and with it `TopicMessage` every other message.
func writtenByFoundation(_ message: some TopicMessage) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(message))
}

/// A batch of one.
func batch(_ invocation: Invocation) -> InvocationBatch {
    var batch = InvocationBatch(hashKey: 0, keepsIDs: true)
    batch.append(invocation)
    return batch
}

func batch(_ bytes: [UInt8], as encoding: InvocationEncoding) throws -> InvocationBatch {
    var batch = InvocationBatch(hashKey: 0, keepsIDs: true)
    try batch.append(decoding: bytes.span, as: encoding)
    return batch
}
