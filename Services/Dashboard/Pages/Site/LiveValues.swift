/// What changes in the fleet's page while it is open: the same texts for HTML and for the stream.
struct LiveValues: Sendable, Equatable {
    private(set) var texts: [String: String] = [:]
    private(set) var grades: [String: Verdict.Grade] = [:]
    private(set) var lists: [String: [[String]]] = [:]

    init(_ live: Live, nowMs: Int64) {
        let verdict = Verdict(live, nowMs: nowMs)
        grades["verdict"] = verdict.grade
        lists["verdict"] = verdict.sentences.map { [$0] }
        let snapshot = live.snapshot ?? .unread(atMs: nowMs)
        texts["read"] = live.snapshot.map { Times.ago($0.takenAtMs, nowMs: nowMs) } ?? "never"
        tell(snapshot.totals, live)
        tell(snapshot.allocation)
        // Nobody can tell how stages are while PostgreSQL is away: as they were, then.
        let knownMs = live.away == nil ? nowMs : snapshot.takenAtMs
        for progress in snapshot.stages {
            tell(progress, StageState(progress, in: snapshot, nowMs: knownMs), nowMs: nowMs)
        }
        lists["rejections"] = snapshot.rejections.map { rejected in
            [
                rejected.topic, rejected.reason, Numbers.whole(rejected.messages),
                Times.ago(rejected.lastRejectedMs, nowMs: nowMs), rejected.lastDetail,
                rejected.stage.rawValue,
            ]
        }
    }

    private mutating func tell(_ totals: FleetSnapshot.Totals?, _ live: Live) {
        let none = "–"
        texts["invocations"] = totals.map { Numbers.whole($0.invocations) } ?? none
        texts["rate"] = live.perSecond.map { Numbers.rounded($0) } ?? none
        texts["functions"] = totals.map { Numbers.whole($0.functions) } ?? none
        texts["services"] = totals.map { Numbers.count($0.services, "service") } ?? none
        texts["success"] =
            totals.flatMap { totals in
                totals.invocations > 0
                    ? Numbers.percent(Double(totals.successes) / Double(totals.invocations)) : nil
            } ?? none
        texts["fleet-time"] = totals?.lastSeenMs.map(Times.full) ?? none
        texts["speed"] =
            live.speed.map { speed in
                speed < 1.5 ? "as fast as the clock" : "\(Numbers.rounded(speed)) × the clock"
            } ?? "at rest"
    }

    private mutating func tell(_ allocation: FleetSnapshot.Allocation?) {
        let none = "–"
        texts["assigned"] = allocation.map { Numbers.whole($0.assigned) } ?? none
        texts["waiting"] = allocation.map { Numbers.whole($0.waiting) } ?? none
        texts["workers-ready"] = allocation.map { Numbers.whole($0.workersReady) } ?? none
        texts["workers-used"] = allocation.map { Numbers.whole($0.workersUsed) } ?? none
        texts["workers-peaks"] = allocation?.workersSumOfPeaks.map(Numbers.whole) ?? none
        texts["workers-bound"] = allocation?.workersBound.map(Numbers.whole) ?? none
        texts["workers-saved"] = allocation.flatMap(Self.saving) ?? none
        grades["waiting"] = (allocation?.waiting ?? 0) > 0 ? .warning : .good
    }

    /// "7 fewer (37 %)".
    private static func saving(_ allocation: FleetSnapshot.Allocation) -> String? {
        guard let peaks = allocation.workersSumOfPeaks, peaks > 0 else { return nil }
        let saved = peaks - allocation.workersUsed
        let share = Numbers.percent(abs(Double(saved)) / Double(peaks))
        if saved == 0 { return "as many as by peaks" }
        return
            "\(Numbers.whole(abs(saved))) \(saved > 0 ? "fewer" : "more") than by peaks (\(share))"
    }

    private mutating func tell(
        _ progress: FleetSnapshot.StageProgress, _ state: StageState, nowMs: Int64
    ) {
        let key = "stage-\(progress.stage.rawValue)"
        grades[key] = state.grade
        texts["\(key)-state"] = state.text
        texts["\(key)-lag"] = progress.hasStarted ? Numbers.whole(progress.lagMessages) : "–"
        texts["\(key)-partitions"] = progress.hasStarted ? Numbers.whole(progress.partitions) : "–"
        texts["\(key)-kept"] =
            progress.newestCheckpointMs.map { Times.ago($0, nowMs: nowMs) } ?? "–"
        let owners = progress.owners.joined(separator: ", ")
        texts["\(key)-owners"] =
            owners.isEmpty ? "–" : "\(Numbers.whole(progress.owners.count)): \(owners)"
    }

    /// As one JSON object, its keys in order.
    var json: String {
        let texts = texts.sorted { $0.key < $1.key }
            .map { "\(jsonText($0.key)):\(jsonText($0.value))" }
        let grades = grades.sorted { $0.key < $1.key }
            .map { "\(jsonText($0.key)):\(jsonText($0.value.rawValue))" }
        let lists = lists.sorted { $0.key < $1.key }.map { key, rows in
            let rows = rows.map { "[" + $0.map(jsonText).joined(separator: ",") + "]" }
            return "\(jsonText(key)):[\(rows.joined(separator: ","))]"
        }
        return "{\"texts\":{\(texts.joined(separator: ","))},"
            + "\"grades\":{\(grades.joined(separator: ","))},"
            + "\"lists\":{\(lists.joined(separator: ","))}}"
    }

    // Where they stand in the page.

    func text(_ key: String) -> Node {
        precondition(texts[key] != nil, "no live text \"\(key)\"")
        return Tag.span(.data("live", key)) { texts[key] ?? "" }
    }

    func grade(_ key: String) -> Attribute { .data("grade", grades[key]?.rawValue ?? "unknown") }
}

/// RFC 8259, section 7.
func jsonText(_ text: String) -> String {
    let digits = Array("0123456789abcdef")
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        // The script shows it as text: what would turn the direction of writing is left out.
        case "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}": json += "\u{fffd}"
        case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}":
            json += "\\u"
            for shift in [12, 8, 4, 0] { json.append(digits[Int(scalar.value >> shift & 15)]) }
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}
