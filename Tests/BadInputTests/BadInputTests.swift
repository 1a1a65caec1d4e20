import Foundation
import Glibc
import TestSupport
import Testing

/// Every decoder beside inputs that are nearly right.
///
/// Each target has a process of its own. What is found there is made smaller and shown, with the seed
/// and the input's number. A longer run, with a line of figures for each target:
///
///     swift build --build-tests -c release -Xswiftc -enable-testing --scratch-path .build-inputs
///     ANTIPHASE_BAD_INPUT_FACTOR=100 ANTIPHASE_BAD_INPUT_SEED=2 ANTIPHASE_BAD_INPUT_REPORT=figures \
///     swift test -c release --skip-build --scratch-path .build-inputs --filter BadInputTests
@Suite(.serialized) struct `Bad input` {
    @Test(arguments: Campaign.targets)
    func `ends no process, breaks no law and takes no more memory`(target: String) async throws {
        RealMessages.share()
        let findings = Self.newPath()
        defer { try? FileManager.default.removeItem(atPath: findings) }
        let ended = await #expect(processExitsWith: .success) {
            [target = target as String, findings = findings as String] in
            leaving(findings: findings) {
                // Then it is in the file already, with its input.
                if try Campaign.run(Target.named(target), findings: findings) != nil {
                    exit(EXIT_FAILURE)
                }
            }
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

    static func newPath() -> String {
        NSTemporaryDirectory() + "antiphase-input-\(UUID().uuidString)"
    }

    static func finding(at path: String) -> (said: String, input: [UInt8]) {
        guard let data = FileManager.default.contents(atPath: path) else {
            return ("the process ended before its first input", [])
        }
        let parts = Array(data).split(
            separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        return (String(decoding: parts[0], as: UTF8.self), parts.count > 1 ? Array(parts[1]) : [])
    }

    /// Each process tries pieces until one ends it, and the next goes on with that piece.
    private static func minimised(_ input: [UInt8], of target: String) async -> [UInt8] {
        var smallest = input
        for _ in 0..<Campaign.endsMax {
            let findings = newPath()
            defer { try? FileManager.default.removeItem(atPath: findings) }
            var hasEnded = false
            await withKnownIssue(isIntermittent: true) {
                let ended = await #expect(processExitsWith: .success) {
                    [
                        input = smallest as [UInt8], target = target as String,
                        findings = findings as String
                    ] in
                    leaving(findings: findings) {
                        try Campaign.minimise(input, of: .named(target), findings: findings)
                    }
                }
                hasEnded = ended == nil
            }
            let found = finding(at: findings).input
            guard hasEnded, found.count < smallest.count else { break }
            smallest = found
        }
        return smallest
    }
}
