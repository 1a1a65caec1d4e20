internal import Kafka
internal import TestSupport
internal import Topics

/// Events a second, memory and checkpoints: all from the same passes.
extension FeaturizerBenchmark {
    /// What one pass of our own showed.
    private struct Pass {
        let plain: Taken
        /// Until every event is in a checkpoint; its CPU time, until their rows are written, too.
        let ours: Taken
        /// How much later the rows were complete.
        let rowsSeconds: Double
        let residentMebibytes: Int
        /// As `/metrics` tells them; nil where it does not.
        let stateBytes: Double?
        let longestPauseSeconds: Double?
        let longestCheckpointSecondsMax: Double?
    }

    /// A form with a number of functions.
    private struct Measured {
        let form: InvocationForm
        let bytesEach: Int
        let functions: Int
        let distinct: Int
        let passes: [Pass]
    }

    /// The gauge of bytes that a process holds for functions and their slots.
    private static let stateBytesName = "state_bytes"
    /// The gauge of the longest time that a checkpoint kept records from being processed.
    private static let longestPauseName = "checkpoint_pause_longest_seconds"

    func measureSpeed(_ tell: (String) -> Void) throws -> [ReportTable] {
        var measured: [Measured] = []
        for (place, functions) in options.size.functionCounts.enumerated() {
            let passes = place == 0 ? options.passes : max(1, options.passes / 3)
            for form in options.forms {
                measured.append(try measure(form, functions, passes, tell))
            }
        }
        return [speedTable(measured), memoryTable(measured), pauseTable(measured)]
    }

    private func measure(
        _ form: InvocationForm, _ functions: Int, _ passes: Int, _ tell: (String) -> Void
    ) throws -> Measured {
        try withBroker { servers in
            let topic = InvocationTopic(
                servers: servers, form: form, events: options.size.events, functions: functions)
            let fillBegan = ContinuousClock.now
            let contents = try topic.fill()
            tell(
                "\(form), \(grouped(functions)) functions: \(grouped(topic.events)) events of "
                    + "\(contents.valueBytes / topic.events) B, filled in "
                    + "\(rounded((ContinuousClock.now - fillBegan).seconds)) s")
            let measured = try (1...passes).map { number in
                let plain = try topic.consume()
                let pass = try featurize(topic, contents, plain: plain)
                tell(
                    "\(form), \(grouped(functions)) functions, pass \(number): "
                        + "\(grouped(pass.ours.perSecond(topic.events))) events/s beside "
                        + "\(grouped(plain.perSecond(topic.events))), "
                        + "CPU \(rounded(pass.ours.cpuSeconds)) s beside "
                        + "\(rounded(plain.cpuSeconds)) s")
                return pass
            }
            return Measured(
                form: form, bytesEach: contents.valueBytes / topic.events, functions: functions,
                distinct: contents.functions, passes: measured)
        }
    }

    /// From when it owns its partitions until every event is in a checkpoint.
    private func featurize(
        _ topic: InvocationTopic, _ contents: InvocationTopic.Contents, plain: Taken
    ) throws -> Pass {
        // Those of the pass before, and nothing else, would make the count wrong.
        _ = try? Admin(bootstrapServers: topic.servers).deleteTopics(
            [Topic.shapes.name], timeoutMs: 30_000)
        return try ThrowawayPostgres.withProvisionedDatabase { url in
            let kept = try KeptByFeaturizer(url)
            let process = try startFeaturizer(servers: topic.servers, databaseURL: url)
            defer { process.stop() }
            try process.waitUntilItOwns()
            let (began, cpuBefore) = (ContinuousClock.now, try process.cpuSeconds())
            try kept.waitUntilKept(topic.events, by: process)
            let seconds = (ContinuousClock.now - began).seconds
            try kept.waitForRows(of: contents, events: topic.events, by: process)
            let rowsSeconds = (ContinuousClock.now - began).seconds - seconds
            let ours = Taken(
                seconds: seconds, cpuSeconds: try process.cpuSeconds() - cpuBefore)
            try PublishedShapes(from: topic.servers).check(contents)
            // The gauges follow a checkpoint.
            try process.wait("tell its functions", within: .seconds(30)) {
                process.figure("functions") == Double(contents.functions)
            }
            return Pass(
                plain: plain, ours: ours, rowsSeconds: rowsSeconds,
                residentMebibytes: process.residentMebibytes,
                stateBytes: process.figure(Self.stateBytesName),
                longestPauseSeconds: process.figure(Self.longestPauseName),
                longestCheckpointSecondsMax: process.longestCheckpointSecondsMax)
        }
    }

