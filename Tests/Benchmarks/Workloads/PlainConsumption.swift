internal import Foundation
internal import Kafka

/// Every record of a topic, and nothing done with it: what others are held against.
struct PlainConsumption {
    let servers: String
    let topic: String
    /// Records that lie there.
    let records: Int

    private static let timeoutMs = 30_000
    /// Polls of 100 ms that may bring nothing before it is given up.
    private static let idlePollsMax = 100

    func measure() throws -> Taken {
        var options = BatchConsumer.Options(bootstrapServers: servers)
        // With less librdkafka 2.0.2 pauses for a second whenever its queue is full.
        options.settings["queued.max.messages.kbytes"] = "2097151"
        options.settings["queued.min.messages"] = "10000000"
        let consumer = try BatchConsumer(options)
        try consumer.assignAll(of: [topic], from: .beginning, timeoutMs: Self.timeoutMs)
        var began: ContinuousClock.Instant?
        let cpuBegan = clock()
        var (count, idle) = (0, 0)
        while count < records, idle < Self.idlePollsMax {
            let came = try consumer.withBatch(timeoutMs: 100) { $0.count }
            if began == nil, came > 0 { began = ContinuousClock.now }
            idle = came == 0 ? idle + 1 : 0
            count += came
        }
        guard count == records, let began else {
            throw Incomplete(description: "consume \(records) records of \(topic): \(count) came")
        }
        return Taken(
            seconds: (ContinuousClock.now - began) / .seconds(1),
            cpuSeconds: Double(clock() - cpuBegan) / Double(CLOCKS_PER_SEC))
    }

    struct Incomplete: Error, CustomStringConvertible {
        let description: String
    }
}
