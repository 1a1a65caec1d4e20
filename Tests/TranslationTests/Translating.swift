import Topics

@testable import Translation

/// What a record came to, as values.
struct Outcomes: Equatable {
    var invocations: [Invocation] = []
    var keys: [String] = []
    var rejection: Rejection?
    var leftOut: [Translated.LeftOut: Int] = [:]
}

/// A line that breaks what every line must hold to.
struct BrokenLine: Error { let text: String }

/// Translates, and holds each line against what `invocations` are: it is read back, it is what our own
/// encoder writes, and its key is its service's path.
func translate(
    _ text: String, _ form: PlatformForm, headers: FunctionHeaders? = nil,
    options: Translator.Options = .init()
) throws -> Outcomes {
    var translator = Translator(form, options: options)
    var output = Translated()
    return try translate(Array(text.utf8), headers, &translator, &output)
}

func translate(
    _ bytes: [UInt8], _ headers: FunctionHeaders?, _ translator: inout Translator,
    _ output: inout Translated
) throws -> Outcomes {
    let place = RecordPlace(topic: "events", partition: 3, offset: 41)
    translator.translate(bytes.span, at: place, headers: headers, into: &output)
    var outcomes = Outcomes(rejection: output.rejection, leftOut: output.leftOut)
    try output.forEachMessage { key, value in
        let invocation = try Invocation(decoding: value)
        let bytes = value.withUnsafeBufferPointer { Array($0) }
        guard invocation.encoded() == bytes else {
            throw BrokenLine(text: String(decoding: bytes, as: UTF8.self))
        }
        let key = String(decoding: key.withUnsafeBufferPointer { Array($0) }, as: UTF8.self)
        guard key.utf8.elementsEqual(invocation.serviceID.path.utf8) else {
            throw BrokenLine(text: key)
        }
        outcomes.invocations.append(invocation)
        outcomes.keys.append(key)
    }
    return outcomes
}

/// The one invocation that a record came to.
func one(
    _ text: String, _ form: PlatformForm, headers: FunctionHeaders? = nil,
    options: Translator.Options = .init()
) throws -> Invocation {
    let outcomes = try translate(text, form, headers: headers, options: options)
    guard outcomes.invocations.count == 1, outcomes.rejection == nil else {
        throw BrokenLine(text: "\(outcomes)")
    }
    return outcomes.invocations[0]
}
