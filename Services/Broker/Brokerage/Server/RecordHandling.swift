/// Produce, Fetch, ListOffsets.
extension RequestHandler {
    func produce(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) -> Answer? {
        let request = try ProduceRequest(from: &reader, version: version)
        let response = ProduceResponse(
            topics: request.topics.map { topic in
                (
                    topic.name,
                    topic.partitions.map { partition in
                        let outcome = append(partition, of: topic.name, request)
                        return ProduceResponse.Partition(
                            index: partition.index, error: outcome.error,
                            baseOffset: outcome.baseOffset, appendTimeMs: outcome.appendTimeMs,
                            logStartOffset: outcome.startOffset)
                    }
                )
            })
        if request.acks == 0 {
            // It asked for no answer, and learns of an error only by losing the connection.
            let errors = response.topics.flatMap { $0.partitions.map(\.error) }
            guard let error = errors.first(where: { $0 != .none }) else { return .silence }
            return .close("\(error) for a producer that wants no acknowledgement")
        }
        response.write(to: &writer, version: version)
        return nil
    }

    private func append(
        _ partition: ProduceRequest.Partition, of topic: String, _ request: ProduceRequest
    ) -> AppendOutcome {
        guard (-1...1).contains(request.acks) else {
            return AppendOutcome(error: .invalidRequiredAcks)
        }
        guard let found = topicCreatedIfConfigured(topic), let log = found.log(partition.index)
        else { return AppendOutcome(error: .unknownTopicOrPartition) }
        guard let bytes = unsafe partition.records else {
            return AppendOutcome(error: .corruptMessage)
        }
        let records = UnsafeRawBufferPointer(bytes)
        do throws(ErrorCode) {
            let header = try unsafe RecordBatch.check(
                records, bytesMax: found.configuration.messageBytesMax)
            if found.configuration.compacts { try unsafe checkKeys(records, header) }
            try unsafe checkTimes(records, header, found.configuration)
            if header.isTransactional {
                let place = TopicPartition(topic: topic, partition: partition.index)
                let identity = ProducerIdentity(
                    id: header.producerID, epoch: header.producerEpoch)
                guard let name = request.transactionalID else { throw .invalidTransactionState }
                if let error = transactions.refusal(of: identity, name, to: place) { throw error }
            }
            return unsafe log.append(bytes, header)
        } catch {
            return AppendOutcome(error: error)
        }
    }

    /// Compaction needs a key in every record, and records that it can open.
    private func checkKeys(
        _ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader
    ) throws(ErrorCode) {
        let records: [Record]
        do throws(Records.Malformed) {
            records = try unsafe Records.decode(batch, header)
        } catch {
            throw .corruptMessage
        }
        guard records.allSatisfy({ $0.key != nil }) else { throw .invalidRecord }
    }

    /// A record's own time must be near the broker's, as near as the topic wants it.
    private func checkTimes(
        _ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader,
        _ configuration: TopicConfiguration
    ) throws(ErrorCode) {
        if configuration.stampsAppendTime { return }
        let nowMs = Clock.wallMs()
        // A time that was not given is -1.
        if header.maxTimestampMs > nowMs,
            header.maxTimestampMs - nowMs > configuration.timestampAfterMs
        {
            throw .invalidTimestamp
        }
        guard configuration.timestampBeforeMs < .max else { return }
        let records = unsafe (try? Records.decode(batch, header)) ?? []
        let isNear = records.allSatisfy { record in
            let timestampMs = header.baseTimestampMs &+ record.timestampDeltaMs
            return timestampMs < 0 || nowMs - timestampMs <= configuration.timestampBeforeMs
        }
        guard isNear else { throw .invalidTimestamp }
    }

    func fetch(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try FetchRequest(from: &reader, version: version)
        if request.sessionID != 0 && request.sessionEpoch > 0 {
            FetchResponse(error: .fetchSessionIDNotFound, topics: [])
                .write(to: &writer, version: version)
            return
        }
        let logs = request.topics.map { topic in
            let found = topics.topic(topic.name)
            return topic.partitions.map { found?.log($0.index) }
        }
        let deadlineMs = Clock.monotonicMs() + Int64(request.waitMs)
        var (response, isReady) = collect(request, logs)
        if !isReady && request.waitMs > 0, let waiter = fetches.begin() {
            for log in logs.joined() { log?.add(waiter) }
            repeat {
                (response, isReady) = collect(request, logs)
            } while !isReady && waiter.wait(untilMs: deadlineMs) && !fetches.isStopped
            for log in logs.joined() { log?.remove(waiter) }
            fetches.end(waiter)
        }
        response.write(to: &writer, version: version)
    }

    /// - Returns: what there is, and whether it is worth an answer now.
    private func collect(
        _ request: FetchRequest, _ logs: [[PartitionLog?]]
    ) -> (FetchResponse, isReady: Bool) {
        var total = 0
        var hasFailed = false
        let topics = zip(request.topics, logs).map { topic, logs in
            let partitions = zip(topic.partitions, logs).map { partition, log in
                // The first batch of all is given whatever its size, so that reading goes on.
                let room = min(partition.bytesMax, max(0, request.bytesMax - total))
                let read =
                    log?.read(
                        from: partition.offset, bytesMax: room, atLeastOne: total == 0,
                        committedOnly: request.committedOnly)
                    ?? PartitionRead(error: .unknownTopicOrPartition)
                total += read.span?.count ?? 0
                if read.error != .none { hasFailed = true }
                return FetchResponse.Partition(index: partition.index, read: read)
            }
            return (topic.name, partitions)
        }
        let isReady = hasFailed || total >= max(1, request.bytesMin) || total >= request.bytesMax
        return (FetchResponse(error: .none, topics: topics), isReady)
    }

    func listOffsets(
        _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        let request = try ListOffsetsRequest(from: &reader, version: version)
        let response = ListOffsetsResponse(
            topics: request.topics.map { topic in
                let found = topics.topic(topic.name)
                let partitions = topic.partitions.map { partition in
                    offset(partition, in: found?.log(partition.index), request.committedOnly)
                }
                return (topic.name, partitions)
            })
        response.write(to: &writer, version: version)
    }

    private func offset(
        _ partition: ListOffsetsRequest.Partition, in log: PartitionLog?, _ committedOnly: Bool
    ) -> ListOffsetsResponse.Partition {
        var error = ErrorCode.none
        var found: (offset: Int64, timestampMs: Int64)?
        if let log {
            let offsets = log.offsets(committedOnly: committedOnly)
            switch partition.timestampMs {
            case -2: found = (offsets.start, -1)
            case -1: found = (offsets.end, -1)
            case -3 where log.maxTimestampMs < 0: break
            case let asked:
                let timestampMs = asked == -3 ? log.maxTimestampMs : asked
                do throws(StorageError) {
                    found = try log.firstRecord(asLateAs: timestampMs)
                    if let offset = found?.offset, offset >= offsets.end { found = nil }
                } catch let failure {
                    log.tell(.storageFailed(failure))
                    error = .storageError
                }
            }
        } else {
            error = .unknownTopicOrPartition
        }
        return ListOffsetsResponse.Partition(
            index: partition.index, error: error, timestampMs: found?.timestampMs ?? -1,
            offset: found?.offset ?? -1)
    }
}
