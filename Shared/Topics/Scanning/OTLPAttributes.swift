/// What a resource's or a span's attributes say of a function, as their bytes say it.
///
/// - SeeAlso: OpenTelemetry Semantic Conventions, "FaaS" and "Cloud" attributes. `faas.id` and
///   `faas.execution` are what `cloud.resource_id` and `faas.invocation_id` were called until 1.19.
public struct OTLPAttributes: Sendable {
    /// `cloud.account.id`
    public fileprivate(set) var account: ScannedText?
    /// `cloud.resource_id`, before `faas.id`
    public fileprivate(set) var resource: ScannedText?
    /// `service.name`
    public fileprivate(set) var service: ScannedText?
    /// `service.namespace`
    public fileprivate(set) var serviceNamespace: ScannedText?
    /// `faas.name`
    public fileprivate(set) var function: ScannedText?
    /// `faas.invocation_id`, before `faas.execution`
    public fileprivate(set) var invocation: ScannedText?
    /// `faas.trigger`
    public fileprivate(set) var trigger: ScannedText?
    /// `process.runtime.name`
    public fileprivate(set) var runtime: ScannedText?
    /// `faas.coldstart`
    public fileprivate(set) var isColdStart: Bool?
    /// `faas.max_memory`, as it stands
    public fileprivate(set) var memoryMax: Double?

    /// Whether something is said of a function's own execution: `faas.invoked_name` and the like
    /// are of one that is called.
    public var saysExecution: Bool {
        function != nil || invocation != nil || trigger != nil || isColdStart != nil
    }

    /// What these say, and what `others` say where these say nothing.
    public func over(_ others: Self) -> Self {
        var merged = self
        merged.account = account ?? others.account
        merged.resource = resource ?? others.resource
        merged.service = service ?? others.service
        merged.serviceNamespace = serviceNamespace ?? others.serviceNamespace
        merged.function = function ?? others.function
        merged.invocation = invocation ?? others.invocation
        merged.trigger = trigger ?? others.trigger
        merged.runtime = runtime ?? others.runtime
        merged.isColdStart = isColdStart ?? others.isColdStart
        merged.memoryMax = memoryMax ?? others.memoryMax
        return merged
    }

    fileprivate enum Key: UInt32, CaseIterable {
        case account, resource, formerResource, service, serviceNamespace, function, invocation
        case formerInvocation, trigger, runtime, coldStart, memoryMax

        var name: StaticString {
            switch self {
            case .account: "cloud.account.id"
            case .resource: "cloud.resource_id"
            case .formerResource: "faas.id"
            case .service: "service.name"
            case .serviceNamespace: "service.namespace"
            case .function: "faas.name"
            case .invocation: "faas.invocation_id"
            case .formerInvocation: "faas.execution"
            case .trigger: "faas.trigger"
            case .runtime: "process.runtime.name"
            case .coldStart: "faas.coldstart"
            case .memoryMax: "faas.max_memory"
            }
        }
    }

    fileprivate mutating func set(
        _ key: Key, _ value: OTLPValue, at cursor: JSONCursor
    ) throws(ScanFailure) {
        switch key {
        case .account: account = try cursor.name(value, key.name)
        case .resource: resource = try cursor.name(value, key.name)
        case .formerResource:
            let former = try cursor.name(value, key.name)
            resource = resource ?? former
        case .service: service = try cursor.name(value, key.name)
        case .serviceNamespace: serviceNamespace = try cursor.name(value, key.name)
        case .function: function = try cursor.name(value, key.name)
        case .invocation: invocation = try cursor.name(value, key.name)
        case .formerInvocation:
            let former = try cursor.name(value, key.name)
            invocation = invocation ?? former
        case .trigger: trigger = try cursor.name(value, key.name)
        case .runtime: runtime = try cursor.name(value, key.name)
        case .coldStart:
            guard case .flag(let isCold) = value else {
                throw cursor.wrongAttribute(key.name, "a boolValue")
            }
            isColdStart = isCold
        case .memoryMax:
            switch value {
            case .integer(let digits): memoryMax = Double(cursor.says(digits))
            case .double(let size): memoryMax = size
            default: throw cursor.wrongAttribute(key.name, "an intValue")
            }
        }
    }
}

/// An `AnyValue`, as far as we use one.
enum OTLPValue {
    case text(ScannedText)
    case flag(Bool)
    /// Its digits: OTLP writes 64-bit integers as text, and some writers as numbers.
    case integer(ScannedText)
    case double(Double)
    case other
}

