/// A service is announced, before its first invocation: `services`.
public struct ServiceAnnounced: ServiceMessage {
    public static let topic = Topic.services

    public var customer: String
    public var service: String
    public var trigger: String
    public var runtime: String
    public var memoryMb: Double
    public var deadlineMs: Double
    /// What the customer declared.
    public var expectedInvocationsPerDay: Double?
    public var tier: Tier
    /// The success rate that the customer wants.
    public var successTarget: Double?

    public init(
        customer: String, service: String, trigger: String, runtime: String, memoryMb: Double,
        deadlineMs: Double, expectedInvocationsPerDay: Double? = nil, tier: Tier,
        successTarget: Double? = nil
    ) {
        self.customer = customer
        self.service = service
        self.trigger = trigger
        self.runtime = runtime
        self.memoryMb = memoryMb
        self.deadlineMs = deadlineMs
        self.expectedInvocationsPerDay = expectedInvocationsPerDay
        self.tier = tier
        self.successTarget = successTarget
    }

    public var key: String { serviceID.path }

    public func validate() throws(Rejection) {
        try FieldLimits.check(name: customer, of: "customer")
        try FieldLimits.check(name: service, of: "service")
        try FieldLimits.check(word: trigger, of: "trigger")
        try FieldLimits.check(word: runtime, of: "runtime")
        try FieldLimits.check(memoryMb, in: 0...FieldLimits.memoryMbMax, of: "memory_mb")
        try FieldLimits.check(deadlineMs, in: 0...FieldLimits.durationMsMax, of: "deadline_ms")
        if let expectedInvocationsPerDay {
            try FieldLimits.check(
                expectedInvocationsPerDay, in: 0...1e12, of: "expected_invocations_per_day")
        }
        if let successTarget {
            try FieldLimits.check(successTarget, in: 0...1, of: "success_target")
        }
    }
}

/// What a customer bought.
public enum Tier: String, CaseIterable, Codable, Sendable {
    case guaranteed
    case burstable
    case bestEffort = "best_effort"
}
