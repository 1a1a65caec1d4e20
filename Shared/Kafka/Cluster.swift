/// A Kafka, and how its clients get in.
public struct Cluster: Equatable, Sendable {
    /// host:port, separated by commas.
    public var bootstrapServers: String
    /// librdkafka's own names and values: TLS, SASL, sizes and times.
    public var settings: [String: String]

    public init(bootstrapServers: String, settings: [String: String] = [:]) {
        self.bootstrapServers = bootstrapServers
        self.settings = settings
    }
}

/// Settings may be passwords: neither printing nor dumping shows them.
extension Cluster: CustomStringConvertible, CustomReflectable {
    public var description: String { bootstrapServers }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
