internal import Kafka
internal import Processing
internal import Synchronization
internal import Telemetry
internal import Topics

/// What a stage counts, per batch; labels are bounded.
final class StageMetrics {
    private let metrics: Metrics
    private let read: Counter
    private let rejections: Counter
    private let stale: Counter
    private let expired: Counter
    private let batch: Histogram
    private let checkpoint: Histogram
    private let pause: Histogram
    private let longestPause: Telemetry.Gauge
    private var longestPauseMs: Int64 = 0
    private let lagGauge: Telemetry.Gauge
    private let partitions: Telemetry.Gauge
    private var lastLag: [String: Int64] = [:]
    private var lastSums: [String: Double] = [:]

    init(_ metrics: Metrics) {
        self.metrics = metrics
        read = metrics.counter("messages_read_total", "Messages read.")
        rejections = metrics.counter(
            "messages_rejected_total", "Messages not taken.", labels: ["topic", "reason"])
        stale = metrics.counter(
            "messages_stale_total", "Messages of a writer that has lost its partition.",
            labels: ["topic"])
        expired = metrics.counter(
            "messages_expired_total", "Messages that Kafka deleted before they were read.",
            labels: ["topic"])
        batch = metrics.histogram("batch_duration_seconds", "Time to process a batch.")
        checkpoint = metrics.histogram("checkpoint_duration_seconds", "Time of a checkpoint.")
        pause = metrics.histogram(
            "checkpoint_pause_seconds", "Time that a checkpoint keeps processing waiting.")
        longestPause = metrics.gauge(
            "checkpoint_pause_longest_seconds", "The longest of those.")
        lagGauge = metrics.gauge(
            "position_lag_messages", "Messages waiting, over this process's partitions.",
            labels: ["topic"])
        partitions = metrics.gauge("partitions_owned", "Partitions of this process.")
    }

    func tookBatch(of count: Int, ms: Int64) {
        read.add(count)
        batch.observe(Double(ms) / 1_000)
    }

    func rejected(_ topic: String, _ reason: Rejection.Reason) {
        rejections.add(1, topic, reason.rawValue)
    }

    func skipped(_ topic: String, _ messages: Int64) { expired.add(Int(messages), topic) }
    func droppedStale(_ topic: String) { stale.add(1, topic) }
    func checkpointed(ms: Int64) { checkpoint.observe(Double(ms) / 1_000) }

    func paused(ms: Int64) {
        pause.observe(Double(ms) / 1_000)
        longestPauseMs = max(longestPauseMs, ms)
        longestPause.set(Double(longestPauseMs) / 1_000)
    }

    func set(partitions count: Int) { partitions.set(count) }

    /// The stage's own events.
    func counted(_ counts: [String: Int]) {
        for (name, count) in counts {
            metrics.counter("\(name)_total", "Counted by the stage.").add(count)
        }
    }

    func set(lag: [TopicPartition: Int64], gauges: [[Processing.Gauge]]) {
        // What went to another process is zero here, not what it was.
        var byTopic = lastLag.mapValues { _ in Int64(0) }
        for (partition, messages) in lag { byTopic[partition.topic, default: 0] += messages }
        for (topic, messages) in byTopic { lagGauge.set(Double(messages), topic) }
        lastLag = byTopic
        var sums = lastSums.mapValues { _ in 0.0 }
        for gauge in gauges.joined() { sums[gauge.name, default: 0] += gauge.value }
        for (name, value) in sums { metrics.gauge(name, "Of the stage's partitions.").set(value) }
        lastSums = sums
    }
}
