extension ScannedInvocation {
    /// A `platform.report` of AWS Lambda's Telemetry API.
    ///
    /// - `time` is when the record was written, at the execution's end: it started `durationMs`
    ///   earlier, to the millisecond before.
    /// - `status` `success` is our `success`, `timeout` our `timeout`, `failure` and `error` our
    ///   `error`, but `out_of_memory` where `errorType` says `Runtime.OutOfMemory`.
    /// - `initDurationMs` is there exactly for a cold start. CPU time is not measured.
    ///
    /// - SeeAlso: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference".
    public init(lambdaTelemetry bytes: Span<UInt8>) throws(ScanFailure) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            try Self.scan(anyReport: bytes).scanned
        }
    }

    /// The same, by the shapes of the reports before where one fits.
    public mutating func read(
        lambdaTelemetry bytes: Span<UInt8>, _ shapes: inout ReportShapes
    ) throws(ScanFailure) {
        try bytes.withUnsafeBufferPointer { bytes throws(ScanFailure) in
            guard !read(knownReport: bytes, &shapes) else { return }
            let (scanned, places) = try Self.scan(anyReport: bytes)
            self = scanned
            shapes.learn(bytes, places, present: present)
        }
    }

    static func scan(
        anyReport bytes: UnsafeBufferPointer<UInt8>
    ) throws(ScanFailure) -> (scanned: ScannedInvocation, places: ReportPlaces) {
        var cursor = try JSONCursor(bytes)
        var report = Report()
        try cursor.expectObject()
        try cursor.members { cursor, name throws(ScanFailure) in
            try cursor.readEvent(name, into: &report)
        }
        try cursor.expectEnd()
        return (try report.scanned(in: cursor), report.places)
    }
}

private struct Report {
    var places = ReportPlaces()
    var timeMs: Int64?
    var hasType = false
    var hasRecord = false
    var hasMetrics = false
    var requestID: ScannedText?
    var status: ScannedText?
    var errorType: ScannedText?
    var durationMs: Double?
    var memorySizeMb: Double?
    var memoryUsedMb: Double?
    var initMs: Double?

    func scanned(in cursor: JSONCursor) throws(ScanFailure) -> ScannedInvocation {
        guard hasType else { throw ScanFailure(.missing, field: "type") }
        guard let timeMs else { throw ScanFailure(.missing, field: "time") }
        guard hasRecord else { throw ScanFailure(.missing, field: "record") }
        guard let requestID else { throw ScanFailure(.missing, field: "record.requestId") }
        guard let status else { throw ScanFailure(.missing, field: "record.status") }
        guard let durationMs else {
            throw ScanFailure(.missing, field: "record.metrics.durationMs")
        }
        guard let memorySizeMb else {
            throw ScanFailure(.missing, field: "record.metrics.memorySizeMB")
        }
        guard abs(durationMs) < 0x1p53 else {
            throw ScanFailure(
                .outOfRange, field: "record.metrics.durationMs", expected: "0 to 86400000")
        }
        var scanned = ScannedInvocation()
        scanned.set(.invocation, requestID)
        scanned.startedAtMs = timeMs - Int64(durationMs.rounded(.up))
        scanned.mark(.startedAtMs)
        scanned.set(.durationMs, durationMs)
        scanned.set(.memoryMb, memorySizeMb)
        if let memoryUsedMb { scanned.set(.memoryPeakMb, memoryUsedMb) }
        if let initMs { scanned.set(.initMs, initMs) }
        scanned.outcome = outcome(status, in: cursor)
        scanned.mark(.outcome)
        try scanned.checkPresence(identified: true)
        return scanned
    }

    private func outcome(_ status: ScannedText, in cursor: JSONCursor) -> UInt8 {
        if cursor.says(status, "success") { return 0 }
        if cursor.says(status, "timeout") { return 2 }
        guard cursor.says(status, "failure") || cursor.says(status, "error") else {
            return ScannedInvocation.unknownOutcome
        }
        let isOutOfMemory = errorType.map { cursor.says($0, "Runtime.OutOfMemory") }
        return isOutOfMemory == true ? 3 : 1
    }
}

