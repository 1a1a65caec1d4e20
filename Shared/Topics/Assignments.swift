/// Where a function runs and why: `assignments`.
public struct Assignment: FunctionMessage {
    public static let topic = Topic.assignments

    public var customer: String
    public var service: String
    public var function: String
    public var cell: Int32
    public var tier: Tier
    /// Shares sum to 1; empty while it waits for a worker that can take it.
    public var placements: [Placement]
    /// One sentence for people.
    public var reason: String
    /// Event time of what the decision rests on.
    public var decidedAtMs: Int64
    /// Rises with every decision about the function.
    public var revision: Int

    public struct Placement: Codable, Equatable, Sendable {
        public var worker: String
        public var share: Double
        public init(worker: String, share: Double) {
            self.worker = worker
            self.share = share
        }
    }

    public init(
        _ function: FunctionID, cell: Int32, tier: Tier, placements: [Placement], reason: String,
        decidedAtMs: Int64, revision: Int
    ) {
        customer = function.service.customer
        service = function.service.service
        self.function = function.function
        self.cell = cell
        self.tier = tier
        self.placements = placements
        self.reason = reason
        self.decidedAtMs = decidedAtMs
        self.revision = revision
    }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: customer, of: "customer")
        try FieldLimits.check(name: service, of: "service")
        try FieldLimits.check(name: function, of: "function")
    }
}
