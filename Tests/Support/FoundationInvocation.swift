internal import Foundation
internal import Topics

/// An invocation as Foundation's decoder reads it, which knows nothing of our scanner.
public struct FoundationInvocation: Decodable {
    private let customer, service, function, invocation: String
    private let started_at_ms: Int64
    private let duration_ms, memory_mb: Double
    private let cpu_ms, memory_peak_mb, init_ms, deadline_ms: Double?
    private let trigger, runtime, worker: String?
    private let outcome: Outcome

    /// The decoder does not look into what nobody asks for; the other reader does.
    private static func read(_ bytes: [UInt8]) -> Invocation? {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(bytes)),
            (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil
        else { return nil }
        let invocation = Invocation(
            customer: read.customer, service: read.service, function: read.function,
            invocation: read.invocation, startedAtMs: read.started_at_ms,
            durationMs: read.duration_ms, cpuMs: read.cpu_ms, memoryMb: read.memory_mb,
            memoryPeakMb: read.memory_peak_mb, initMs: read.init_ms,
            deadlineMs: read.deadline_ms, trigger: read.trigger, runtime: read.runtime,
            worker: read.worker, outcome: read.outcome)
        return (try? invocation.validate()) == nil ? nil : invocation
    }

    /// How our reader and Foundation's differ on an input; nil when they do not, or when the rules
    /// below say that they should.
    public static func disagreement(on bytes: [UInt8]) -> String? {
        var ours: Invocation?
        var refusal: Rejection?
        do throws(Rejection) { ours = try Invocation(decoding: bytes.span) } catch {
            refusal = error
        }
        let theirs = read(bytes)
        guard ours != theirs else { return nil }
        if let refusal, theirs != nil, isOursAlone(refusal, bytes) { return nil }
        if ours != nil, theirs == nil, isTheirsAlone(bytes) { return nil }
        return "ours \(ours.map { "\($0)" } ?? "\(refusal?.description ?? "")"), "
            + "Foundation's \(theirs.map { "\($0)" } ?? "none")"
    }

    /// What we refuse and Foundation takes: a field that is given twice, a message longer or deeper
    /// than our limits, a comma behind the last member or element, which JSON has not, and texts in
    /// another encoding than UTF-8, which it guesses.
    private static func isOursAlone(_ refusal: Rejection, _ bytes: [UInt8]) -> Bool {
        let detail = refusal.detail
        let isCommaBehindLast =
            detail.contains(" is }") && detail.hasSuffix("expected a member's name in quotes")
            || detail.contains(" is ]") && detail.hasSuffix("expected a value")
        return isCommaBehindLast || detail.hasSuffix("given twice, expected once")
            || refusal.reason == .tooLarge || bytes.starts(with: [0xEF, 0xBB, 0xBF])
            || bytes.contains(0)
    }

    /// What Foundation refuses and JSON's grammar has: `0e5` and `0.00e-1`, numbers too small to
    /// tell from 0, and numbers beyond the largest in fields that nobody reads.
    private static func isTheirsAlone(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(/[0-9][eE][-+]?[0-9]|[0-9]{300}/)
    }
}
