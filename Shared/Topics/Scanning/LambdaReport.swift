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
            return try report.scanned(in: cursor)
        }
    }
}

private struct Report {
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
        guard let timeMs = plainMilliseconds(text) ?? milliseconds(says(text)) else {
            throw ScanFailure(
                .wrongType, field: "time", expected: "a time as 2026-01-31T23:59:59.123Z",
                at: from, count: offset - from)
        }
        report.timeMs = timeMs
    }

    private mutating func readType(into report: inout Report) throws(ScanFailure) {
        let from = offset
        guard !report.hasType else { throw ScanFailure(.duplicate, field: "type", at: from) }
        guard let type = try optionalText("type") else { return }
        report.hasType = true
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
            try read(into: &report.requestID, "record.requestId")
        } else if says(name, "status") {
            try read(into: &report.status, "record.status")
        } else if says(name, "errorType") {
            try read(into: &report.errorType, "record.errorType")
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
            try read(into: &report.durationMs, "record.metrics.durationMs")
        } else if says(name, "memorySizeMB") {
            try read(into: &report.memorySizeMb, "record.metrics.memorySizeMB")
        } else if says(name, "maxMemoryUsedMB") {
            try read(into: &report.memoryUsedMb, "record.metrics.maxMemoryUsedMB")
        } else if says(name, "initDurationMs") {
            try read(into: &report.initMs, "record.metrics.initDurationMs")
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
        into value: inout ScannedText?, _ field: StaticString
    ) throws(ScanFailure) {
        guard value == nil else { throw ScanFailure(.duplicate, field: field, at: offset) }
        value = try optionalText(field)
    }

    private mutating func read(
        into value: inout Double?, _ field: StaticString
    ) throws(ScanFailure) {
        guard value == nil else { throw ScanFailure(.duplicate, field: field, at: offset) }
        value = try optionalDouble(field)
    }

    /// `2026-01-31T23:59:59.123Z`, as Lambda writes it; nil for any other way, right or wrong.
    private func plainMilliseconds(_ text: ScannedText) -> Int64? {
        guard !text.isEscaped, text.count == 24 else { return nil }
        let place = start + Int(text.offset)
        var isDigit = true
        func number(_ from: Int, _ count: Int) -> Int {
            var value = 0
            for i in from..<from + count {
                let digit = place[i] &- 0x30
                isDigit = isDigit && digit < 10
                value = value &* 10 &+ Int(digit)
            }
            return value
        }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
        let ms = number(20, 3)
        guard isDigit, place[4] == 0x2D, place[7] == 0x2D, place[10] == 0x54, place[13] == 0x3A,
            place[16] == 0x3A, place[19] == 0x2E, place[23] == 0x5A, (1...12).contains(month),
            (1...28).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let minutes = (days(year, month, day) * 24 + hour) * 60 + minute
        return Int64(minutes * 60_000 + second * 1_000 + ms)
    }
}
