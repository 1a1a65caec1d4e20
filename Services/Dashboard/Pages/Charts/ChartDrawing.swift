/// Draws a chart as SVG that fits any width: what is stretched is only the paths, never the text.
extension Chart {
    private enum Size {
        static let height = 240.0
        static let top = 18.0
        static let bottom = 212.0
        /// Heights inside the stretched part.
        static let inner = 1_000.0
    }

    /// The picture with its name, its legend and its numbers.
    var node: Node {
        let axis = Axis(reaching: highest)
        return Tag.figure(.class("chart"), .data("chart", id)) {
            Tag.figcaption(.id("\(id)-title")) {
                Tag.strong { title }
                " "
                Tag.span(.class("quiet")) { unitText }
                legend
            }
            Tag.svg(
                .role("img"), .class("plot"), .focusable, .svg("width", "100%"),
                .svg("height", Size.height), .labelledBy("\(id)-title \(id)-summary"),
                .data("start", "\(startMs)"), .data("slot", "\(slotMs)"),
                .data("slots", "\(slots)"),
                .data("unit", unit == .milliCPU ? "mCPU" : "/s")
            ) {
                Tag.desc(.id("\(id)-summary")) { summary }
                grid(axis)
                Tag.svg(
                    .svg("x", "0"), .svg("y", Size.top), .svg("width", "100%"),
                    .svg("height", Size.bottom - Size.top),
                    .svg("viewBox", "0 0 \(max(1, slots - 1)) \(Int(Size.inner))"),
                    .svg("preserveAspectRatio", "none")
                ) {
                    areas(axis)
                    for line in lines { curve(line, axis) }
                }
                for level in levels { across(level, axis) }
                timeLabels
                heightLabels(axis)
                Tag.line(
                    .class("cursor"), .svg("visibility", "hidden"), .svg("x1", "0"),
                    .svg("x2", "0"), .svg("y1", Size.top),
                    .svg("y2", Size.bottom))
            }
            Tag.p(.class("chart-foot")) {
                Tag.span(.class("readout"), .live("polite")) { "" }
                if let csv { Tag.a(.class("csv"), .href(csv)) { "CSV" } }
            }
        }
    }

    private var legend: Node {
        let named = stacked.reversed() + lines
        guard named.count + levels.count > 1 else { return .none }
        return Tag.ul(.class("legend")) {
            for series in named {
                Tag.li(.class("key \(series.style)")) {
                    if let link = series.link {
                        Tag.a(.href(link), .title(series.name)) { Names.brief(series.name) }
                    } else {
                        Names.brief(series.name)
                    }
                }
            }
            for level in levels {
                Tag.li(.class("key \(level.style)")) { "\(level.name) \(text(level.value))" }
            }
        }
    }

    private func grid(_ axis: Axis) -> [Node] {
        axis.ticks.map { tick in
            Tag.line(
                .class(tick == 0 ? "ground" : "grid"), .svg("x1", "0"), .svg("x2", "100%"),
                .svg("y1", outer(tick, axis)), .svg("y2", outer(tick, axis)))
        }
    }

    private func heightLabels(_ axis: Axis) -> [Node] {
        axis.ticks.dropFirst().map { tick in
            Tag.svgText(
                .class("height"), .svg("x", "0"), .svg("y", outer(tick, axis) - 4), .hidden
            ) { text(tick) }
        }
    }

    /// Every four hours; a day's first is its date.
    private var timeLabels: [Node] {
        let everyMs: Int64 = 4 * 3_600_000
        let endMs = startMs + Int64(slots) * slotMs
        let firstMs = (startMs + everyMs - 1) / everyMs * everyMs
        return stride(from: firstMs, through: endMs, by: Int(everyMs)).map { ms in
            let place = Double(ms - startMs) / Double(max(1, Int64(slots - 1) * slotMs)) * 100
            let anchor = place < 4 ? "start" : place > 96 ? "end" : "middle"
            let isMidnight = ms % Times.dayMs == 0 && ms != firstMs && ms != endMs
            return Tag.svgText(
                .class("hour"), .svg("x", coordinate(min(100, place)) + "%"),
                .svg("y", Size.bottom + 18), .svg("text-anchor", anchor), .hidden
            ) { isMidnight ? String(Times.date(ms).dropFirst(5)) : Times.clock(ms) }
        }
    }

    private func areas(_ axis: Axis) -> [Node] {
        var below = [Double](repeating: 0, count: slots)
        return stacked.map { series in
            let above = below.enumerated().map { slot, height in
                height + (slot < series.values.count ? series.values[slot] ?? 0 : 0)
            }
            defer { below = above }
            // Nothing is drawn beyond the last slot that has a value.
            let end = series.values.prefix(slots).lastIndex { $0 != nil } ?? -1
            let there = (0..<end + 1).map { point($0, above[$0], axis) }
            let back = (0..<end + 1).reversed().map { point($0, below[$0], axis) }
            return Tag.path(
                .class("area \(series.style)"),
                .svg("d", end < 0 ? "M0 0" : "M" + (there + back).joined(separator: "L") + "Z"),
                .data("name", Names.brief(series.name)),
                .data("values", valuesText(series)))
        }
    }

    private func curve(_ series: Series, _ axis: Axis) -> Node {
        var path = ""
        var isDrawing = false
        for (slot, value) in series.values.prefix(slots).enumerated() {
            guard let value else {
                isDrawing = false
                continue
            }
            path += (isDrawing ? "L" : "M") + point(slot, value * series.scale, axis)
            isDrawing = true
        }
        return Tag.path(
            .class("curve \(series.style)"), .svg("d", path.isEmpty ? "M0 0" : path),
            .svg("vector-effect", "non-scaling-stroke"), .data("name", Names.brief(series.name)),
            .data("values", valuesText(series)))
    }

    private func across(_ level: Level, _ axis: Axis) -> Node {
        Tag.line(
            .class("level \(level.style)"), .svg("x1", "0"), .svg("x2", "100%"),
            .svg("y1", outer(level.value, axis)), .svg("y2", outer(level.value, axis)))
    }

    private func outer(_ value: Double, _ axis: Axis) -> Double {
        Size.bottom - value / axis.top * (Size.bottom - Size.top)
    }

    private func point(_ slot: Int, _ value: Double, _ axis: Axis) -> String {
        "\(slot) \(coordinate(Size.inner - value / axis.top * Size.inner))"
    }

    private func valuesText(_ series: Series) -> String {
        series.values.prefix(slots).map { $0.map { "\(Float($0))" } ?? "" }.joined(separator: ",")
    }
}
