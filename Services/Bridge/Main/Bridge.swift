internal import Runtime
internal import Settings

/// Reads a topic in another platform's form, and writes `invocations` and `rejections`.
///
/// Records, what they came to and the positions behind them are one Kafka transaction: who reads
/// committed records, as the featurizer does, sees each event once, however this process ends.
@main struct Bridge {
    static func main() {
        Program.run(
            BridgeSettings.command, waitingFor: [Dependency.kafka],
            stopLimitMs: Limits.stopMs
        ) { program in
            try program.serveOperations { try BridgeRun(program).run() }
        }
    }
}

/// What this process bounds, and by how much. What a setting bounds is in `BridgeSettings`.
enum Limits {
    /// How long a stop may take; then the process ends as it is, which the next start heals.
    static let stopMs = 4_000
    /// How long a stop waits for a transaction to end; then it is left to the broker.
    static let stopCommitMs: Int64 = 2_000
    /// How long a question to Kafka may take where a stop must be noticed.
    static let askMs = 1_000
    /// How long a poll waits for the first record.
    static let pollMs: Int64 = 100
    /// How long to wait before an aborted transaction's records are read again.
    static let startOverMs = 100
    /// How often lag is looked at.
    static let lagMs: Int64 = 1_000
    /// A transaction of which the broker hears nothing is aborted after this time...
    static let transactionMs = 5_000
    /// ...and a member of which the group hears nothing gives its partitions up after this one. It
    /// is longer, so that whoever takes them up reads the positions of a transaction that has ended:
    /// Kafka from 2.5 on makes sure of that itself, the embedded broker does not.
    static let sessionMs = 8_000
}
