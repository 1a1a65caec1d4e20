internal import Telemetry
internal import Topics
internal import Translation

/// What a transaction holds; counted when it is committed, and forgotten when it is not.
struct Tally {
    var records = 0
    var invocations = 0
    var rejections: [Rejection.Reason: Int] = [:]
    var leftOut: [Translated.LeftOut: Int] = [:]

    var rejected = 0

    var messages: Int { invocations + rejected }
}

/// What the bridge counts, per transaction; labels are bounded.
final class BridgeMetrics {
    private let read: Counter
    private let published: Counter
    private let rejected: Counter
    private let leftOut: Counter
    private let transactions: Counter
    private let commitTime: Histogram
    private let lag: Gauge
    private let partitions: Gauge

    init(_ metrics: Metrics) {
        read = metrics.counter("messages_read_total", "Messages read.")
        published = metrics.counter(
            "messages_published_total", "Messages written.", labels: ["topic"])
        rejected = metrics.counter(
            "messages_rejected_total", "Messages not taken.", labels: ["topic", "reason"])
        leftOut = metrics.counter(
            "bridge_left_out_total", "Things read that are no invocations, and no mistakes either.",
            labels: ["kind"])
        transactions = metrics.counter(
            "bridge_transactions_total", "Transactions by how they ended.", labels: ["outcome"])
        commitTime = metrics.histogram("commit_duration_seconds", "Time of a commit.")
        lag = metrics.gauge(
            "position_lag_messages", "Messages waiting, over this process's partitions.",
            labels: ["topic"])
        partitions = metrics.gauge("partitions_owned", "Partitions of this process.")
    }

    func committed(_ tally: Tally, from topic: String, ms: Int64) {
        transactions.add(1, "committed")
        commitTime.observe(Double(ms) / 1_000)
        read.add(tally.records)
        if tally.invocations > 0 { published.add(tally.invocations, Topic.invocations.name) }
        for (reason, count) in tally.rejections {
            rejected.add(count, topic, reason.rawValue)
            published.add(count, Topic.rejections.name)
        }
        for (kind, count) in tally.leftOut { leftOut.add(count, kind.rawValue) }
    }

    func aborted() { transactions.add(1, "aborted") }
    func set(lag messages: Int64, of topic: String) { lag.set(Double(messages), topic) }
    func set(partitions count: Int) { partitions.set(count) }
}
