extension CompactCursor {
    /// A report of that shape, from its first byte to its last.
    @inline(__always)
    mutating func readReport(
        _ shape: ReportShape, _ minute: inout KnownMinute, into scanned: inout ScannedInvocation
    ) -> Bool {
        var report = KnownReport()
        let isRead = shape.literals.withUnsafeBufferPointer { literals in
            shape.steps.withUnsafeBufferPointer { steps in
                guard var literal = literals.baseAddress else { return false }
                for step in steps {
                    guard take(step, literal),
                        read(step.value, &minute, into: &report, &scanned)
                    else { return false }
                    literal += step.count
                }
                return position == end
            }
        }
        // So far the strict scanner takes a duration, too.
        guard isRead, scanned.durationMs < 0x1p53 else { return false }
        scanned.startedAtMs = report.timeMs - wholeMilliseconds(scanned.durationMs)
        scanned.outcome = outcome(of: report)
        scanned.mark(all: shape.present)
        return true
    }

    /// - Parameter literal: with `ReportShape.slack` bytes behind its end.
    @inline(__always)
    private mutating func take(
        _ step: ReportShape.Step, _ literal: UnsafePointer<UInt8>
    ) -> Bool {
        let a = UnsafeRawPointer(position)
        let b = UnsafeRawPointer(literal)
        @inline(__always) func differing(_ offset: Int) -> UInt64 {
            a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        guard end - position >= step.count + ReportShape.slack else {
            return takeLast(step, literal)
        }
        var offset = 0
        while offset < step.wholes {
            guard differing(offset) | differing(offset + 8) == 0 else { return false }
            offset += 16
        }
        let low = UInt64(littleEndian: differing(offset)) & step.lowMask
        let high = UInt64(littleEndian: differing(offset + 8)) & step.highMask
        guard low | high == 0 else { return false }
        position += step.count
        return true
    }

    /// As `take`, near the end.
    private mutating func takeLast(
        _ step: ReportShape.Step, _ literal: UnsafePointer<UInt8>
    ) -> Bool {
        guard end - position >= step.count, equal(position, literal, step.count) else {
            return false
        }
        position += step.count
        return true
    }

    @inline(__always)
    private mutating func read(
        _ value: ReportValue, _ minute: inout KnownMinute, into report: inout KnownReport,
        _ scanned: inout ScannedInvocation
    ) -> Bool {
        switch value {
        case .otherText: return skipTextBeforeQuote()
        case .otherNumber: return skipNumber()
        case .durationMs: return read(.durationMs, into: &scanned)
        case .memorySizeMb: return read(.memoryMb, into: &scanned)
        case .memoryUsedMb: return read(.memoryPeakMb, into: &scanned)
        case .initMs: return read(.initMs, into: &scanned)
        case .requestID:
            guard let text = textBeforeQuote() else { return false }
            scanned.invocation = text
        case .status:
            guard let text = textBeforeQuote() else { return false }
            report.status = text
        case .errorType:
            guard let text = textBeforeQuote() else { return false }
            report.errorType = text
        case .time:
            guard end - position >= 24, let timeMs = minute.milliseconds(position) else {
                return false
            }
            report.timeMs = timeMs
            position += 24
        // The type is of what stands between the values.
        case .none, .type: break
        }
        return true
    }

    @inline(__always)
    private mutating func read(
        _ field: InvocationField, into scanned: inout ScannedInvocation
    ) -> Bool {
        guard let value = double() else { return false }
        scanned.put(value, field)
        return true
    }

    private func outcome(of report: KnownReport) -> UInt8 {
        func says(_ text: ScannedText, _ word: StaticString) -> Bool {
            let (place, count) = (start + Int(text.offset), word.utf8CodeUnitCount)
            guard Int(text.count) == count else { return false }
            return count <= 16 ? equalWords(place, word) : equal(place, word.utf8Start, count)
        }
        if says(report.status, "success") { return 0 }
        if says(report.status, "timeout") { return 2 }
        guard says(report.status, "failure") || says(report.status, "error") else {
            return ScannedInvocation.unknownOutcome
        }
        return says(report.errorType, "Runtime.OutOfMemory") ? 3 : 1
    }
}

/// What of a report is no field of an invocation. Without an error's type, that is of no bytes.
private struct KnownReport {
    var timeMs: Int64 = 0
    var status = ScannedText()
    var errorType = ScannedText()
}

/// Rounded up.
@inline(__always)
private func wholeMilliseconds(_ value: Double) -> Int64 {
    let whole = Int64(value)
    return Double(whole) < value ? whole + 1 : whole
}
