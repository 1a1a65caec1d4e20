internal import TestSupport

/// The featurizer as the process that it is, from a Kafka topic to shapes published and kept in
/// PostgreSQL, beside plain consumption of the same topic: batches of librdkafka, nothing done with
/// the records.
///
/// A topic holds ten minutes of event time from a slot's border on, so that of the two slots exactly
/// one closes while it is read, and its shapes, some 90,000 of 100,000 functions, are published and
/// kept. With ten million events that is more work an event than a real fleet gives: at a true
/// million a second a slot has 300 million events for the same number of shapes.
///
/// CPU seconds are of the whole process, librdkafka's threads with it; the broker's and PostgreSQL's
/// are not counted. Compare the ratios. A wrong result, be it a shape too few, ends the run.
public struct FeaturizerBenchmark: Sendable {
    public static let name = "featurizer"

    public enum Part: String, CaseIterable, Sendable {
        case speed, instructions, restart, rebalance
        case scaleOut = "scale-out"
        /// Only when asked for: they take minutes, and what they need lies outside the project.
        case peers

        /// What is measured, for people.
        public var summary: String {
            switch self {
            case .speed:
                "events/s of each form beside plain consumption, memory a function, and the "
                    + "longest that a checkpoint held processing up"
            case .instructions: "instructions an event, decoded and folded in memory (valgrind)"
            case .restart: "from the start of a process until it owns all partitions again"
            case .rebalance: "from the start of a second process until both process records"
            case .scaleOut: "two featurizers beside one, on a topic filled beforehand"
            case .peers: "Kafka Streams on an Apache Kafka, and a Python consumer, same job"
            }
        }
    }

    public struct Size: Sendable {
        public var events: Int
        /// Of the fleets that are measured, one after the other.
        public var functionCounts: [Int]
        /// Of the state that a process starts with.
        public var restartFunctions: Int
        public var rebalanceFunctions: Int
        /// How many events are folded under valgrind, which takes some 50 times as long.
        public var countedEvents: Int
        /// Kafka Streams takes a quarter of a million a second.
        public var peerEventsMax = 4_000_000
        /// Of the featurizer; nil for its own.
        public var checkpointIntervalMs: Int?

        public static let smoke = Size(
            events: 2_000, functionCounts: [100], restartFunctions: 200, rebalanceFunctions: 100,
            countedEvents: 100, checkpointIntervalMs: 100)
        public static let full = Size(
            events: 10_000_000, functionCounts: [100_000, 1_000_000],
            restartFunctions: 1_000_000, rebalanceFunctions: 100_000, countedEvents: 20_000)
    }

    public struct Options: Sendable {
        public var size = Size.full
        /// Of the first number of functions; further ones get a third of them, at least one.
        public var passes = 3
        public var forms = InvocationForm.allCases
        public var parts: [Part] = Part.allCases.filter { $0 != .peers }

        public init() {}
    }

    let options: Options

    public init(_ options: Options) {
        precondition(options.passes > 0, "\(options.passes) passes")
        self.options = options
    }

    /// - Parameter tell: called with a line for each pass, and with each part's table as it is done.
    public func run(_ tell: (String) -> Void) throws -> [ReportTable] {
        var tables: [ReportTable] = []
        for part in Part.allCases where options.parts.contains(part) {
            let more =
                switch part {
                case .speed: try measureSpeed(tell)
                case .instructions: try countInstructions()
                case .restart: [try measureRestart()]
                case .rebalance: [try measureRebalance()]
                case .scaleOut: [try measureScaleOut(tell)]
                case .peers: [try measurePeers(tell)]
                }
            for table in more { tell("\n\(table)\n") }
            tables += more
        }
        return tables
    }

    /// Calls `body` with the address of a broker of its own; its folder is gone afterwards, for a
    /// topic is a gigabyte.
    func withBroker<Value>(_ body: (_ servers: String) throws -> Value) throws -> Value {
        try withTemporaryFolder { folder in
            let broker = try EmbeddedBroker(dataFolder: folder)
            defer { broker.kill() }
            return try body(broker.bootstrapServers)
        }
    }

    func startFeaturizer(servers: String, databaseURL: String) throws -> FeaturizerProcess {
        try FeaturizerProcess(
            servers: servers, databaseURL: databaseURL,
            checkpointIntervalMs: options.size.checkpointIntervalMs)
    }

    /// What was measured is worth nothing, because something did not come or came wrong.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }
}

/// How long something took.
struct Taken {
    let seconds: Double
    let cpuSeconds: Double

    /// The system counts CPU time in hundredths of a second, and what took less took something.
    init(seconds: Double, cpuSeconds: Double) {
        self.seconds = max(seconds, 1e-6)
        self.cpuSeconds = max(cpuSeconds, 1e-3)
    }

    func perSecond(_ count: Int) -> Double { Double(count) / seconds }
    func perCPUSecond(_ count: Int) -> Double { Double(count) / cpuSeconds }
}
