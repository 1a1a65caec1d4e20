import Foundation
import Testing
import Topics

/// An example of every version of every message is kept, and is read for ever.
@Suite struct `A message kept as an example` {
    @Test(arguments: try examples())
    func `is read, and says the same when written again`(file: URL) throws {
        let bytes = Array(try Data(contentsOf: file))
        let topic = file.lastPathComponent.prefix { $0 != "-" }
        switch topic {
        case "invocations": try checkInvocation(bytes, file)
        case "services": try check(ServiceAnnounced.self, bytes)
        case "workers": try check(WorkerReported.self, bytes)
        case "shapes": try check(FunctionShape.self, bytes)
        case "models": try check(ModelReleased.self, bytes)
        case "representations": try check(Representation.self, bytes)
        case "predictions": try check(Prediction.self, bytes)
        case "assignments": try check(Assignment.self, bytes)
        case "rejections": try check(Rejected.self, bytes)
        default: Issue.record("\(file.lastPathComponent) is of no topic")
        }
    }

    @Test func `is there for every topic`() throws {
        let topics = Set(try examples().map { $0.lastPathComponent.prefix { $0 != "-" } })
        #expect(topics == Set(Topic.all.map { $0.name[...] }))
    }

    private func check<Message: TopicMessage>(_ type: Message.Type, _ bytes: [UInt8]) throws {
        let message = try Message(decoding: bytes.span)
        #expect(try Message(decoding: message.encoded().span) == message)
    }

    private func checkInvocation(_ bytes: [UInt8], _ file: URL) throws {
        let encoding: InvocationEncoding =
            switch file.lastPathComponent.split(separator: ".").dropFirst().joined(separator: ".") {
            case "pb": .protobuf
            case "lambda.json":
                .lambdaTelemetry(
                    FunctionID(customer: "acme", service: "shop", function: "checkout"))
            default: .json
            }
        let message = try Invocation(decoding: bytes.span, as: encoding)
        #expect(try Invocation(decoding: message.encoded().span) == message)
        #expect(
            try Invocation(decoding: message.encodedProtobuf().span, as: .protobuf) == message)
    }
}

private func examples() throws -> [URL] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/topics")
    return try FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil
    ).sorted { $0.path < $1.path }
}
