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
            var cursor = try JSONCursor(bytes)
            var report = Report()
            try cursor.expectObject()
            try cursor.members { cursor, name throws(ScanFailure) in
                try cursor.readEvent(name, into: &report)
            }
            try cursor.expectEnd()
            return try report.scanned()
        }
    }
}

private struct Report {
    var timeMs: Int64?
    var type: String?
    var hasRecord = false
    var hasMetrics = false
    var requestID: ScannedText?
    var status: String?
    var errorType: String?
    var durationMs: Double?
    var memorySizeMb: Double?
    var memoryUsedMb: Double?
    var initMs: Double?

    func scanned() throws(ScanFailure) -> ScannedInvocation {
        guard type != nil else { throw ScanFailure(.missing, field: "type") }
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
        scanned.outcome = outcome(status)
        scanned.mark(.outcome)
        try scanned.checkPresence(identified: true)
        return scanned
    }

    private func outcome(_ status: String) -> UInt8 {
        let word: String =
            switch status {
            case "success", "timeout": status
            case "failure", "error":
                errorType == "Runtime.OutOfMemory" ? "out_of_memory" : "error"
            default: ""
            }
        let place = ScannedInvocation.outcomes.firstIndex { $0.description == word }
        return UInt8(place ?? Int(ScannedInvocation.unknownOutcome))
    }
}

extension JSONCursor {
    /// An object's members, behind its opening brace; `read` takes or passes over each value.
    fileprivate mutating func members(
        _ read: (inout JSONCursor, String) throws(ScanFailure) -> Void
    ) throws(ScanFailure) {
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let name = says(try key())
            try read(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the object's end")
    }

    fileprivate mutating func readEvent(
        _ name: String, into report: inout Report
    ) throws(ScanFailure) {
        skipWhitespace()
        let from = offset
        switch name {
        case "time":
            var text: String?
            try read(into: &text, "time")
            guard let text else { return }
            guard report.timeMs == nil else {
                throw ScanFailure(.duplicate, field: "time", at: from)
            }
            guard let timeMs = milliseconds(text) else {
                throw ScanFailure(
                    .wrongType, field: "time", expected: "a time as 2026-01-31T23:59:59.123Z",
                    at: from, count: offset - from)
            }
            report.timeMs = timeMs
        case "type":
            try read(into: &report.type, "type")
            guard report.type ?? "platform.report" == "platform.report" else {
                throw ScanFailure(
                    .wrongType, field: "type", expected: "\"platform.report\"", at: from,
                    count: offset - from)
            }
        case "record":
            try enterObject("record", &report.hasRecord)
            try members { cursor, name throws(ScanFailure) in
                try cursor.readRecord(name, into: &report)
            }
        default: try skipValue(depth: 2)
        }
    }

    private mutating func readRecord(
        _ name: String, into report: inout Report
    ) throws(ScanFailure) {
        switch name {
        case "requestId":
            guard report.requestID == nil else {
                throw ScanFailure(.duplicate, field: "record.requestId", at: offset)
            }
            report.requestID = try optionalText("record.requestId")
        case "status": try read(into: &report.status, "record.status")
        case "errorType": try read(into: &report.errorType, "record.errorType")
        case "metrics":
            try enterObject("record.metrics", &report.hasMetrics)
            try members { cursor, name throws(ScanFailure) in
                try cursor.readMetric(name, into: &report)
            }
        default: try skipValue(depth: 3)
        }
    }

    private mutating func readMetric(
        _ name: String, into report: inout Report
    ) throws(ScanFailure) {
        switch name {
        case "durationMs": try read(into: &report.durationMs, "record.metrics.durationMs")
        case "memorySizeMB": try read(into: &report.memorySizeMb, "record.metrics.memorySizeMB")
        case "maxMemoryUsedMB":
            try read(into: &report.memoryUsedMb, "record.metrics.maxMemoryUsedMB")
        case "initDurationMs": try read(into: &report.initMs, "record.metrics.initDurationMs")
        default: try skipValue(depth: 4)
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
        into value: inout String?, _ field: StaticString
    ) throws(ScanFailure) {
        guard value == nil else { throw ScanFailure(.duplicate, field: field, at: offset) }
        value = try optionalText(field).map { says($0) }
    }

    private mutating func read(
        into value: inout Double?, _ field: StaticString
    ) throws(ScanFailure) {
        guard value == nil else { throw ScanFailure(.duplicate, field: field, at: offset) }
        value = try optionalDouble(field)
    }
}
