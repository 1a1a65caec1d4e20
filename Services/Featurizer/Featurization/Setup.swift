internal import Topics

/// How a function was set up, as the last of some invocations said; words by their number.
struct Setup: Equatable {
    var saidAtMs = Int64.min
    var memoryMb = 0.0
    /// -1: none.
    var deadlineMs = -1.0
    var trigger = WordTable.none
    var runtime = WordTable.none

    /// The last is the one that started last; of those in one millisecond, the greater one, so that
    /// the order of arrival does not matter.
    mutating func update(
        _ invocation: BatchedInvocation, texts: [UInt8], words: inout WordTable
    ) {
        guard invocation.startedAtMs >= saidAtMs else { return }
        let said = Setup(
            saidAtMs: invocation.startedAtMs, memoryMb: invocation.memoryMb,
            deadlineMs: invocation.deadlineMs ?? -1,
            trigger: words.number(of: invocation.trigger, in: texts, likely: trigger),
            runtime: words.number(of: invocation.runtime, in: texts, likely: runtime))
        if saidAtMs < said.saidAtMs || isBelow(said, words) { self = said }
    }

    mutating func update(_ said: Setup, words: WordTable) {
        if saidAtMs < said.saidAtMs || (saidAtMs == said.saidAtMs && isBelow(said, words)) {
            self = said
        }
    }

    private func isBelow(_ other: Setup, _ words: WordTable) -> Bool {
        guard self != other else { return false }
        let own = (memoryMb, deadlineMs, words.text(trigger) ?? "", words.text(runtime) ?? "")
        return own
            < (
                other.memoryMb, other.deadlineMs, words.text(other.trigger) ?? "",
                words.text(other.runtime) ?? ""
            )
    }
}

/// Triggers and runtimes: few words, said by every invocation.
struct WordTable {
    static let none: Int32 = -1
    /// With more, those that nobody has any more are dropped.
    static let wordsMax = 4_096

    private var texts: [String] = []
    private var bytes: [[UInt8]] = []
    private var numbers: [String: Int32] = [:]

    var count: Int { texts.count }

    func text(_ number: Int32) -> String? { number < 0 ? nil : texts[Int(number)] }

    mutating func number(of text: String?) -> Int32 {
        guard let text else { return Self.none }
        if let known = numbers[text] { return known }
        let number = Int32(texts.count)
        texts.append(text)
        bytes.append(Array(text.utf8))
        numbers[text] = number
        return number
    }

    /// - Parameter likely: the number that it probably has.
    mutating func number(of text: TextRange, in texts: [UInt8], likely: Int32) -> Int32 {
        guard !text.isEmpty else { return Self.none }
        let range = text.range
        if likely >= 0, isSame(bytes[Int(likely)], texts, range) { return likely }
        return number(of: String(decoding: texts[range], as: UTF8.self))
    }

    private func isSame(_ word: [UInt8], _ texts: [UInt8], _ range: Range<Int>) -> Bool {
        guard word.count == range.count else { return false }
        for i in word.indices where word[i] != texts[range.lowerBound &+ i] { return false }
        return true
    }
}
