extension FunctionShape {
    /// The bytes on the topic: those that `TopicMessage` would give, some thirty times sooner.
    public func encoded() -> [UInt8] {
        var json = JSONObject(bytes: 1_024)
        json.add(#","cold_starts":"#, coldStarts)
        json.add(#","concurrency_peak":"#, concurrencyPeak)
        json.add(#","correction":"#, correction)
        json.add(#","counts":"#, counts)
        json.add(#","cpu_ms":"#, cpuMs)
        json.add(#","customer":"#, customer)
        if let deadlineMs { json.add(#","deadline_ms":"#, deadlineMs) }
        if let deadlineSlack { json.add(#","deadline_slack":"#, deadlineSlack) }
        if let durationMs { json.add(#","duration_ms":"#, durationMs) }
        json.add(#","function":"#, function)
        json.add(#","gb_seconds":"#, gbSeconds)
        if let initMs { json.add(#","init_ms":"#, initMs) }
        if let interarrivalMs { json.add(#","interarrival_ms":"#, interarrivalMs) }
        json.add(#","memory_mb":"#, memoryMb)
        if let memoryPeakMb { json.add(#","memory_peak_mb":"#, memoryPeakMb) }
        json.add(#","per_minute":"#, perMinute)
        if let runtime { json.add(#","runtime":"#, runtime) }
        json.add(#","service":"#, service)
        json.add(#","slot_start_ms":"#, slotStartMs)
        if let successInTime { json.add(#","success_in_time":"#, successInTime) }
        if let trigger { json.add(#","trigger":"#, trigger) }
        return json.finished()
    }

    /// One key a slot, so that compaction drops superseded values and nothing else.
    public var key: String { path(customer, service, function, slotStartMs: slotStartMs) }
}

extension JSONObject {
    fileprivate mutating func add(_ name: StaticString, _ counts: OutcomeCounts) {
        begin(name)
        add(#","error":"#, counts.error)
        add(#","killed":"#, counts.killed)
        add(#","out_of_memory":"#, counts.outOfMemory)
        add(#","success":"#, counts.success)
        add(#","throttled":"#, counts.throttled)
        add(#","timeout":"#, counts.timeout)
        add(#","unknown":"#, counts.unknown)
        end()
    }

    fileprivate mutating func add(_ name: StaticString, _ percentiles: Percentiles) {
        begin(name)
        add(#","max":"#, percentiles.max)
        add(#","mean":"#, percentiles.mean)
        add(#","p1":"#, percentiles.p1)
        add(#","p50":"#, percentiles.p50)
        add(#","p95":"#, percentiles.p95)
        add(#","p99":"#, percentiles.p99)
        end()
    }
}
