/// What was asked for of the functions, and what there is.
struct FunctionList: Sendable, Equatable {
    var search: String
    var lines: [FunctionLine]
    var found: Int
}

/// The fleet now: what is wrong, what is behind, what is saved; then who makes the load.
struct FleetPage {
    private let live: Live
    private let values: LiveValues
    private let functions: FunctionList
    private let nowMs: Int64

    init(live: Live, functions: FunctionList, nowMs: Int64) {
        self.live = live
        self.functions = functions
        self.nowMs = nowMs
        values = LiveValues(live, nowMs: nowMs)
    }

    var node: Node {
        Layout(title: "Fleet", place: .fleet, search: functions.search, nowMs: nowMs).page {
            Tag.div(.class("title")) {
                Tag.h1 { "Fleet now" }
                Tag.p(.class("quiet")) {
                    "Fleet time "
                    values.text("fleet-time")
                    " · "
                    values.text("speed")
                    " · read "
                    values.text("read")
                    Tag.span(.class("stream"), .data("stream", "off")) { "" }
                }
            }
            verdict
            tiles
            Tag.div(.class("two")) {
                stages
                packing
            }
            load
            rejections
            list
        }
    }

    private var verdict: Node {
        Tag.section(
            .class("verdict"), .label("Verdict"), .live("polite"), .data("grade-of", "verdict"),
            values.grade("verdict")
        ) {
            Tag.ul(.data("live-list", "verdict")) {
                for sentence in values.lists["verdict"] ?? [] { Tag.li { sentence[0] } }
            }
        }
    }

    private var tiles: Node {
        Tag.section(.class("tiles"), .label("The fleet in numbers")) {
            tile("Invocations folded", "invocations") {
                values.text("rate")
                " per second"
            }
            tile("Succeeded", "success") { "of all invocations" }
            tile("Functions", "functions") {
                "of "
                values.text("services")
            }
            tile("Assigned", "assigned") {
                Tag.span(.data("grade-of", "waiting"), values.grade("waiting")) {
                    values.text("waiting")
                    " waiting"
                }
            }
            tile("Workers in use", "workers-used") {
                "of "
                values.text("workers-ready")
                " ready"
            }
        }
    }

    private func tile(_ name: String, _ key: String, @NodeBuilder _ below: () -> Node) -> Node {
        Tag.div(.class("tile")) {
            Tag.h2 { name }
            Tag.p(.class("figure")) { values.text(key) }
            Tag.p(.class("quiet")) { below() }
        }
    }

    private var stages: Node {
        card("Stages", id: "stages") {
            table(
                "Stages: how far each one is",
                [
                    "Stage", "State", .number("Messages waiting"), .number("Partitions"),
                    .number("Last kept"), "Processes",
                ]
            ) {
                for stage in Stage.allCases { row(stage) }
            }
        }
    }

    private func row(_ stage: Stage) -> Node {
        let key = "stage-\(stage.rawValue)"
        return Tag.tr {
            Tag.th(.scope("row")) {
                stage.rawValue
                Tag.span(.class("under")) { stage.work }
            }
            Tag.td {
                Tag.span(.class("state"), .data("grade-of", key), values.grade(key)) {
                    values.text("\(key)-state")
                }
            }
            Tag.td(.class("number")) { values.text("\(key)-lag") }
            Tag.td(.class("number")) { values.text("\(key)-partitions") }
            Tag.td(.class("number")) { values.text("\(key)-kept") }
            Tag.td(.class("owners")) { values.text("\(key)-owners") }
        }
    }

    private var packing: Node {
        let allocation = live.snapshot?.allocation
        return card("Packing", id: "packing", refreshes: true) {
            if let allocation, let peaks = allocation.workersSumOfPeaks, peaks > 0 {
                let most = Double(max(peaks, allocation.workersUsed, 1))
                Tag.p(.class("figure")) { values.text("workers-saved") }
                table("Workers that the same functions need", ["Placed", .number("Workers"), ""]) {
                    packed(
                        "by time, as now", "workers-used",
                        Double(allocation.workersUsed) / most, "self")
                    packed("by the sum of peaks", "workers-peaks", Double(peaks) / most, "before")
                    packed(
                        "at the very least", "workers-bound",
                        Double(allocation.workersBound ?? 0) / most, "bound")
                }
                Tag.p(.class("quiet")) {
                    "The sum of peaks packs each function by its own highest need, whenever that "
                        + "is. The least is what no placement can do without."
                }
            } else if allocation == nil {
                Tag.p(.class("quiet")) { "The allocator has not started yet." }
            } else {
                Tag.p(.class("quiet")) { "The allocator knows no worker that is ready yet." }
            }
        }
    }

    private func packed(_ name: String, _ key: String, _ share: Double, _ style: String) -> Node {
        Tag.tr {
            Tag.th(.scope("row")) { name }
            Tag.td(.class("number")) { values.text(key) }
            Tag.td(.class("bar-cell")) { bar(share, style: style) }
        }
    }

    private var load: Node {
        card("Load of the last day", id: "load", refreshes: true) {
            if let load = live.load {
                loadChart(load).node
            } else {
                Tag.p(.class("quiet")) {
                    live.snapshot?.totals == nil
                        ? "The featurizer has not started yet: there is no load to show."
                        : "The featurizer has closed no slot yet: a slot is five minutes long."
                }
            }
        }
    }

    private var rejections: Node {
        card("Rejected messages", id: "rejected") {
            table(
                "Rejected messages by reason, the most frequent first",
                [
                    "Topic", "Reason", .number("Messages"), "Last", "What was wrong with it",
                    "Stage",
                ],
                body: .data("live-rows", "rejections")
            ) {
                for row in values.lists["rejections"] ?? [] {
                    Tag.tr {
                        for (column, text) in row.enumerated() {
                            Tag.td(column == 2 ? .class("number") : nil) { text }
                        }
                    }
                }
            }
            Tag.p(.class("quiet none")) { "No message was rejected." }
        }
    }

    private var list: Node {
        let title = functions.search.isEmpty ? "Functions" : "Functions like “\(functions.search)”"
        return card(title, id: "functions", refreshes: true) {
            if functions.lines.isEmpty {
                Tag.p(.class("quiet")) { nothingFound }
            } else {
                Tag.p(.class("quiet")) { howMany }
                FunctionTable(lines: functions.lines, nowMs: nowMs).node
            }
            if !functions.search.isEmpty {
                Tag.p { Tag.a(.href(.search)) { "Show all functions" } }
            }
        }
    }

    private var nothingFound: String {
        if live.away != nil { return "PostgreSQL is away: functions cannot be listed." }
        if live.snapshot?.totals == nil { return "The featurizer has not started yet." }
        return functions.search.isEmpty
            ? "No function has been invoked yet."
            : "No customer, service or function has this in its name."
    }

    private var howMany: String {
        let shown = functions.lines.count
        return functions.found > shown
            ? "The \(shown) most invoked of \(Numbers.count(functions.found, "function"))."
            : "\(Numbers.count(functions.found, "function")), the most invoked first."
    }
}
