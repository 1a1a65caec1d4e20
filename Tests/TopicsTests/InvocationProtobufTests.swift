import Foundation
import Testing
import Topics

@Suite struct `An invocation in Protobuf` {
    @Test(arguments: UInt64(0)..<50)
    func `is read as it was written`(seed: UInt64) throws {
        var random = Draws(seed: seed)
        for _ in 0..<20 {
            let invocation = someInvocation(&random)
            let bytes = invocation.encodedProtobuf()
            #expect(try Invocation(decoding: bytes.span, as: .protobuf) == invocation)
            #expect(
                try batch(bytes, as: .protobuf) == batch(invocation))
        }
    }

    @Test func `is refused wherever it is cut off`() {
        let bytes = whole.encodedProtobuf()
        for cut in 0..<bytes.count {
            let reason = rejection(Array(bytes[..<cut]), as: .protobuf)?.reason
            // Between two fields what is left is a message that lacks the last ones.
            let lacks = reason == .missingField || (cut == 0 && reason == .empty)
            #expect(reason == .notProtobuf || lacks)
        }
        #expect(rejection(Array(bytes.dropLast(1)), as: .protobuf)?.reason == .notProtobuf)
    }

    @Test func `may hold fields that we do not know, in any order`() throws {
        // Field 100 as a varint, eight bytes, counted bytes, four bytes, and a group of these.
        let unknown: [UInt8] = [
            0xA0, 0x06, 0xFF, 0x01, 0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xA2, 0x06, 2, 0xFF, 0xFE,
            0xA5, 0x06, 1, 2, 3, 4, 0xA3, 0x06, 0x08, 0x01, 0xA4, 0x06,
        ]
        let bytes = unknown + whole.encodedProtobuf() + unknown
        #expect(try Invocation(decoding: bytes.span, as: .protobuf) == whole)
    }

    @Test(
        arguments: [
            ([0x07], Rejection.Reason.notProtobuf), ([0x00, 0x01], .notProtobuf),
            ([0x0A, 0x05, 0x61], .notProtobuf), ([0x0A, 0x01, 0xFF], .notProtobuf),
            (Array(repeating: 0xFF, count: 11), .notProtobuf), ([0xA4, 0x06], .notProtobuf),
            ([0x08, 0x01], .wrongType),
            // "{" is field 15 as a group.
            (Array("{\"customer\":1}".utf8), .wrongType),
        ] as [([UInt8], Rejection.Reason)])
    func `is refused when it is another format`(bytes: [UInt8], reason: Rejection.Reason) {
        #expect(rejection(bytes, as: .protobuf)?.reason == reason)
    }

    @Test func `is refused when it holds what is no number`() {
        var invocation = whole
        invocation.durationMs = .nan
        #expect(rejection(invocation.encodedProtobuf(), as: .protobuf)?.reason == .outOfRange)
    }

    @Test(.enabled(if: protoc != nil, "needs protoc"), arguments: UInt64(0)..<5)
    func `has the bytes that protoc gives it`(seed: UInt64) throws {
        var random = Draws(seed: seed)
        let invocation = seed == 0 ? whole : someInvocation(&random)
        let ours = invocation.encodedProtobuf()
        // protoc writes our message as text, and that text as bytes again.
        let text = try run(["--decode=antiphase.v1.Invocation"], input: ours)
        #expect(try run(["--encode=antiphase.v1.Invocation"], input: text) == ours)
        let shown = String(decoding: text, as: UTF8.self)
        #expect(shown.contains("started_at_ms: \(invocation.startedAtMs)\n"))
        #expect(shown.contains("outcome: OUTCOME_\(invocation.outcome.rawValue.uppercased())\n"))
        #expect(!shown.split(separator: "\n").contains { $0.first?.isNumber ?? true })
    }
}

private let protoc = ["/usr/bin/protoc", "/usr/local/bin/protoc"]
    .first(where: FileManager.default.isExecutableFile)

private func run(_ arguments: [String], input: [UInt8]) throws -> [UInt8] {
    let topics = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Shared/Topics")
    let process = Process()
    process.executableURL = URL(filePath: protoc ?? "")
    process.arguments = arguments + ["-I", topics.path, "invocation.proto"]
    let (into, out) = (Pipe(), Pipe())
    process.standardInput = into
    process.standardOutput = out
    try process.run()
    try into.fileHandleForWriting.write(contentsOf: Data(input))
    try into.fileHandleForWriting.close()
    let output = try out.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return Array(output)
}
