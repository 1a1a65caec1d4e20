internal import Scanning
internal import Topics

extension Translator {
    /// OpenTelemetry spans.
    ///
    /// An invocation is a span of kind SERVER or CONSUMER, or one with `faas.*` of its own that is no
    /// outgoing call; the others of the same trace are what it did meanwhile, and are left out. A
    /// span's attributes go before its resource's.
    ///
    /// - customer: `cloud.account.id`; else the account of `cloud.resource_id`, where that is an ARN;
    ///   else `service.namespace`.
    /// - function: `faas.name`; else the last part of `cloud.resource_id`. Without either the span is
    ///   left out: a server, but no function.
    /// - service: `service.name`, but not `unknown_service`, which SDKs make up; else the function.
    /// - invocation: `faas.invocation_id`, else `spanId`.
    /// - init_ms: 0 where `faas.coldstart`: that it was cold is known, how long it took is not.
    /// - memory_mb: `faas.max_memory`: bytes, but MB below 2^20, as older conventions had it.
    /// - trigger, runtime: `faas.trigger`, `process.runtime.name`.
    /// - outcome: `error` where `status.code` is 2, else `success`.
    mutating func translateOTLP(
        _ value: Span<UInt8>, _ place: RecordPlace, _ output: inout Translated
    ) {
        var invocations = 0
        do throws(ScanFailure) {
            _ = try OTLPSpans.scan(value) { span, resource in
                guard span.isInvocation else {
                    output.leaveOut(.span)
                    return
                }
                let attributes = span.attributes.over(resource)
                let isNamed = attributes.account != nil && attributes.function != nil
                let resource =
                    isNamed ? nil : attributes.resource.flatMap { names(ofResource: $0, value) }
                guard attributes.function != nil || resource != nil else {
                    output.leaveOut(.notAFunction)
                    return
                }
                invocations += 1
                do throws(Rejection) {
                    let fields = try fields(span, attributes, resource, value)
                    try output.append(fields, from: value, place)
                } catch {
                    output.reject(error)
                }
            }
        } catch {
            output.rejectAll(
                Rejection(
                    error, in: value, format: .notJSON, bytesMax: ScanningLimits.exportBytesMax))
            return
        }
        output.rejection = output.rejection?.among(
            output.rejectedCount, of: invocations, "invocations")
    }

    private func fields(
        _ span: OTLPSpan, _ attributes: OTLPAttributes, _ resource: ResourceNames?,
        _ value: Span<UInt8>
    ) throws(Rejection) -> InvocationFields {
        let customer =
            attributes.account.map { Name.scanned($0) }
            ?? resource?.account.map { .text($0) }
            ?? attributes.serviceNamespace.map { .scanned($0) }
        guard let customer else {
            throw Rejection(.missingField, "cloud.account.id is not given")
        }
        let function =
            attributes.function.map { Name.scanned($0) }
            ?? resource.map { .text($0.function) }
        guard let function else { throw Rejection(.missingField, "faas.name is not given") }
        guard let invocation = attributes.invocation ?? span.id else {
            throw Rejection(.missingField, "spanId is not given")
        }
        guard span.startNs > 0, span.endNs >= span.startNs else {
            throw Rejection(
                .outOfRange,
                "endTimeUnixNano is \(span.endNs), expected startTimeUnixNano \(span.startNs) or later"
            )
        }
        let service = attributes.service.flatMap { text in
            starts(text, with: "unknown_service", in: value) ? nil : Name.scanned(text)
        }
        return InvocationFields(
            customer: customer, service: service ?? function, function: function,
            invocation: .scanned(invocation), startedAtMs: Int64(span.startNs / 1_000_000),
            durationMs: Double(span.endNs - span.startNs) / 1e6,
            memoryMb: try memoryMb(attributes.memoryMax),
            initMs: attributes.isColdStart == true ? 0 : nil,
            trigger: attributes.trigger.map { .scanned($0) },
            runtime: attributes.runtime.map { .scanned($0) },
            outcome: place(ofOutcome: span.hasFailed ? .error : .success))
    }

    private struct ResourceNames {
        var account: String?
        var function: String
    }

    /// - Returns: nil for an ARN of something else than a function.
    private mutating func names(
        ofResource text: ScannedText, _ value: Span<UInt8>
    ) -> ResourceNames? {
        let resource = Scanning.string(text, in: value)
        guard resource.hasPrefix("arn:") else {
            let parts = resource.utf8.split(separator: UInt8(ascii: "/"))
            return parts.last.map { ResourceNames(function: String(Substring($0))) }
        }
        do throws(Rejection) {
            let id = try function(arn: resource).id
            return ResourceNames(account: id.service.customer, function: id.function)
        } catch {
            return nil
        }
    }

    private func memoryMb(_ memoryMax: Double?) throws(Rejection) -> Double {
        let bytesEach = 1_048_576.0
        if let memoryMax { return memoryMax < bytesEach ? memoryMax : memoryMax / bytesEach }
        guard let otherwise = options.memoryMbOtherwise else {
            throw Rejection(.missingField, "faas.max_memory is not given")
        }
        return otherwise
    }
}

extension OTLPSpan {
    fileprivate var isInvocation: Bool {
        switch kind {
        case .server, .consumer: true
        case .client, .producer: false
        case .internal: attributes.saysExecution
        }
    }
}
