@testable import Brokerage

/// The requests that programs make themselves, each with the error's number in its answer.
extension WireClient {
    func produce(
        _ topic: String, _ bytes: [UInt8], partition: Int32 = 0, transaction: String? = nil
    ) throws -> (code: Int16, offset: Int64) {
        try patiently(\.code) {
            try produceOnce(topic, bytes, partition, transaction)
        }
    }

    private func produceOnce(
        _ topic: String, _ bytes: [UInt8], _ partition: Int32, _ transaction: String?
    ) throws -> (code: Int16, offset: Int64) {
        try ask(.produce, 7) { writer in
            writer.string(transaction)
            writer.int16(-1)
            writer.int32(30_000)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([partition]) { partition, writer in
                    writer.int32(partition)
                    writer.byteArray(bytes)
                }
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return (try reader.int16(), try reader.int64())
        }
    }

    func fetch(
        _ topic: String, from offset: Int64, partition: Int32 = 0
    ) throws -> (code: Int16, endOffset: Int64) {
        try ask(.fetch, 11) { writer in
            for value: Int32 in [-1, 100, 1, 1 << 20] { writer.int32(value) }
            writer.int8(0)
            writer.int32(0)
            writer.int32(-1)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([partition]) { partition, writer in
                    writer.int32(partition)
                    writer.int32(-1)
                    writer.int64(offset)
                    writer.int64(-1)
                    writer.int32(1 << 20)
                }
            }
            writer.int32(0)
            writer.string("")
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int16()
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            return (try reader.int16(), try reader.int64())
        }
    }

    func listOffsets(
        _ topic: String, atMs timestampMs: Int64, partition: Int32 = 0
    ) throws -> (code: Int16, timestampMs: Int64, offset: Int64) {
        try patiently(\.code) { try listOffsetsOnce(topic, timestampMs, partition) }
    }

    private func listOffsetsOnce(
        _ topic: String, _ timestampMs: Int64, _ partition: Int32
    ) throws -> (code: Int16, timestampMs: Int64, offset: Int64) {
        try ask(.listOffsets, 7) { writer in
            writer.int32(-1)
            writer.int8(0)
            writer.array([topic]) { topic, writer in
                writer.string(topic)
                writer.array([partition]) { partition, writer in
                    writer.int32(partition)
                    writer.int32(-1)
                    writer.int64(timestampMs)
                    writer.tags()
                }
                writer.tags()
            }
            writer.tags()
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            let topics = try reader.array { reader throws(WireError) in
                _ = try reader.string()
                return try reader.array { reader throws(WireError) in
                    _ = try reader.int32()
                    let found = (try reader.int16(), try reader.int64(), try reader.int64())
                    _ = try reader.int32()
                    try reader.tags()
                    return found
                }
            }
            return topics[0][0]
        }
    }

    func createTopic(
        _ name: String, partitions: Int32 = 1, replicas: Int16 = 1,
        _ configuration: [String: String] = [:], validateOnly: Bool = false
    ) throws -> Int16 {
        try ask(.createTopics, 4) { writer in
            writer.array([name]) { name, writer in
                writer.string(name)
                writer.int32(partitions)
                writer.int16(replicas)
                writer.int32(0)
                writer.array(configuration.sorted { $0.key < $1.key }) { entry, writer in
                    writer.string(entry.key)
                    writer.string(entry.value)
                }
            }
            writer.int32(30_000)
            writer.bool(validateOnly)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            return try reader.int16()
        }
    }

    /// Creates a topic, and waits until it can be written to.
    func create(
        _ name: String, partitions: Int32 = 1, _ configuration: [String: String] = [:]
    ) throws {
        let code = try createTopic(name, partitions: partitions, configuration)
        guard code == 0 else { throw Stuck("create \(name): \(code)") }
        try awaitLeader(of: name, partitions: partitions)
    }

    func awaitLeader(of name: String, partitions: Int32) throws {
        try await_("a leader of \(name)") { try metadata(name) == (0, Int(partitions)) }
    }

    /// The topic's error, and how many partitions have a leader.
    func metadata(_ name: String) throws -> (code: Int16, led: Int) {
        try ask(.metadata, 4) { writer in
            writer.array([name]) { $1.string($0) }
            writer.bool(false)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.array { reader throws(WireError) in
                _ = try reader.int32()
                _ = try reader.string()
                _ = try reader.int32()
                _ = try reader.nullableString()
            }
            _ = try reader.nullableString()
            _ = try reader.int32()
            _ = try reader.int32()
            let code = try reader.int16()
            _ = try reader.string()
            _ = try reader.bool()
            let leaders = try reader.array { reader throws(WireError) -> Bool in
                let error = try reader.int16()
                _ = try reader.int32()
                let leader = try reader.int32()
                for _ in 0..<2 {
                    _ = try reader.array { reader throws(WireError) in try reader.int32() }
                }
                return error == 0 && leader >= 0
            }
            return (code, leaders.count { $0 })
        }
    }

    func deleteTopic(_ name: String) throws -> Int16 {
        try ask(.deleteTopics, 3) { writer in
            writer.array([name]) { $1.string($0) }
            writer.int32(30_000)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            return try reader.int16()
        }
    }

    func createPartitions(_ name: String, _ count: Int32) throws -> Int16 {
        try ask(.createPartitions, 1) { writer in
            writer.array([name]) { name, writer in
                writer.string(name)
                writer.int32(count)
                writer.int32(-1)
            }
            writer.int32(30_000)
            writer.bool(false)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            return try reader.int16()
        }
    }

    func deleteRecords(
        _ name: String, before offset: Int64
    ) throws -> (code: Int16, start: Int64) {
        try patiently(\.code) { try deleteRecordsOnce(name, offset) }
    }

    private func deleteRecordsOnce(
        _ name: String, _ offset: Int64
    ) throws -> (code: Int16, start: Int64) {
        try ask(.deleteRecords, 1) { writer in
            writer.array([name]) { name, writer in
                writer.string(name)
                writer.array([Int32(0)]) { partition, writer in
                    writer.int32(partition)
                    writer.int64(offset)
                }
            }
            writer.int32(30_000)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            _ = try reader.string()
            _ = try reader.int32()
            _ = try reader.int32()
            let start = try reader.int64()
            return (try reader.int16(), start)
        }
    }

    /// Sets (0) or unsets (1) a setting of a topic, adds to a list (2) or takes from it (3).
    func alter(
        _ topic: String, _ name: String, _ operation: Int8, _ value: String?
    ) throws -> Int16 {
        try ask(.incrementalAlterConfigs, 0) { writer in
            writer.array([topic]) { topic, writer in
                writer.int8(2)
                writer.string(topic)
                writer.array([name]) { name, writer in
                    writer.string(name)
                    writer.int8(operation)
                    writer.string(value)
                }
            }
            writer.bool(false)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            return try reader.int16()
        }
    }

    /// The settings of a topic: value, and whether it was set there.
    func settings(
        of topic: String, _ names: [String]
    ) throws -> (code: Int16, entries: [String: String]) {
        try ask(.describeConfigs, 1) { writer in
            writer.array([topic]) { topic, writer in
                writer.int8(2)
                writer.string(topic)
                writer.array(names) { $1.string($0) }
            }
            writer.bool(false)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            _ = try reader.int32()
            let code = try reader.int16()
            _ = try reader.nullableString()
            _ = try reader.int8()
            _ = try reader.string()
            let entries = try reader.array { reader throws(WireError) in
                let name = try reader.string()
                let value = try reader.string()
                _ = try reader.bool()
                let isSet = try reader.int8() == 1
                _ = try reader.bool()
                _ = try reader.int32()
                return (name, isSet ? "\(value), set" : value)
            }
            return (code, Dictionary(entries) { $1 })
        }
    }
}
