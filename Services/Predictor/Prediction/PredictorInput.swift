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

extension FunctionShape {
    /// What `validate` leaves open, and sums rely on.
    func validateCounts() throws(Rejection) {
        let parts = [
            counts.success, counts.error, counts.timeout, counts.outOfMemory, counts.throttled,
            counts.killed,
        ]
        for part in parts {
            guard (0...1_000_000_000).contains(part) else {
                throw Rejection(.outOfRange, "counts hold \(part), expected 0 to 1000000000")
            }
        }
        if let trigger, trigger.utf8.count > FieldLimits.nameBytesMax {
            throw Rejection(.invalidName, "trigger has \(trigger.utf8.count) bytes")
        }
    }
}
