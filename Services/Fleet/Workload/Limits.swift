/// What a workload may hold at most.
public enum Limits {
    /// A function stays warm for this long after an execution ended; Azure Functions' own rule
    /// at the time of the 2019 trace was 10 to 20 minutes.
    public static let keepAliveMs: Int64 = 600_000
    /// AWS Lambda's longest execution; generated functions keep to it.
    public static let generatedDurationMsMax: Double = 900_000
    /// AWS Lambda's largest allotment; none is larger, nor larger than a worker.
    public static let memoryMbMax: Double = 10_240
    /// AWS Lambda's smallest.
    public static let memoryMbMin: Double = 128
    /// Executions of the whole fleet that may end in one minute: the rank's bits in a sequence.
    static let rankBits: UInt64 = 24
    /// Executions of one generated function that may begin in one minute: 2,000 a second.
    static let startsPerMinuteMax: Double = 120_000
    public static let functionsMax = 200_000
    static let functionsPerService = 20
    public static let workersPerCellMax = 1_000
    /// Invocations of a trace that begin in one minute: 67,000 a second, of which nearly four
    /// minutes' may end in one.
    static let tracedPerMinuteMax = 4_000_000
    /// Days of a trace: the public one has 14.
    static let traceDaysMax = 31
    /// A line of a trace that is read as it comes.
    static let lineBytesMax = 4_096
    /// Outcomes that a recorded trace may hold. All are in memory, for they are sent by their ends:
    /// 32 bytes each, and half as much again while they are sorted; 480 MB at most.
    public static let recordedMax = 10_000_000
    /// Days from the first to the last of them: ten years.
    static let recordedDaysMax = 3_660
    /// The longest execution of a recorded trace; of a longer one it is the last hour. An outcome
    /// counts where its execution starts, and the featurizer, as it is set when nothing is said,
    /// takes corrections for an hour: what started before would count nowhere.
    static let recordedDurationMsMax: Double = 3_600_000
    /// A cell of a trace's table that an error message repeats.
    static let shownBytes = 40
}

let minuteMs: Int64 = 60_000
let dayMinutes = 1_440
