/// What the learner knows of a function: `representations`.
public struct Representation: FunctionMessage {
    public static let topic = Topic.representations

    public var customer: String
    public var service: String
    public var function: String
    public var modelVersion: Int
    /// (D = 32) unit length; all zero when there was nothing to tell it from any other.
    public var vector: [Float]
    /// Which cluster of `modelVersion`.
    public var cluster: Int
    /// How well yesterday tells today, 0 to 1: the share of variance explained.
    public var predictability: Double
    /// How many closed slots it rests on.
    public var slots: Int
    /// Most alike, best first.
    public var nearest: [Neighbour]
    /// In antiphase: those whose load is low when this one's is high, best first.
    public var opposite: [Neighbour]

    public struct Neighbour: Codable, Equatable, Sendable {
        public var customer: String
        public var service: String
        public var function: String
        /// -1 to 1; of `opposite` the antiphase score, positive where it is worth anything.
        public var score: Double

        public init(_ function: FunctionID, score: Double) {
            customer = function.service.customer
            service = function.service.service
            self.function = function.function
            self.score = score
        }

        public var functionID: FunctionID {
            FunctionID(customer: customer, service: service, function: function)
        }
    }

    public init(
        _ function: FunctionID, modelVersion: Int, vector: [Float], cluster: Int,
        predictability: Double, slots: Int, nearest: [Neighbour], opposite: [Neighbour]
    ) {
        customer = function.service.customer
        service = function.service.service
        self.function = function.function
        self.modelVersion = modelVersion
        self.vector = vector
        self.cluster = cluster
        self.predictability = predictability
        self.slots = slots
        self.nearest = nearest
        self.opposite = opposite
    }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: customer, of: "customer")
        try FieldLimits.check(name: service, of: "service")
        try FieldLimits.check(name: function, of: "function")
        try FieldLimits.check(predictability, in: 0...1, of: "predictability")
        try FieldLimits.check(modelVersion, in: 0...FieldLimits.versionMax, of: "model_version")
        try FieldLimits.check(cluster, in: 0...FieldLimits.versionMax, of: "cluster")
        try FieldLimits.check(slots, in: 0...FieldLimits.countMax, of: "slots")
        for neighbour in nearest + opposite {
            try FieldLimits.check(name: neighbour.customer, of: "customer of a neighbour")
            try FieldLimits.check(name: neighbour.service, of: "service of a neighbour")
            try FieldLimits.check(name: neighbour.function, of: "function of a neighbour")
        }
        guard vector.allSatisfy(\.isFinite) else {
            throw Rejection(.outOfRange, "vector holds a value that is not finite")
        }
    }
}