    private func speedTable(_ measured: [Measured]) -> ReportTable {
        var table = ReportTable(
            "Speed, \(grouped(options.size.events)) events of ten minutes, from owning the "
                + "partitions until each is in a checkpoint in PostgreSQL, beside plain consumption",
            [
                "events", "functions", "events/s", "plain", "ratio (target)", "events/CPU s",
                "plain", "ratio", "to the fewer functions (target)",
            ])
        let events = options.size.events
        for row in measured {
            let rate = median(row.passes.map { $0.ours.perSecond(events) })
            let first = measured.first { $0.form == row.form }
            let firstRate = first.map { median($0.passes.map { $0.ours.perSecond(events) }) }
            let isFirst = first?.functions == row.functions
            let ratio = median(row.passes.map { $0.plain.seconds / $0.ours.seconds })
            let cpuRatio = median(row.passes.map { $0.plain.cpuSeconds / $0.ours.cpuSeconds })
            table.add([
                "\(row.form.rawValue), \(row.bytesEach) B", grouped(row.functions), grouped(rate),
                grouped(median(row.passes.map { $0.plain.perSecond(events) })),
                "\(times(ratio)) (\(times(row.form.ratioTarget)))",
                grouped(median(row.passes.map { $0.ours.perCPUSecond(events) })),
                grouped(median(row.passes.map { $0.plain.perCPUSecond(events) })),
                times(cpuRatio),
                isFirst ? "" : "\(times(rate / (firstRate ?? rate))) (0.50)",
            ])
        }
        let rowsSeconds = measured.flatMap(\.passes).map(\.rowsSeconds).max() ?? 0
        table.notes.append(
            "The rows for people were complete at most \(rounded(rowsSeconds)) s later; CPU time "
                + "has them in it.")
        return table
    }

    private func memoryTable(_ measured: [Measured]) -> ReportTable {
        var table = ReportTable(
            "Memory of the process after these events; state is what it holds for functions and "
                + "their slots",
            ["events", "functions seen", "resident at most", "state", "a function"])
        for row in measured {
            let bytes = row.passes.compactMap(\.stateBytes).max()
            table.add([
                row.form.rawValue, grouped(row.distinct),
                "\(row.passes.map(\.residentMebibytes).max() ?? 0) MiB",
                bytes.map { "\(grouped($0 / 1_048_576)) MiB" } ?? "not told",
                bytes.map { "\(grouped($0 / Double(max(1, row.distinct)))) B" } ?? "not told",
            ])
        }
        return table
    }

    private func pauseTable(_ measured: [Measured]) -> ReportTable {
        var table = ReportTable(
            "Checkpoints of these runs",
            ["events", "functions", "processing held up at most (target)", "longest checkpoint"])
        for row in measured {
            let pause = row.passes.compactMap(\.longestPauseSeconds).max()
            let longest = row.passes.compactMap(\.longestCheckpointSecondsMax).max()
            table.add([
                row.form.rawValue, grouped(row.functions),
                (pause.map { "\(rounded($0 * 1_000)) ms" } ?? "not told") + " (100 ms)",
                longest.map { $0.isFinite ? "at most \(rounded($0)) s" : "over 60 s" }
                    ?? "not told",
            ])
        }
        return table
    }
}
