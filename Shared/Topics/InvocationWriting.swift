extension Invocation {
    /// The bytes on the topic: those that `TopicMessage` would give, some ten times sooner.
    public func encoded() -> [UInt8] { encodedJSON() }

    /// JSON, its keys in the order of their bytes.
    public func encodedJSON() -> [UInt8] {
        var json = JSONObject(bytes: 384)
        if let cpuMs { json.add(#","cpu_ms":"#, cpuMs) }
        json.add(#","customer":"#, customer)
        if let deadlineMs { json.add(#","deadline_ms":"#, deadlineMs) }
        json.add(#","duration_ms":"#, durationMs)
        json.add(#","function":"#, function)
        if let initMs { json.add(#","init_ms":"#, initMs) }
        json.add(#","invocation":"#, invocation)
        json.add(#","memory_mb":"#, memoryMb)
        if let memoryPeakMb { json.add(#","memory_peak_mb":"#, memoryPeakMb) }
        json.add(#","outcome":"#, outcome.rawValue)
        if let runtime { json.add(#","runtime":"#, runtime) }
        json.add(#","service":"#, service)
        json.add(#","started_at_ms":"#, startedAtMs)
        if let trigger { json.add(#","trigger":"#, trigger) }
        if let worker { json.add(#","worker":"#, worker) }
        return json.finished()
    }

    /// Protobuf as `invocation.proto` has it, its fields in the order of their numbers.
    public func encodedProtobuf() -> [UInt8] {
        var wire = WireMessage()
        wire.add(1, customer)
        wire.add(2, service)
        wire.add(3, function)
        wire.add(4, invocation)
        wire.add(5, UInt64(bitPattern: startedAtMs))
        wire.add(6, durationMs)
        if let cpuMs { wire.add(7, cpuMs) }
        wire.add(8, memoryMb)
        if let memoryPeakMb { wire.add(9, memoryPeakMb) }
        if let initMs { wire.add(10, initMs) }
        if let deadlineMs { wire.add(11, deadlineMs) }
        if let trigger { wire.add(12, trigger) }
        if let runtime { wire.add(13, runtime) }
        if let worker { wire.add(14, worker) }
        wire.add(15, outcome.wireNumber)
        return wire.bytes
    }
}

extension Outcome {
    /// Its number in `invocation.proto`.
    fileprivate var wireNumber: UInt64 {
        switch self {
        case .success: 1
        case .error: 2
        case .timeout: 3
        case .outOfMemory: 4
        case .throttled: 5
        case .killed: 6
        case .unknown: 7
        }
    }
}

/// A message of Protobuf's wire format as it is written.
private struct WireMessage {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(192) }

    mutating func add(_ field: UInt64, _ text: String) {
        append(field << 3 | 2)
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ field: UInt64, _ value: UInt64) {
        append(field << 3)
        append(value)
    }

    mutating func add(_ field: UInt64, _ value: Double) {
        append(field << 3 | 1)
        let pattern = value.bitPattern
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
        }
    }

    private mutating func append(_ varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
