/// One function: where it runs and why, its day beside its opposite's, and how it will do.
struct FunctionPage {
    let detail: FunctionDetail
    let live: Live
    let nowMs: Int64

    private var name: FunctionName { detail.name }

    var node: Node {
        Layout(title: name.function, nowMs: nowMs).page {
            Tag.div(.class("title")) {
                Tag.p(.class("path")) { "\(name.customer) / \(name.service) /" }
                Tag.h1 { name.function }
            }
            if live.away == nil { whereItRuns }
            card("Load over the day", id: "load", refreshes: true) {
                if let chart {
                    chart.node
                    Tag.p(.class("quiet")) { oppositeNote }
                } else {
                    Tag.p(.class("quiet")) {
                        "No slot of it is closed yet: a slot is five minutes long."
                    }
                }
            }
            Tag.div(.class("two")) {
                outcomes
                foretold
                neighbours(
                    "In antiphase", id: "opposite", detail.representation?.opposite,
                    "Busy while it is quiet: good company on a worker.")
                neighbours(
                    "Most alike", id: "nearest", detail.representation?.nearest,
                    "Busy when it is busy: better kept apart.")
                facts
            }
        }
    }

    private var whereItRuns: Node {
        card("Where it runs", id: "place", class: "lead", refreshes: true) {
            if let assignment = detail.assignment {
                if assignment.placements.isEmpty {
                    Tag.p(.class("figure"), .data("grade", "warning")) { "Waiting for a worker" }
                } else {
                    Tag.ul(.class("places")) {
                        for place in assignment.placements {
                            Tag.li {
                                Tag.a(
                                    .class("figure"),
                                    .href(.worker(place.worker, cell: assignment.cell))
                                ) { place.worker }
                                if assignment.placements.count > 1 {
                                    Tag.span(.class("quiet")) { " \(Numbers.percent(place.share))" }
                                }
                            }
                        }
                    }
                }
                Tag.p(.class("reason")) { sentence(assignment.reason) }
                Tag.p(.class("quiet")) {
                    "Tier \(assignment.tier.replacing("_", with: " ")), cell \(assignment.cell). "
                        + "Decision \(Numbers.whole(assignment.revision)) about it, of fleet time "
                        + "\(Times.full(assignment.decidedMs))."
                }
            } else {
                Tag.p(.class("quiet")) {
                    live.snapshot?.allocation == nil
                        ? "The allocator has not started yet."
                        : "The allocator has not decided about it yet."
                }
            }
        }
    }

    /// Its latest day, the day before, and its first opposite's.
    var chart: Chart? {
        guard let today = detail.days.first else { return nil }
        let seen = detail.fleetLastSeenMs
        var lines: [Chart.Series] = []
        if detail.days.count > 1 {
            let before = detail.days[1]
            lines.append(
                .init(
                    name: before.startMs == today.startMs - Times.dayMs
                        ? "the day before" : Times.date(before.startMs), style: "before",
                    values: before.milliCPU(untilMs: seen)))
        }
        let own = today.milliCPU(untilMs: seen)
        if let opposite = detail.representation?.opposite.first, let day = oppositeDay(today) {
            let values = day.milliCPU(untilMs: seen)
            let (peak, itsPeak) = (highest(own), highest(values))
            if itsPeak > 0 {
                lines.append(
                    .init(
                        name: "opposite: \(opposite.name.text)", style: "opposite", values: values,
                        scale: peak > 0 ? peak / itsPeak : 1, link: .function(opposite.name)))
            }
        }
        return Chart(
            id: "function", title: "\(Times.weekday(today.startMs)) \(Times.date(today.startMs))",
            unit: .milliCPU, startMs: today.startMs, slots: Times.slotsPerDay,
            stacked: [.init(name: name.function, style: "self", values: own)], lines: lines,
            csv: .functionLoad(name))
    }

    private func oppositeDay(_ today: FunctionDetail.Day) -> FunctionDetail.Day? {
        detail.oppositeDays.first { $0.startMs == today.startMs } ?? detail.oppositeDays.first
    }

    private func highest(_ values: [Double?]) -> Double { values.compactMap { $0 }.max() ?? 0 }

    private var oppositeNote: Node {
        guard let opposite = detail.representation?.opposite.first else {
            return .text("No function in antiphase to it is known yet.")
        }
        guard let line = chart?.lines.first(where: { $0.style == "opposite" }) else {
            return .text("Its opposite, \(opposite.name.text), has no day on record.")
        }
        let scale = Numbers.rounded(line.scale)
        return .text(
            "The opposite's curve is drawn \(scale) times as high as it is, to compare the shapes; "
                + "the figures are its own.")
    }

