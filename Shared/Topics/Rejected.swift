internal import Foundation

/// A message that a stage did not take, for operators: `rejections`.
public struct Rejected: TopicMessage {
    public static let topic = Topic.rejections
    /// The first bytes of a rejected value that are kept.
    public static let valueBytesMax = 4_096

    /// Where it was read.
    public var topic: String
    public var partition: Int32
    public var offset: Int64
    public var reason: String
    public var detail: String
    public var rejectedBy: String
    /// The value's first 4 KiB.
    public var value: String
    public var valueEncoding: Encoding

    public enum Encoding: String, Codable, Sendable { case utf8, base64 }

    public init(
        topic: String, partition: Int32, offset: Int64, rejection: Rejection, rejectedBy: String,
        value bytes: [UInt8]
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        reason = rejection.reason.rawValue
        detail = rejection.detail
        self.rejectedBy = rejectedBy
        let kept = bytes.prefix(Self.valueBytesMax)
        if let text = String(validating: kept, as: UTF8.self) {
            value = text
            valueEncoding = .utf8
        } else {
            value = Data(kept).base64EncodedString()
            valueEncoding = .base64
        }
    }

    public var key: String { "\(topic)/\(partition)/\(offset)" }
    public func partition(keyed: Int32) -> Int32 { partition % keyed }
    public func validate() throws(Rejection) {}
}
