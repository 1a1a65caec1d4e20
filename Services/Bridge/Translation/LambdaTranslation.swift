internal import Scanning
internal import Topics

extension Translator {
    /// AWS Lambda's telemetry: a `platform.report`, or an array of events as subscribers get them.
    ///
    /// What a report says is as `ScannedInvocation(lambdaTelemetry:)` has it. Whose it is, AWS does
    /// not write into it: the headers `customer`, `service`, `function` say it, or the ARN in the
    /// header `function` or in the event, as `functionArn` or `invokedFunctionArn` beside `record` or
    /// in it. Of an ARN the customer is the account and the service the function's name.
    mutating func translateLambda(
        _ value: Span<UInt8>, _ headers: FunctionHeaders, _ place: RecordPlace,
        _ output: inout Translated
    ) {
        let events: [Range<Int>]
        do throws(ScanFailure) { events = try LambdaStream.events(in: value) } catch {
            output.rejectAll(
                Rejection(
                    error, in: value, format: .notJSON, bytesMax: ScanningLimits.exportBytesMax))
            return
        }
        for event in events {
            do throws(Rejection) {
                try translate(value.extracting(event), headers, place, &output)
            } catch {
                output.reject(error)
            }
        }
        output.rejection = output.rejection?.among(
            output.rejectedCount, of: events.count, "events")
    }

    private mutating func translate(
        _ event: Span<UInt8>, _ headers: FunctionHeaders, _ place: RecordPlace,
        _ output: inout Translated
    ) throws(Rejection) {
        let report: ScannedInvocation
        var headers = headers
        do throws(ScanFailure) {
            // Its bytes are gone through once more only where something is missing.
            if headers.function == nil {
                let stream = try LambdaStream(event: event)
                headers.function = stream.functionARN.map { Scanning.string($0, in: event) }
            }
            report = try ScannedInvocation(lambdaTelemetry: event)
        } catch {
            if isOtherTelemetry(event) {
                output.leaveOut(.telemetry)
                return
            }
            throw Rejection(error, in: event, format: .notJSON)
        }
        let id = try identity(headers)
        try output.append(
            InvocationFields(
                customer: .text(id.service.customer), service: .text(id.service.service),
                function: .text(id.function), invocation: .scanned(report.invocation),
                startedAtMs: report.startedAtMs, durationMs: report.durationMs,
                memoryMb: report.memoryMb,
                memoryPeakMb: report.has(.memoryPeakMb) ? report.memoryPeakMb : nil,
                initMs: report.has(.initMs) ? report.initMs : nil, outcome: report.outcome),
            from: event, place)
    }

    private func isOtherTelemetry(_ event: Span<UInt8>) -> Bool {
        do throws(ScanFailure) { return try LambdaStream(event: event).type == .other } catch {
            return false
        }
    }
}