    private var outcomes: Node {
        card("Invocations", id: "outcomes", refreshes: true) {
            if let facts = detail.facts {
                Tag.p(.class("figure")) { Numbers.whole(facts.invocations) }
                table(
                    "Invocations by outcome", ["Outcome", .number("Invocations"), .number("Share")]
                ) {
                    for outcome in facts.outcomes
                    where outcome.invocations > 0 || outcome.name == "success" {
                        Tag.tr {
                            Tag.th(.scope("row")) { outcome.name }
                            Tag.td(.class("number")) { Numbers.whole(outcome.invocations) }
                            Tag.td(.class("number")) {
                                Numbers.percent(
                                    Double(outcome.invocations) / Double(max(1, facts.invocations)))
                            }
                        }
                    }
                }
                Tag.p(.class("quiet")) { Numbers.count(facts.coldStarts, "cold start") + "." }
            } else {
                Tag.p(.class("quiet")) { "The featurizer has folded no invocation of it yet." }
            }
        }
    }

    private var foretold: Node {
        card("Foretold of its service", id: "prediction", refreshes: true) {
            if let prediction = detail.prediction {
                Tag.p(.class("figure")) {
                    Numbers.percent(prediction.rate)
                    Tag.span(.class("unit")) { " will succeed" }
                }
                Tag.dl(.class("facts")) {
                    fact("90 % interval") {
                        "\(Numbers.percent(prediction.low)) to \(Numbers.percent(prediction.high))"
                    }
                    fact("Rests on") {
                        Numbers.count(prediction.samples, "outcome") + " of its own, mostly on "
                            + "what is known of its \(prediction.level)"
                    }
                    fact("The fleet's rate") { Numbers.percent(prediction.baseline) }
                    fact("Invocations a day") {
                        "\(Numbers.rounded(prediction.perDay)) "
                            + "(\(Numbers.rounded(prediction.perDayLow)) to "
                            + "\(Numbers.rounded(prediction.perDayHigh)))"
                    }
                    if let why = prediction.canaryWhy { fact("Teaches most") { sentence(why) } }
                }
            } else {
                Tag.p(.class("quiet")) { "The predictor has said nothing of its service yet." }
            }
        }
    }

    private func neighbours(
        _ title: String, id: String, _ list: [FunctionDetail.Neighbour]?, _ meaning: String
    ) -> Node {
        card(title, id: id, refreshes: true) {
            Tag.p(.class("quiet")) { meaning }
            if let list, !list.isEmpty {
                table(title, ["Function", .number("Score")]) {
                    for neighbour in list {
                        Tag.tr {
                            Tag.th(.scope("row")) { link(neighbour.name) }
                            Tag.td(.class("number")) {
                                Numbers.decimal(neighbour.score, places: 2)
                            }
                        }
                    }
                }
            } else {
                Tag.p(.class("quiet")) {
                    list == nil
                        ? "The learner has not got to know it yet." : "The learner found none."
                }
            }
        }
    }

    private var facts: Node {
        card("What is known of it", id: "facts", refreshes: true) {
            Tag.dl(.class("facts")) {
                if let facts = detail.facts {
                    fact("Trigger") { facts.trigger ?? "not said" }
                    fact("Runtime") { facts.runtime ?? "not said" }
                    fact("Memory") { Numbers.memory(facts.memoryMb) }
                    fact("Deadline") {
                        facts.deadlineMs.map { Numbers.duration(ms: $0) } ?? "not said"
                    }
                    fact("First seen") { Times.full(facts.firstSeenMs) }
                    fact("Last seen") { Times.full(facts.lastSeenMs) }
                }
                fact("Tier") {
                    (detail.assignment?.tier ?? detail.prediction?.tier)
                        .map { $0.replacing("_", with: " ") } ?? "not known"
                }
                if let known = detail.representation {
                    fact("Cluster") { "\(known.cluster) of encoder \(known.modelVersion)" }
                    fact("Predictability") {
                        "\(Numbers.percent(known.predictability)) of today is told by yesterday"
                    }
                    fact("Learned from") { "\(Numbers.count(known.slots, "slot")) of five minutes" }
                }
            }
        }
    }
}

/// A sentence of a stage's, with its capital and its full stop.
func sentence(_ text: String) -> String {
    let capital = text.prefix(1).uppercased() + text.dropFirst()
    return capital.hasSuffix(".") ? capital : capital + "."
}
