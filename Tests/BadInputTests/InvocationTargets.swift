import Foundation
import TestSupport
import Topics

@testable import Scanning

extension Target {
    static let invocations: [Target] = [
        Target(
            "invocations in JSON", inputsUsually: 12_000,
            mutator: {
                Mutator(
                    corpus: RealMessages.small.byTopic[.invocations] ?? [],
                    dictionary: jsonTokens + invocationTokens)
            }, read: { try isInvocation($0, as: .json) }),
        Target(
            "invocations in JSON, beside Foundation", inputsUsually: 6_000,
            mutator: {
                Mutator(
                    corpus: RealMessages.small.byTopic[.invocations] ?? [],
                    dictionary: jsonTokens + invocationTokens)
            },
            read: { bytes in
                if let difference = FoundationInvocation.disagreement(on: bytes) {
                    throw Broken(difference)
                }
                return (try? Invocation(decoding: bytes.span)) != nil
            }),
        Target(
            "invocations in Protobuf", inputsUsually: 10_000,
            mutator: { Mutator(corpus: protobufInvocations) },
            read: {
                try agreesWithPlainDecoder($0)
                return try isInvocation($0, as: .protobuf)
            }),
        Target(
            "Lambda telemetry records", inputsUsually: 8_000,
            mutator: { Mutator(corpus: lambdaRecords, dictionary: jsonTokens + lambdaTokens) },
            read: isLambdaRecord),
        Target(
            "names in paths", inputsUsually: 2_000,
            mutator: { Mutator(corpus: ["c/s/f", "a%2Fb/%25/\u{301}"].map { Array($0.utf8) }) },
            read: isPathAgain),
    ]

    private static let invocationTokens =
        InvocationField.allCases.map { "\"\($0.name)\":" }
        + ScannedInvocation.outcomes.map { "\"\($0)\"" }

    private static var protobufInvocations: [[UInt8]] {
        RealMessages.small.invocations.prefix(24).map { $0.encodedProtobuf() }
            + [RealMessages.fixture("invocations-v1.pb")]
    }
}

let jsonTokens = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\u00e9", "\\ud83d\\ude00", "\\ud800",
    "\\udc00", "\\/", "\\b", "\\x", "null", "true", "false", "-", "e+", "1e400", "-0", "0.0",
    "\"a\":",
    "\"\":\"\"", "//", "/**/", "\u{FEFF}", "{}", "[]", ",,",
]

/// Both forms of an invocation agree on an input, and what was taken can be written and read again.
func isInvocation(_ bytes: [UInt8], as encoding: InvocationEncoding) throws -> Bool {
    var whole: Invocation?
    var batch = InvocationBatch(hashKey: 1, keepsIDs: true)
    var (wholeRefusal, batchRefusal): (Rejection?, Rejection?) = (nil, nil)
    do throws(Rejection) { whole = try Invocation(decoding: bytes.span, as: encoding) } catch {
        wholeRefusal = error
    }
    do throws(Rejection) {
        try batch.append(decoding: bytes.span, as: encoding)
    } catch { batchRefusal = error }
    try hold(
        wholeRefusal == batchRefusal,
        "forms disagree: \(String(describing: wholeRefusal)), \(String(describing: batchRefusal))"
    )
    try hold(
        wholeRefusal?.detail.utf8.count ?? 0 <= 1_024,
        "a long refusal: \(wholeRefusal?.detail ?? "")")
    if encoding == .json, bytes.count < ScanningLimits.messageBytesMax {
        // A space in front changes nothing but which scanner takes it.
        let spaced = [0x20] + bytes
        let other = try? Invocation(decoding: spaced.span, as: .json)
        let agrees =
            whole.map { whole in other.map { isSame($0, whole) } ?? false } ?? (other == nil)
        try hold(agrees, "scanners disagree: \(whole as Any), \(other as Any)")
    }
    guard let whole else {
        try hold(batch == InvocationBatch(hashKey: 1, keepsIDs: true), "refused and kept: \(batch)")
        return false
    }
    var expected = InvocationBatch(hashKey: 1, keepsIDs: true)
    expected.append(whole)
    try hold(expected == batch, "forms differ: \(whole), \(batch)")
    let again = try Invocation(decoding: whole.encodedJSON().span)
    try hold(isSame(again, whole), "written as JSON it is \(again), was \(whole)")
    let once = try Invocation(decoding: whole.encodedProtobuf().span, as: .protobuf)
    try hold(isSame(once, whole), "written as Protobuf it is \(once), was \(whole)")
    try hold(
        Array(FunctionID(path: whole.functionID.path)?.path.utf8 ?? "".utf8)
            == Array(batch.texts[batch.invocations[0].path.range]),
        "path of \(whole.functionID) is another's")
    return true
}

/// Equal also in what Swift's own comparison of texts takes for equal: "é" has two forms.
private func isSame(_ a: Invocation, _ b: Invocation) -> Bool {
    a == b && Array(a.functionID.path.utf8) == Array(b.functionID.path.utf8)
        && Array(a.invocation.utf8) == Array(b.invocation.utf8)
}

