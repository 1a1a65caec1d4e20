/// What this module bounds, and by how much. What a setting bounds is in `StageSettings`.
enum Limits {
    /// How long a stop may take, in whatever state; then the process ends as it is. Docker waits
    /// 10 seconds, `compose/up` says 5.
    static let stopMs = 4_000
    /// How long a stop waits for messages under way; what is not written then is said again later.
    static let stopPublishMs: Int64 = 1_500
    /// How long an attempt to reach Kafka may take where a stop must be noticed.
    static let askMs = 2_000
    /// How long creating topics may take; Kafka has answered before.
    static let createTopicsMs = 3_000
    /// How long the loop waits for something to happen before it looks after the rest.
    static let pollMs = 100
    /// libpq takes whole seconds, at least 2.
    static let connectSeconds = 2

    /// Messages that wait to be published; with more, a batch is interrupted to publish them.
    static let outboxMessages = 20_000
    /// Messages handed to the producer at once, and their bytes: far below what its queue takes,
    /// so that handing over never waits.
    static let publishMessages = 10_000
    static let publishBytes = 32 << 20
    /// Messages that a stage is given at once.
    static let runMessages = 2_048
    /// State entries and table rows of one transaction of a checkpoint, of one partition at least:
    /// processing waits while they are gathered, and while a transaction takes longer than
    /// `aheadMs`, as 20,000 of the predictor's do on two busy cores.
    static let snapshotRows = 5_000
    /// And how long it does, after which no further partition is gathered with them.
    static let snapshotMs: Int64 = 20
    /// How long processing goes on while a checkpoint is not finished.
    static let aheadMs: Int64 = 2_000
    /// How often the lag is asked for while a checkpoint does not end.
    static let showLagMs: Int64 = 1_000
    /// Table rows in one call of a stage's writer, for a statement's parameters have a limit.
    static let rowsPerWrite = 10_000
    /// State entries in one statement, and their bytes.
    static let entriesPerWrite = 1_000
    static let entryBytesPerWrite = 32 << 20
    /// Of what was wrong with the last message rejected.
    static let detailScalars = 1_000
    /// Writers whose epochs are remembered; there are as many as partitions of all stages.
    static let fencedWriters = 20_000

    /// Who says nothing for so long asks first whether the partitions are still its own: half of
    /// Kafka's session timeout.
    static let pauseMs: Int64 = 3_000
    /// A partition that the group leaves here for so long, though another process claimed it, is
    /// claimed again: Kafka would have taken it away by then.
    static let reclaimMs: Int64 = 10_000
    /// While a dependency is away the log says so this often.
    static let awayLogMs: Int64 = 60_000
}
