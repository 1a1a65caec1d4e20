/// One worker: its members' loads on one another, which is what antiphase is for.
struct WorkerPage {
    let detail: WorkerDetail
    let live: Live
    let nowMs: Int64

    private var line: WorkerLine { detail.line }

    var node: Node {
        Layout(title: line.worker, place: .workers, nowMs: nowMs).page {
            Tag.div(.class("title")) {
                Tag.p(.class("path")) { "Worker of cell \(line.cell), \(line.state)" }
                Tag.h1 { line.worker }
            }
            card("Members on one another", id: "load", class: "lead", refreshes: true) {
                if let chart {
                    if let claim { Tag.p(.class("reason")) { claim } }
                    chart.node
                } else {
                    Tag.p(.class("quiet")) {
                        detail.members.isEmpty
                            ? "No function is on it." : "No member had a load in the last 24 hours."
                    }
                }
            }
            Tag.div(.class("two")) {
                plan
                members
            }
        }
    }

    /// The fleet's last 24 hours; the latest slot is still filling.
    private var startMs: Int64? {
        detail.fleetLastSeenMs.map { $0 / Times.slotMs * Times.slotMs - Times.dayMs }
    }

    private var curves: [(member: WorkerDetail.Member, values: [Double?])] {
        guard let startMs else { return [] }
        return detail.members.filter { !$0.days.isEmpty }.map {
            ($0, $0.milliCPU(fromMs: startMs))
        }.sorted { highest($0.values) > highest($1.values) }
    }

    var chart: Chart? {
        let curves = curves
        guard let startMs, !curves.isEmpty else { return nil }
        var stacked = curves.prefix(Limits.membersDrawn).enumerated().map { place, curve in
            Chart.Series(
                name: curve.member.name.text, style: "member-\(place + 1)", values: curve.values,
                link: .function(curve.member.name))
        }
        let others = curves.dropFirst(Limits.membersDrawn).map(\.values)
        if !others.isEmpty {
            stacked.append(
                .init(
                    name: Numbers.count(others.count, "other"), style: "member-others",
                    values: sum(others)))
        }
        let together = highest(sum(curves.map(\.values)))
        let apart = curves.reduce(0) { $0 + highest($1.values) }
        var levels: [Chart.Level] = []
        if curves.count > 1 {
            levels.append(.init(name: "sum of the members' peaks", style: "apart", value: apart))
        }
        // Far above everything it would leave no room for what matters.
        if line.milliCPU < 4 * max(together, apart) {
            levels.append(.init(name: "capacity", style: "capacity", value: line.milliCPU))
        }
        return Chart(
            id: "worker", title: "24 hours to \(Times.full(startMs + Times.dayMs))",
            unit: .milliCPU, startMs: startMs, slots: Times.slotsPerDay, stacked: stacked,
            levels: levels,
            csv: .workerLoad(line.worker, cell: line.cell))
    }

    private var claim: String? {
        let curves = curves
        let together = highest(sum(curves.map(\.values)))
        let apart = curves.reduce(0) { $0 + highest($1.values) }
        guard curves.count > 1, apart > 0 else { return nil }
        return "Together its members peak at \(Numbers.cpu(together)), "
            + "\(Numbers.percent(1 - together / apart)) below the \(Numbers.cpu(apart)) that their "
            + "own peaks add up to. It has \(Numbers.cpu(line.milliCPU))."
    }

    private func highest(_ values: [Double?]) -> Double { values.compactMap { $0 }.max() ?? 0 }

    private func sum(_ curves: [[Double?]]) -> [Double?] {
        guard let first = curves.first else { return [] }
        return first.indices.map { slot in
            let present = curves.compactMap { $0[slot] }
            return present.isEmpty ? nil : present.reduce(0, +)
        }
    }

    private var plan: Node {
        card("Plan", id: "plan", refreshes: true) {
            Tag.p(.class("figure"), line.plannedShare > 1 ? .data("grade", "alarm") : nil) {
                Numbers.percent(line.plannedShare)
                Tag.span(.class("unit")) { " of its CPU at the worst hour of a week" }
            }
            bar(line.plannedShare, style: line.plannedShare > 1 ? "over" : "self")
            Tag.dl(.class("facts")) {
                fact("CPU") {
                    "\(Numbers.cpu(line.plannedMilliCPU)) of \(Numbers.cpu(line.milliCPU))"
                }
                fact("Guaranteed") { Numbers.cpu(Double(line.guaranteedMilliCPU)) }
                fact("Memory") {
                    "\(Numbers.memory(line.plannedMemoryMb)) of \(Numbers.memory(line.memoryMb))"
                }
                fact("Power") { line.watts.map { Numbers.rounded($0) + " W" } ?? "not known" }
                fact("State") { line.state }
                fact("Planned at") { Times.full(line.asOfMs) }
                if !detail.otherCells.isEmpty {
                    fact("Of the same name") {
                        for cell in detail.otherCells {
                            Tag.a(.href(.worker(line.worker, cell: cell))) { "cell \(cell)" }
                            " "
                        }
                    }
                }
            }
        }
    }

    private var members: Node {
        card("Members", id: "members", refreshes: true) {
            if detail.members.isEmpty {
                Tag.p(.class("quiet")) { "No function is on it." }
            } else {
                table("Functions on this worker", ["Function", "Tier", .number("Share")]) {
                    for member in detail.members {
                        Tag.tr {
                            Tag.th(.scope("row")) { link(member.name) }
                            Tag.td { member.tier.replacing("_", with: " ") }
                            Tag.td(.class("number")) { Numbers.percent(member.share) }
                        }
                    }
                }
            }
        }
    }
}

/// All workers, the fullest first.
///
/// - Parameter lines: nil before the allocator has started.
func workersPage(_ lines: [WorkerLine]?, _ live: Live, nowMs: Int64) -> Node {
    Layout(title: "Workers", place: .workers, nowMs: nowMs).page {
        Tag.div(.class("title")) { Tag.h1 { "Workers" } }
        card("By planned CPU, the fullest first", id: "workers", refreshes: true) {
            if let lines, !lines.isEmpty {
                table(
                    "Workers",
                    [
                        "Worker", .number("Cell"), "State", .number("Members"), .number("Planned"),
                        "", .number("CPU"), .number("Memory"),
                    ]
                ) {
                    for line in lines { workerRow(line) }
                }
                if lines.count == Limits.workersListed {
                    Tag.p(.class("quiet")) {
                        "The \(Limits.workersListed) fullest; the others are not listed."
                    }
                }
            } else {
                Tag.p(.class("quiet")) {
                    lines == nil
                        ? "The allocator has not started yet."
                        : "The fleet has reported no worker yet."
                }
            }
        }
    }
}

private func workerRow(_ line: WorkerLine) -> Node {
    Tag.tr {
        Tag.th(.scope("row")) {
            Tag.a(.class("name"), .href(.worker(line.worker, cell: line.cell))) { line.worker }
        }
        Tag.td(.class("number")) { "\(line.cell)" }
        Tag.td { line.state }
        Tag.td(.class("number")) { Numbers.whole(line.members) }
        Tag.td(.class("number"), line.plannedShare > 1 ? .data("grade", "alarm") : nil) {
            Numbers.percent(line.plannedShare)
        }
        Tag.td(.class("bar-cell")) {
            bar(line.plannedShare, style: line.plannedShare > 1 ? "over" : "self")
        }
        Tag.td(.class("number")) { Numbers.cpu(line.milliCPU) }
        Tag.td(.class("number")) { Numbers.memory(line.memoryMb) }
    }
}
