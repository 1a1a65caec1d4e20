internal import Topics

/// The parts of a function's invocations that are the same in each, as JSON.
struct InvocationTemplate: Sendable {
    fileprivate let customerToDuration: [UInt8]
    fileprivate let function: [UInt8]
    fileprivate let memory: [UInt8]
    fileprivate let runtimeToStart: [UInt8]
    fileprivate let trigger: [UInt8]

    init(
        _ id: FunctionID, trigger: String, runtime: String?, memoryMb: Double, deadlineMs: Double?
    ) {
        var text = #""customer":"# + jsonText(id.service.customer)
        if let deadlineMs { text += #","deadline_ms":"# + jsonNumber(deadlineMs) }
        text += #","duration_ms":"#
        customerToDuration = Array(text.utf8)
        function = Array((#","function":"# + jsonText(id.function)).utf8)
        memory = Array((#","memory_mb":"# + jsonNumber(memoryMb)).utf8)
        text = runtime.map { #","runtime":"# + jsonText($0) } ?? ""
        text += #","service":"# + jsonText(id.service.service) + #","started_at_ms":"#
        runtimeToStart = Array(text.utf8)
        self.trigger = Array((#","trigger":"# + jsonText(trigger)).utf8)
    }
}

/// Writes executions as `Invocation.encoded()` would, byte for byte, without its reflection.
public struct InvocationWriter: Sendable {
    private let invocation: [UInt8]
    private let outcomes: [Outcome: [UInt8]]

    public init(run: String) {
        invocation = Array((#","invocation":""# + run + "-").utf8)
        outcomes = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map {
                ($0, Array(#","outcome":"\#($0.rawValue)""#.utf8))
            })
    }

    /// - Parameter worker: where the fleet ran it, if that is known.
    public func write(
        _ execution: Execution, of profile: FunctionProfile, worker: String?,
        to bytes: inout [UInt8]
    ) {
        let template = profile.template
        bytes.append(UInt8(ascii: "{"))
        if let cpuMicros = execution.cpuMicros {
            bytes.append(contentsOf: #""cpu_ms":"#.utf8)
            append(thousandths: cpuMicros, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(contentsOf: template.customerToDuration)
        append(thousandths: execution.durationMicros, to: &bytes)
        bytes.append(contentsOf: template.function)
        if let initMicros = execution.initMicros {
            bytes.append(contentsOf: #","init_ms":"#.utf8)
            append(thousandths: initMicros, to: &bytes)
        }
        bytes.append(contentsOf: invocation)
        append(execution.sequence.number, radix: 36, to: &bytes)
        if let label = execution.label {
            bytes.append(UInt8(ascii: "-"))
            append(UInt64(label), radix: 10, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: template.memory)
        if let memoryPeakMilliMb = execution.memoryPeakMilliMb {
            bytes.append(contentsOf: #","memory_peak_mb":"#.utf8)
            append(thousandths: memoryPeakMilliMb, to: &bytes)
        }
        bytes.append(contentsOf: outcomes[execution.outcome, default: []])
        bytes.append(contentsOf: template.runtimeToStart)
        append(UInt64(execution.startedAtMs), radix: 10, to: &bytes)
        bytes.append(contentsOf: template.trigger)
        if let worker {
            bytes.append(contentsOf: #","worker":"#.utf8)
            bytes.append(contentsOf: jsonText(worker).utf8)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// `12345` is `12.345`, `12000` is `12`.
    private func append(thousandths value: Int64, to bytes: inout [UInt8]) {
        precondition(value >= 0, "an execution uses nothing negative, got \(value) thousandths")
        append(UInt64(value / 1_000), radix: 10, to: &bytes)
        var rest = UInt8(truncatingIfNeeded: value % 1_000 / 100)
        let hundredths = UInt8(truncatingIfNeeded: value % 100 / 10)
        let last = UInt8(truncatingIfNeeded: value % 10)
        guard rest | hundredths | last != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        rest += UInt8(ascii: "0")
        bytes.append(rest)
        if hundredths | last != 0 { bytes.append(hundredths + UInt8(ascii: "0")) }
        if last != 0 { bytes.append(last + UInt8(ascii: "0")) }
    }

    /// In lower case.
    private func append(_ value: UInt64, radix: UInt64, to bytes: inout [UInt8]) {
        var divisor: UInt64 = 1
        while value / divisor >= radix { divisor *= radix }
        while divisor > 0 {
            let digit = UInt8(truncatingIfNeeded: value / divisor % radix)
            bytes.append(digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a"))
            divisor /= radix
        }
    }
}

/// By scalars, for a quotation mark with an accent on it is still one.
///
/// - Precondition: names hold no control characters: `FieldLimits` refuses them.
func jsonText(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { json += "\\" }
        json.unicodeScalars.append(scalar)
    }
    return json + "\""
}

private func jsonNumber(_ number: Double) -> String {
    Int64(exactly: number).map { "\($0)" } ?? "\(number)"
}
