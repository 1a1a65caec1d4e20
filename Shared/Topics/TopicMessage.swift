internal import Foundation

/// A value that travels on one of our topics, as JSON with snake_case keys.
public protocol TopicMessage: Codable, Sendable, Equatable {
    static var topic: Topic { get }
    /// The entity that the value is about; compaction keeps the last value of each.
    var key: String { get }
    /// Which partition, of `keyed` many, it belongs in.
    func partition(keyed: Int32) -> Int32
    /// The bytes on the topic: the same value has the same bytes, always.
    func encoded() -> [UInt8]
    /// Throws when a field is outside what it can mean.
    func validate() throws(Rejection)
}

/// A message about a service or one of its functions: it lies where the service lies.
public protocol ServiceMessage: TopicMessage {
    var customer: String { get }
    var service: String { get }
}

extension ServiceMessage {
    public var serviceID: ServiceID { ServiceID(customer: customer, service: service) }
    public func partition(keyed: Int32) -> Int32 {
        Topics.partition(ofKey: serviceID.path, among: keyed)
    }
}

/// A message about a function.
public protocol FunctionMessage: ServiceMessage {
    var function: String { get }
}

extension FunctionMessage {
    public var functionID: FunctionID { FunctionID(service: serviceID, function: function) }
    public var key: String { functionID.path }
}

extension TopicMessage {
    public func encoded() -> [UInt8] {
        do {
            return Array(try encoder.encode(self))
        } catch {
            preconditionFailure("encode \(Self.self) of \(key): \(error)")
        }
    }

    /// - Throws: when the bytes are not JSON, lack a field, or hold a value it cannot have.
    public init(decoding value: Span<UInt8>) throws(Rejection) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count)
        for i in value.indices { bytes.append(value[i]) }
        do {
            self = try decoder.decode(Self.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw Rejection(error)
        } catch {
            throw Rejection(.notJSON, "\(error)")
        }
        try validate()
    }
}

private let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()

private let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
}()

extension Rejection {
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, _):
            self.init(.missingField, key.stringValue)
        case .typeMismatch(let type, let context):
            self.init(.wrongType, "\(path(context)) expected \(type)")
        case .valueNotFound(let type, let context):
            self.init(.missingField, "\(path(context)) expected \(type), got null")
        case .dataCorrupted(let context):
            self.init(
                context.codingPath.isEmpty ? .notJSON : .wrongType,
                "\(path(context)) \(context.debugDescription)")
        @unknown default:
            self.init(.notJSON, "\(error)")
        }
    }
}

private func path(_ context: DecodingError.Context) -> String {
    context.codingPath.map(\.stringValue).joined(separator: ".")
}
