internal import TestSupport

/// Two featurizers beside one, on the same topic.
///
/// The broker and PostgreSQL share the cores with them: where there are but two cores, the ratio by
/// the clock cannot be what it would be with more. The ratio by CPU seconds says what scaling out
/// itself costs: with cores enough two take twice that times as much.
extension FeaturizerBenchmark {
    private static let ratioTarget = 1.7

    func measureScaleOut(_ tell: (String) -> Void) throws -> ReportTable {
        let functions = options.size.functionCounts[0]
        var table = ReportTable(
            "Scaling out, \(grouped(options.size.events)) events, \(grouped(functions)) functions, "
                + "JSON; \(cores) cores, the broker's and PostgreSQL's work among them",
            ["featurizers", "events/s", "ratio (target)", "events/CPU s", "ratio"])
        try withBroker { servers in
            let topic = InvocationTopic(
                servers: servers, form: .json, events: options.size.events,
                functions: functions)
            let contents = try topic.fill()
            let rates = try [1, 2].map { count in
                let (events, taken) = try featurize(topic, contents, by: count)
                let rate = (taken.perSecond(events), taken.perCPUSecond(events))
                tell("featurizers: \(count), \(grouped(rate.0)) events/s")
                return rate
            }
            let (one, two) = (rates[0], rates[1])
            table.add(["1", grouped(one.0), "", grouped(one.1), ""])
            table.add([
                "2", grouped(two.0), "\(times(two.0 / one.0)) (\(times(Self.ratioTarget)))",
                grouped(two.1), times(two.1 / one.1),
            ])
        }
        return table
    }

    private var cores: Int { sharedCores() }

    /// From when they own all partitions, each as many, until every event is in a checkpoint. What was taken
    /// before, by the one that came first, does not count.
    private func featurize(
        _ topic: InvocationTopic, _ contents: InvocationTopic.Contents, by count: Int
    ) throws -> (events: Int, taken: Taken) {
        try ThrowawayPostgres.withProvisionedDatabase { url in
            let kept = try KeptByFeaturizer(url)
            let processes = try (0..<count).map { _ in
                try startFeaturizer(servers: topic.servers, databaseURL: url)
            }
            defer { for process in processes { process.stop() } }
            let each = InvocationTopic.partitions / count
            try processes[0].wait("own \(each) partitions", within: .seconds(120)) {
                processes.allSatisfy { $0.owns(each) }
            }
            let (began, keptBefore) = (ContinuousClock.now, max(0, kept.events))
            let cpuBefore = try processes.map { try $0.cpuSeconds() }
            try kept.waitUntilKept(topic.events, by: processes[0])
            let seconds = (ContinuousClock.now - began).seconds
            try kept.waitForRows(of: contents, events: topic.events, by: processes[0])
            let cpuSeconds = try zip(processes, cpuBefore).reduce(0) {
                $0 + (try $1.0.cpuSeconds()) - $1.1
            }
            return (
                topic.events - keptBefore, Taken(seconds: seconds, cpuSeconds: cpuSeconds)
            )
        }
    }
}