/// Our Protobuf decoder and one that is written as plainly as can be take the same.
private func agreesWithPlainDecoder(_ bytes: [UInt8]) throws {
    let ours = try? Invocation(decoding: bytes.span, as: .protobuf)
    let theirs = PlainProtobuf.invocation(bytes)
    try hold(
        ours == theirs,
        "ours \(String(describing: ours)), the plain decoder's \(String(describing: theirs))")
}

// MARK: - Lambda

private let separator: UInt8 = 0x1E

private let lambdaRecords: [[UInt8]] = {
    let record = RealMessages.fixture("invocations-v1.lambda.json")
    let timeout = Array(
        String(decoding: record, as: UTF8.self)
            .replacing("\"success\"", with: "\"timeout\"").utf8)
    let headers = [
        ["acme", "shop", "checkout"],
        ["", "", "arn:aws:lambda:eu-west-1:123456789012:function:pay"],
        ["acme", "", "arn:aws:lambda:eu-west-1:123456789012:function:pay:live"],
    ]
    return headers.flatMap { names in
        [record, timeout].map { body in
            names.map { Array($0.utf8) }.joined(separator: [separator]) + [separator] + body
        }
    }
}()

private let lambdaTokens = [
    "\u{1E}", "arn:aws:lambda:", ":function:", "::", "\"time\":", "\"type\":",
    "\"platform.report\"",
    "\"record\":", "\"requestId\":", "\"status\":", "\"failure\"", "\"errorType\":",
    "\"Runtime.OutOfMemory\"", "\"metrics\":", "\"durationMs\":", "\"memorySizeMB\":",
    "\"maxMemoryUsedMB\":", "\"initDurationMs\":", "2026-12-31T23:59:60Z", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999+23:59", "2024-02-29T00:00:00-00:00", "2023-02-29T00:00:00Z",
]

/// The headers customer, service and function, then the record.
private func isLambdaRecord(_ input: [UInt8]) throws -> Bool {
    let parts = input.split(separator: separator, maxSplits: 3, omittingEmptySubsequences: false)
    func header(_ place: Int) -> String? {
        place < parts.count - 1 && !parts[place].isEmpty
            ? String(decoding: parts[place], as: UTF8.self) : nil
    }
    let encoding: InvocationEncoding
    do throws(Rejection) {
        encoding = try InvocationEncoding(
            contentType: "application/vnd.aws.lambda.telemetry+json", customer: header(0),
            service: header(1), function: header(2))
    } catch { return false }
    let bytes = Array(parts[parts.count - 1])
    try isKnownOrNot(bytes, as: encoding)
    return try isInvocation(bytes, as: encoding)
}

/// What records came before changes nothing, nor whether their function is named by bytes or texts.
private func isKnownOrNot(_ bytes: [UInt8], as encoding: InvocationEncoding) throws {
    let empty = InvocationBatch(hashKey: 1, keepsIDs: true)
    var knowing = empty
    for record in lambdaRecords {
        let body = Array(record.split(separator: separator, omittingEmptySubsequences: false)[3])
        try? knowing.append(decoding: body.span, as: encoding)
    }
    knowing.removeAll()
    func outcome(
        _ batch: InvocationBatch, _ append: (inout InvocationBatch) throws -> Void
    ) -> (batch: InvocationBatch, refusal: Rejection?) {
        var batch = batch
        do { try append(&batch) } catch { return (batch, error as? Rejection) }
        return (batch, nil)
    }
    let first = outcome(empty) { try $0.append(decoding: bytes.span, as: encoding) }
    let later = outcome(knowing) { try $0.append(decoding: bytes.span, as: encoding) }
    try hold(first == later, "known it is \(later), was \(first)")
    guard case .lambdaTelemetry(let id) = encoding else { return }
    let (customer, service) = (Array(id.service.customer.utf8), Array(id.service.service.utf8))
    let function = Array(id.function.utf8)
    var isAppended = true
    let named = outcome(knowing) {
        isAppended = try $0.append(
            decodingReport: bytes.span, of: customer.span, service.span, function.span)
    }
    try hold(!isAppended || first == named, "named by bytes it is \(named), was \(first)")
    try hold(isAppended || named.batch == empty, "left to another and kept: \(named)")
}

// MARK: - Names

/// Any three texts are a path's parts, and the path gives them back.
private func isPathAgain(_ input: [UInt8]) throws -> Bool {
    let third = input.count / 3
    let names = [input[..<third], input[third..<2 * third], input[(2 * third)...]].map {
        String(decoding: $0, as: UTF8.self)
    }
    let id = FunctionID(customer: names[0], service: names[1], function: names[2])
    let again = FunctionID(path: id.path)
    try hold(again?.path.utf8.elementsEqual(id.path.utf8) == true, "\(id.path) is no path")
    try hold(
        again.map { [$0.service.customer, $0.service.service, $0.function].map { Array($0.utf8) } }
            == names.map { Array($0.utf8) }, "\(id.path) is of other names")
    _ = FunctionID(path: String(decoding: input, as: UTF8.self))
    return true
}
