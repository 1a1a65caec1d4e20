/// Functions, a line each.
struct FunctionTable {
    var lines: [FunctionLine]
    var nowMs: Int64

    var node: Node {
        table(
            "Functions",
            [
                "Function", "Trigger", .number("Invocations"), .number("Succeeded"), "Runs on",
                "Last seen",
            ]
        ) {
            for line in lines {
                Tag.tr {
                    Tag.th(.scope("row")) { link(line.name) }
                    Tag.td { line.trigger ?? "–" }
                    Tag.td(.class("number")) { Numbers.whole(line.invocations) }
                    Tag.td(.class("number")) {
                        line.invocations > 0
                            ? Numbers.percent(Double(line.successes) / Double(line.invocations))
                            : "–"
                    }
                    Tag.td(.class("short")) { line.workers ?? "–" }
                    Tag.td(.class("short")) { Times.full(line.lastSeenMs) }
                }
            }
        }
    }
}

/// The fleet's load as a picture.
func loadChart(_ load: FleetLoad) -> Chart {
    let seconds = Double(Times.slotMs) / 1_000
    return Chart(
        id: "fleet", title: "All functions", unit: .invocationsPerSecond, startMs: load.startMs,
        slots: load.invocations.count,
        stacked: [
            .init(
                name: "invocations", style: "self",
                values: load.invocations.map { $0.map { $0 / seconds } })
        ],
        csv: .fleetLoad)
}
