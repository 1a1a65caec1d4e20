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
        _ value: Span<UInt8>, _ headers: FunctionHeaders?, _ place: RecordPlace,
        _ output: inout Translated
    ) {
        guard LambdaStream.isArray(value) else {
            do throws(Rejection) { try translate(value, headers, place, &output) } catch {
                output.rejectAll(error)
            }
            return
        }
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
        _ event: Span<UInt8>, _ headers: FunctionHeaders?, _ place: RecordPlace,
        _ output: inout Translated
    ) throws(Rejection) {
        let report: ScannedInvocation
        do throws(ScanFailure) { report = try ScannedInvocation(lambdaTelemetry: event) } catch {
            if isOtherTelemetry(event) {
                output.leaveOut(.telemetry)
                return
            }
            throw Rejection(error, in: event, format: .notJSON)
        }
        let function = try function(of: event, headers)
        try output.append(
            InvocationFields(
                customer: .prepared(function.customer), service: .prepared(function.service),
                function: .prepared(function.function), invocation: .scanned(report.invocation),
                startedAtMs: report.startedAtMs, durationMs: report.durationMs,
                memoryMb: report.memoryMb,
                memoryPeakMb: report.has(.memoryPeakMb) ? report.memoryPeakMb : nil,
                initMs: report.has(.initMs) ? report.initMs : nil, outcome: report.outcome),
            from: event, place)
    }

    /// The event's bytes are gone through once more only where the headers name no function.
    private mutating func function(
        of event: Span<UInt8>, _ headers: FunctionHeaders?
    ) throws(Rejection) -> LambdaFunction {
        if let headers, headers.function != nil { return try headers.identity.get() }
        let stream: LambdaStream
        do throws(ScanFailure) { stream = try LambdaStream(event: event) } catch {
            throw Rejection(error, in: event, format: .notJSON)
        }
        guard let arn = stream.functionARN else {
            return try LambdaFunction(customer: nil, service: nil, function: nil)
        }
        return try function(
            arn: string(arn, in: event), customer: headers?.customer, service: headers?.service)
    }

    private func isOtherTelemetry(_ event: Span<UInt8>) -> Bool {
        do throws(ScanFailure) { return try LambdaStream(event: event).type == .other } catch {
            return false
        }
    }
}
