import Foundation
import TestSupport
import Testing

/// Every decoder beside inputs that are nearly right.
///
/// Each target has a process of its own. What is found there is made smaller and shown; give
/// `ANTIPHASE_BAD_INPUT_SEED` and `ANTIPHASE_BAD_INPUTS` what the failure names to see it again.
@Suite struct `Bad input` {
    @Test(arguments: Target.all.map(\.name))
    func `ends no process, breaks no law and takes no more memory`(target: String) async throws {
        let findings = NSTemporaryDirectory() + "antiphase-input-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: findings) }
        let ended = await #expect(processExitsWith: .success) {
            [target = target as String, findings = findings as String] in
            try Campaign.run(Target.named(target), findings: findings)
        }
        guard ended == nil else { return }
        let (said, input) = Self.finding(at: findings)
        let smallest = await Self.minimised(input, of: target)
        Issue.record(
            """
            \(target), seed \(Campaign.seed), input or law: \(said)
            \(smallest.count) bytes, and none less:
            \(hexDump(smallest))
            """)
    }

    private static func finding(at path: String) -> (said: String, input: [UInt8]) {
        guard let data = FileManager.default.contents(atPath: path) else {
            return ("the process ended before its first input", [])
        }
        let parts = Array(data).split(
            separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        return (String(decoding: parts[0], as: UTF8.self), parts.count > 1 ? Array(parts[1]) : [])
    }

    /// Each try is a process: an input that ends one is cut in halves, not by the byte.
    private static func minimised(_ input: [UInt8], of target: String) async -> [UInt8] {
        var minimiser = Minimiser(input, triesMax: 150)
        while let candidate = minimiser.next() {
            minimiser.note(fails: await ends(candidate, a: target))
        }
        return minimiser.smallest
    }

    private static func ends(_ input: [UInt8], a target: String) async -> Bool {
        var ended = false
        await withKnownIssue(isIntermittent: true) {
            let result = await #expect(processExitsWith: .success) {
                [input = input as [UInt8], target = target as String] in
                _ = try Target.named(target).prepare()(input)
            }
            ended = result == nil
        }
        return ended
    }
}
