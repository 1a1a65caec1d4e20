public import Processing
public import Topics

/// A message that the predictor reads.
public enum PredictorInput: Sendable {
    case announced(ServiceAnnounced)
    /// The announcement was taken back.
    case withdrawn(ServiceID)
    case shape(FunctionShape)
    case representation(Representation)
    case model(ModelReleased)
}

extension PredictorStage {
    public static let inputs: [Topic] = [.services, .shapes, .representations]
    public static let broadcasts: [Topic] = [.models]

    public static func decode(
        _ value: Span<UInt8>, of topic: Topic, headers: Headers
    ) throws(Rejection) -> PredictorInput {
        switch topic {
        case .services: .announced(try ServiceAnnounced(decoding: value))
        case .shapes: .shape(try FunctionShape(decoding: value))
        case .representations: .representation(try Representation(decoding: value))
        case .models: .model(try ModelReleased(decoding: value))
        default: preconditionFailure("topic \(topic.name) is no input of the predictor")
        }
    }

    public static func decodeTombstone(key: String, of topic: Topic) -> PredictorInput? {
        guard topic == .services else { return nil }
        return service(ofPath: key).map { .withdrawn($0) }
    }

    /// The service of a path as `ServiceID.path` gives it.
    static func service(ofPath path: String) -> ServiceID? {
        FunctionID(path: path + "/")?.service
    }
}