extension JSONCursor {
    /// `[{"key": ..., "value": {"stringValue": ...}}, ...]`
    mutating func attributes(depth: Int) throws(ScanFailure) -> OTLPAttributes {
        var attributes = OTLPAttributes()
        if try isNull() { return attributes }
        var seen: UInt32 = 0
        try array("attributes") { cursor throws(ScanFailure) in
            try cursor.attribute(into: &attributes, &seen, depth: depth + 1)
        }
        return attributes
    }

    @inline(__always)
    private mutating func attribute(
        into attributes: inout OTLPAttributes, _ seen: inout UInt32, depth: Int
    ) throws(ScanFailure) {
        var key: ScannedText?
        var value: OTLPValue?
        try object("an attribute") { cursor, name throws(ScanFailure) in
            if cursor.says(name, "key") {
                guard key == nil else {
                    throw ScanFailure(.duplicate, field: "key", at: cursor.offset)
                }
                key = try cursor.optionalText("key")
            } else if cursor.says(name, "value") {
                guard value == nil else {
                    throw ScanFailure(.duplicate, field: "value", at: cursor.offset)
                }
                value = try cursor.attributeValue(depth: depth + 1)
            } else {
                try cursor.skipValue(depth: depth + 1)
            }
        }
        guard let key, let known = self.known(key) else { return }
        try mark(known.rawValue, of: &seen, known.name)
        guard let value else { return }
        try attributes.set(known, value, at: self)
    }

    @inline(__always)
    private func known(_ key: ScannedText) -> OTLPAttributes.Key? {
        guard !key.isEscaped else {
            let name = says(key)
            return OTLPAttributes.Key.allCases.first { $0.name.description == name }
        }
        func only(_ known: OTLPAttributes.Key) -> OTLPAttributes.Key? {
            says(key, known.name) ? known : nil
        }
        switch key.count {
        case 7: return only(.formerResource)
        case 9: return only(.function)
        case 12: return only(.service) ?? only(.trigger)
        case 14: return only(.coldStart) ?? only(.formerInvocation)
        case 15: return only(.memoryMax)
        case 16: return only(.account)
        case 17: return only(.resource) ?? only(.serviceNamespace)
        case 18: return only(.invocation)
        case 20: return only(.runtime)
        default: return nil
        }
    }

    /// - Returns: nil for `null`.
    @inline(__always)
    private mutating func attributeValue(depth: Int) throws(ScanFailure) -> OTLPValue? {
        if try isNull() { return nil }
        var value: OTLPValue?
        try object("value") { cursor, name throws(ScanFailure) in
            guard value == nil else {
                throw ScanFailure(.duplicate, field: "value", at: cursor.offset)
            }
            if cursor.says(name, "stringValue") {
                value = try cursor.optionalText("stringValue").map { .text($0) }
            } else if cursor.says(name, "boolValue") {
                value = try cursor.flag()
            } else if cursor.says(name, "intValue") {
                value = try cursor.integerValue()
            } else if cursor.says(name, "doubleValue") {
                value = try cursor.doubleValue(depth: depth + 1)
            } else {
                try cursor.skipValue(depth: depth + 1)
                value = .other
            }
        }
        return value
    }

    private mutating func flag() throws(ScanFailure) -> OTLPValue? {
        switch peek() {
        case UInt8(ascii: "t"):
            try takeWord("true")
            return .flag(true)
        case UInt8(ascii: "f"):
            try takeWord("false")
            return .flag(false)
        default:
            if try isNull() { return nil }
            throw try wrongType("boolValue", expected: "true or false")
        }
    }

    private mutating func integerValue() throws(ScanFailure) -> OTLPValue? {
        if peek() == UInt8(ascii: "\"") {
            position += 1
            return .integer(try text())
        }
        let from = offset
        guard try optionalInteger("intValue") != nil else { return nil }
        return .integer(ScannedText(offset: Int32(from), count: Int32(offset - from)))
    }

    /// NaN and the infinities are written as text.
    private mutating func doubleValue(depth: Int) throws(ScanFailure) -> OTLPValue? {
        guard peek() != UInt8(ascii: "\"") else {
            try skipValue(depth: depth)
            return .other
        }
        return try optionalDouble("doubleValue").map { .double($0) }
    }

    /// A name may be all digits, and then some write it as an integer.
    fileprivate func name(
        _ value: OTLPValue, _ field: StaticString
    ) throws(ScanFailure) -> ScannedText {
        switch value {
        case .text(let text), .integer(let text): return text
        default: throw wrongAttribute(field, "a stringValue")
        }
    }

    fileprivate func wrongAttribute(
        _ field: StaticString, _ expected: StaticString
    ) -> ScanFailure {
        ScanFailure(.wrongType, field: field, expected: expected, at: offset)
    }
}
