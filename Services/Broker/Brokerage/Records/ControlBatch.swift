/// The mark that ends a transaction in a partition: a batch of one control record.
enum ControlBatch {
    /// - SeeAlso: Apache Kafka documentation, "Control Batches"
    ///   <https://kafka.apache.org/documentation/#controlbatch>
    static func marker(_ producer: ProducerIdentity, commit: Bool, nowMs: Int64) -> [UInt8] {
        // Key: version 0, type (0 abort, 1 commit). Value: version 0, coordinator epoch 0.
        let key: [UInt8] = [0, 0, 0, commit ? 1 : 0]
        let record = Record(
            offsetDelta: 0, timestampDeltaMs: 0, key: key, value: [0, 0, 0, 0, 0, 0],
            headers: [0])
        var header = blank
        header.attributes = 0x30  // transactional, control
        header.baseTimestampMs = nowMs
        header.maxTimestampMs = nowMs
        header.producerID = producer.id
        header.producerEpoch = producer.epoch
        do throws(Codec.Failure) {
            return try Records.encode([record], like: header)
        } catch {
            preconditionFailure("an uncompressed batch was refused by a codec: \(error)")
        }
    }

    /// Whether a control batch commits; nil when it is no transaction's end.
    static func commits(_ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader) -> Bool? {
        guard header.isControl,
            let key = unsafe (try? Records.decode(batch, header))?.first?.key, key.count >= 4
        else { return nil }
        switch Int16(key[2]) << 8 | Int16(key[3]) {
        case 0: return false
        case 1: return true
        default: return nil
        }
    }

    private static var blank: RecordBatchHeader {
        var header = unsafe [UInt8](repeating: 0, count: RecordBatchHeader.size)
            .withUnsafeBytes { unsafe RecordBatchHeader($0.baseAddress.unsafelyUnwrapped) }
        header.magic = 2
        header.baseSequence = -1
        return header
    }
}
