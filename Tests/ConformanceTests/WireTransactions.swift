@testable import Brokerage

/// What programs say of producers and transactions themselves.
extension WireClient {
    /// The id of a producer; asked again while the broker is busy with its former one.
    func producer(
        _ name: String?, timeoutMs: Int32 = 60_000,
        former: ProducerIdentity = ProducerIdentity(id: -1, epoch: -1)
    ) throws -> (code: Int16, identity: ProducerIdentity) {
        var identity = former
        let code = try patiently {
            try ask(.initProducerID, 4) { writer in
                writer.string(name)
                writer.int32(timeoutMs)
                writer.int64(former.id)
                writer.int16(former.epoch)
                writer.tags()
            } read: { reader throws(WireError) in
                _ = try reader.int32()
                let code = try reader.int16()
                identity = try ProducerIdentity(from: &reader)
                return code
            }
        }
        return (code, identity)
    }

    /// The error of partition 0 of each topic, in order of their names.
    func addPartitions(
        _ name: String, _ who: ProducerIdentity, _ topics: [String], _ version: Int16 = 2
    ) throws -> [Int16] {
        try ask(.addPartitionsToTransaction, version) { writer in
            writer.string(name)
            writer.int64(who.id)
            writer.int16(who.epoch)
            writer.array(topics) { topic, writer in
                writer.string(topic)
                writer.array([Int32(0)]) { $1.int32($0) }
            }
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            let found = try reader.array { reader throws(WireError) in
                let name = try reader.string()
                _ = try reader.int32()
                _ = try reader.int32()
                return (name, try reader.int16())
            }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    func endTransaction(
        _ name: String, _ who: ProducerIdentity, commit: Bool, _ version: Int16
    ) throws -> Int16 {
        try ask(.endTransaction, version) { writer in
            writer.string(name)
            writer.int64(who.id)
            writer.int16(who.epoch)
            writer.bool(commit)
        } read: { reader throws(WireError) in
            _ = try reader.int32()
            return try reader.int16()
        }
    }
}