extension JSONCursor {
    /// An object's members, behind its opening brace; `read` takes or passes over each value.
    @inline(__always)
    fileprivate mutating func members(
        _ read: (inout JSONCursor, ScannedText) throws(ScanFailure) -> Void
    ) throws(ScanFailure) {
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try key()
            try read(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the object's end")
    }

    fileprivate mutating func readEvent(
        _ name: ScannedText, into report: inout Report
    ) throws(ScanFailure) {
        skipWhitespace()
        if says(name, "time") {
            try readTime(into: &report)
        } else if says(name, "type") {
            try readType(into: &report)
        } else if says(name, "record") {
            try enterObject("record", &report.hasRecord)
            try members { cursor, name throws(ScanFailure) in
                try cursor.readRecord(name, into: &report)
            }
        } else {
            try skipValue(depth: 2)
        }
    }

    private mutating func readTime(into report: inout Report) throws(ScanFailure) {
        let from = offset
        guard let text = try optionalText("time") else { return }
        guard report.timeMs == nil else {
            throw ScanFailure(.duplicate, field: "time", at: from)
        }
        guard let timeMs = plainTime(text) ?? milliseconds(says(text)) else {
            throw ScanFailure(
                .wrongType, field: "time", expected: "a time as 2026-01-31T23:59:59.123Z",
                at: from, count: offset - from)
        }
        report.timeMs = timeMs
        report.places[.time] = text.offset
    }

    private mutating func readType(into report: inout Report) throws(ScanFailure) {
        let from = offset
        guard !report.hasType else { throw ScanFailure(.duplicate, field: "type", at: from) }
        guard let type = try optionalText("type") else { return }
        report.hasType = true
        report.places[.type] = type.offset
        guard says(type, "platform.report") else {
            throw ScanFailure(
                .wrongType, field: "type", expected: "\"platform.report\"", at: from,
                count: offset - from)
        }
    }

    private mutating func readRecord(
        _ name: ScannedText, into report: inout Report
    ) throws(ScanFailure) {
        if says(name, "requestId") {
            try read(into: &report.requestID, &report.places[.requestID], "record.requestId")
        } else if says(name, "status") {
            try read(into: &report.status, &report.places[.status], "record.status")
        } else if says(name, "errorType") {
            try read(into: &report.errorType, &report.places[.errorType], "record.errorType")
        } else if says(name, "metrics") {
            try enterObject("record.metrics", &report.hasMetrics)
            try members { cursor, name throws(ScanFailure) in
                try cursor.readMetric(name, into: &report)
            }
        } else {
            try skipValue(depth: 3)
        }
    }

    private mutating func readMetric(
        _ name: ScannedText, into report: inout Report
    ) throws(ScanFailure) {
        if says(name, "durationMs") {
            try read(
                into: &report.durationMs, &report.places[.durationMs], "record.metrics.durationMs")
        } else if says(name, "memorySizeMB") {
            try read(
                into: &report.memorySizeMb, &report.places[.memorySizeMb],
                "record.metrics.memorySizeMB")
        } else if says(name, "maxMemoryUsedMB") {
            try read(
                into: &report.memoryUsedMb, &report.places[.memoryUsedMb],
                "record.metrics.maxMemoryUsedMB")
        } else if says(name, "initDurationMs") {
            try read(into: &report.initMs, &report.places[.initMs], "record.metrics.initDurationMs")
        } else {
            try skipValue(depth: 4)
        }
    }

    private mutating func enterObject(
        _ field: StaticString, _ seen: inout Bool
    ) throws(ScanFailure) {
        guard peek() == UInt8(ascii: "{") else {
            throw try wrongType(field, expected: "an object")
        }
        guard !seen else { throw ScanFailure(.duplicate, field: field, at: offset) }
        seen = true
        position += 1
    }

    private mutating func read(
        into value: inout ScannedText?, _ place: inout Int32, _ field: StaticString
    ) throws(ScanFailure) {
        guard value == nil else { throw ScanFailure(.duplicate, field: field, at: offset) }
        value = try optionalText(field)
        if let value { place = value.offset }
    }

    private mutating func read(
        into value: inout Double?, _ place: inout Int32, _ field: StaticString
    ) throws(ScanFailure) {
        guard value == nil else { throw ScanFailure(.duplicate, field: field, at: offset) }
        skipWhitespace()
        place = Int32(truncatingIfNeeded: offset)
        value = try optionalDouble(field)
    }

    /// nil for a time in any other way than Lambda's own, right or wrong.
    private func plainTime(_ text: ScannedText) -> Int64? {
        guard !text.isEscaped, text.count == 24 else { return nil }
        return plainMilliseconds(start + Int(text.offset))
    }
}
