internal import Topics

/// Writes executions as Apache OpenWhisk's user events, as they lie on its topic `events`.
///
/// OpenWhisk measures whole milliseconds, and counts the initialisation into the duration; its
/// events know neither CPU time, nor memory used, nor deadlines and triggers. What was throttled did
/// not run: its event is the `Metric` that says so.
public struct OpenWhiskWriter: Sendable {
    private let run: String
    /// By function number: what is the same in each of its events.
    private var templates: [Int: Template] = [:]

    private struct Template {
        let bodyEnd: [UInt8]
        let user: [UInt8]
    }

    public init(run: String) { self.run = run }

    public mutating func write(
        _ execution: Execution, of profile: FunctionProfile, to bytes: inout [UInt8]
    ) {
        let template = template(of: profile)
        func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
        let durationMs = milliseconds(execution.durationMicros)
        let endMs = execution.startedAtMs + durationMs
        guard execution.outcome != .throttled else {
            append(#"{"body":{"metricName":"TimedRateLimit","metricValue":1},"#)
            append(#""eventType":"Metric""#)
            bytes.append(contentsOf: template.user)
            append("\(endMs)}")
            return
        }
        let initMs = execution.initMicros.map(milliseconds) ?? 0
        append(#"{"body":{"activationId":""#)
        append(execution.id(run: run))
        append(#"","conductor":false,"duration":\#(durationMs + initMs),"initTime":\#(initMs)"#)
        bytes.append(contentsOf: template.bodyEnd)
        append(#""statusCode":\#(statusCode(of: execution.outcome)),"waitTime":0},"#)
        append(#""eventType":"Activation""#)
        bytes.append(contentsOf: template.user)
        append("\(endMs)}")
    }

    private mutating func template(of profile: FunctionProfile) -> Template {
        if let known = templates[profile.number] { return known }
        let service = profile.id.service
        // OpenWhisk's names hold no slash; a path writes one that a trace has otherwise.
        let body =
            #","kind":\#(jsonText(profile.runtime ?? "unknown")),"#
            + #""memory":\#(Int(profile.memoryMb.rounded(.up))),"#
            + #""name":\#(jsonText(profile.id.path)),"#
        let user =
            #","namespace":\#(jsonText(service.customer)),"source":"invoker0","#
            + #""subject":\#(jsonText(service.customer)),"#
            + #""userId":"00000000-0000-0000-0000-000000000000","timestamp":"#
        let template = Template(bodyEnd: Array(body.utf8), user: Array(user.utf8))
        templates[profile.number] = template
        return template
    }

    /// An action that takes too long or too much memory is its developer's error there.
    private func statusCode(of outcome: Outcome) -> Int {
        switch outcome {
        case .success: 0
        case .error: 1
        case .timeout, .outOfMemory, .unknown: 2
        case .killed, .throttled: 3
        }
    }

    private func milliseconds(_ micros: Int64) -> Int64 { (micros + 999) / 1_000 }
}
