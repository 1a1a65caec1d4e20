import Foundation
import Prediction
import Processing
import TestSupport
import Topics

@testable import RepresentationLearning

extension Target {
    static let messages: [Target] = [
        of(ServiceAnnounced.self), of(WorkerReported.self), of(FunctionShape.self),
        of(ModelReleased.self), of(Representation.self), of(Prediction.self), of(Assignment.self),
        of(Rejected.self),
    ]

    private static func of<Message: TopicMessage>(_ type: Message.Type) -> Target {
        let topic = Message.topic
        return Target(
            "messages of \(topic.name)", inputsUsually: 2_000,
            mutator: {
                let corpus = RealMessages.small.byTopic[topic] ?? []
                return Mutator(corpus: corpus, dictionary: jsonTokens + members(of: corpus))
            },
            read: { bytes in
                let message: Message
                do throws(Rejection) { message = try Message(decoding: bytes.span) } catch {
                    return false
                }
                let again = try Message(decoding: message.encoded().span)
                try hold(again == message, "written again it is \(again), was \(message)")
                try hold(again.key == message.key, "its key is \(again.key), was \(message.key)")
                return true
            })
    }

    /// The names that its objects' members have.
    private static func members(of corpus: [[UInt8]]) -> [String] {
        let names = corpus.flatMap { bytes in
            String(decoding: bytes, as: UTF8.self).matches(of: /"[a-z_0-9]+":/).map {
                String($0.output)
            }
        }
        return Array(Set(names)).sorted()
    }
}
