internal import Scanning
internal import Topics

extension Translator {
    /// An OpenWhisk user event.
    ///
    /// - customer: `namespace`, on whose behalf it ran, which is who is limited and charged.
    /// - service, function: package (`default` where there is none) and action of `body.name`.
    /// - invocation: `body.activationId`; older events have none, then `topic-partition-offset`.
    /// - started_at_ms: `timestamp` - `duration`, to the millisecond before.
    /// - init_ms: `initTime` where it is above 0, which is a cold start.
    /// - outcome: of `statusCode` 0 `success`; of 1 and 2, the application's and the developer's
    ///   error, `error`; of 3, the platform's, `killed`: the function did nothing wrong.
    ///
    /// `duration` already contains the initialisation: an invoker takes it from the beginning of that
    /// to the end of the run (`constructWhiskActivation`), so subtracting `initTime` again would put
    /// a cold start before it began. `timestamp` is when the event was made, some milliseconds after
    /// the end, and the start is late by as much: events say nothing nearer.
    mutating func translateOpenWhisk(
        _ value: Span<UInt8>, _ place: RecordPlace, _ output: inout Translated
    ) {
        let event: OpenWhiskEvent
        do throws(ScanFailure) { event = try OpenWhiskEvent(value) } catch {
            output.rejectAll(Rejection(error, in: value, format: .notJSON))
            return
        }
        guard event.kind == .activation else {
            output.leaveOut(.metric)
            return
        }
        guard !event.isSequence else {
            output.leaveOut(.sequence)
            return
        }
        do throws(Rejection) {
            let action = try action(event.name, in: value)
            try FieldLimits.check(
                event.durationMs, in: 0...FieldLimits.durationMsMax, of: "body.duration")
            try FieldLimits.check(timeMs: event.timestampMs, of: "timestamp")
            try output.append(
                InvocationFields(
                    customer: .scanned(event.namespace), service: action.service,
                    function: action.function,
                    invocation: event.activationID.map { .scanned($0) } ?? .place,
                    startedAtMs: event.timestampMs - Int64(event.durationMs.rounded(.up)),
                    durationMs: event.durationMs, memoryMb: event.memoryMb,
                    initMs: event.initMs != 0 ? event.initMs : nil,
                    runtime: event.runtime.map { .scanned($0) },
                    outcome: outcome(ofStatus: event.statusCode)),
                from: value, place)
        } catch {
            output.rejectAll(error)
        }
    }

    private func action(
        _ name: ScannedText, in value: Span<UInt8>
    ) throws(Rejection) -> (service: Name, function: Name) {
        if let parts = name.pathParts(in: value) {
            return (
                parts.middle.map { .scanned($0) } ?? .prepared(defaultPackage), .scanned(parts.last)
            )
        }
        let said = Scanning.string(name, in: value)
        let parts = said.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else {
            throw Rejection(
                .invalidName,
                "body.name is \(String(said.unicodeScalars.prefix(128))), expected "
                    + "namespace/package/action or namespace/action")
        }
        return (
            parts.count == 3 ? .text(String(Substring(parts[1]))) : .prepared(defaultPackage),
            .text(String(Substring(parts[parts.count - 1])))
        )
    }

    private func outcome(ofStatus code: Int64) -> UInt8 {
        switch code {
        case 0: place(ofOutcome: .success)
        case 1, 2: place(ofOutcome: .error)
        case 3: place(ofOutcome: .killed)
        default: ScannedInvocation.unknownOutcome
        }
    }
}

/// Its place in `ScannedInvocation.outcomes`.
func place(ofOutcome outcome: Outcome) -> UInt8 {
    switch outcome {
    case .success: 0
    case .error: 1
    case .timeout: 2
    case .outOfMemory: 3
    case .throttled: 4
    case .killed: 5
    case .unknown: ScannedInvocation.unknownOutcome
    }
}
