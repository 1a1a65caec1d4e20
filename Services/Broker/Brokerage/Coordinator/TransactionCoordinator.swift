/// Gives out producer ids, and takes transactions from their first partition to their end.
///
/// Every step is in `producers.journal` before it is answered, so a transaction outlives the
/// broker: an open one goes on (its timeout starts anew), a decided one is brought to its end.
///
/// - SeeAlso: KIP-98, "Exactly Once Delivery and Transactional Messaging"
///   <https://cwiki.apache.org/confluence/x/dRThAw>
final class TransactionCoordinator: @unchecked Sendable, JournalOwner {
    // Sendable is true: what varies is read and written under `monitor`.
    static let nextIDKey: [UInt8] = Array("next".utf8)
    /// Before a transactional id, so that none is the same as another key.
    static let keyPrefix: [UInt8] = Array("id:".utf8)

    let topics: TopicRegistry
    let offsets: OffsetStore
    let flusher: Flusher
    let tell: @Sendable (BrokerEvent) -> Void
    let monitor = Monitor()
    var journal: Journal
    var transactions: [String: Transaction] = [:]
    /// When open transactions are aborted, by the monotonic clock.
    var deadlinesMs: [String: Int64] = [:]
    /// Who producers were before they asked for their present epoch themselves.
    var bumped: [String: ProducerIdentity] = [:]
    var nextID: Int64 = 1
    var reservedID: Int64 = 1
    var isDirty = false
    private var isStopped = false

    init(
        folder: String, topics: TopicRegistry, offsets: OffsetStore, flusher: Flusher,
        tell: @escaping @Sendable (BrokerEvent) -> Void
    ) throws(StorageError) {
        self.topics = topics
        self.offsets = offsets
        self.flusher = flusher
        self.tell = tell
        journal = try Journal("\(folder)/producers.journal")
        if let cut = journal.cut { tell(cut) }
        for (key, value) in journal.entries {
            if key == Self.nextIDKey {
                reservedID =
                    WireReader.decode(value) { reader throws(WireError) in
                        try reader.int64()
                    } ?? 1
                nextID = reservedID
            } else if let transaction = Transaction(encoded: value) {
                let name = String(decoding: key.dropFirst(Self.keyPrefix.count), as: UTF8.self)
                transactions[name] = transaction
            }
        }
        resume()
    }

    /// Aborts transactions at the time when they are due, until `stop`.
    func run() {
        monitor.locked {
            while !isStopped {
                let nowMs = Clock.monotonicMs()
                for (name, deadlineMs) in deadlinesMs.sorted(by: { $0.key < $1.key })
                where deadlineMs <= nowMs {
                    timeOut(name, nowMs: nowMs)
                }
                let next = deadlinesMs.values.min() ?? .max
                monitor.wait(untilMs: max(next, nowMs + 1))
            }
        }
    }

    func stop() {
        monitor.locked {
            isStopped = true
            monitor.broadcast()
        }
    }

    func initialize(_ request: InitProducerIDRequest) -> InitProducerIDResponse {
        monitor.locked {
            do throws(ErrorCode) {
                return InitProducerIDResponse(error: .none, identity: try identity(for: request))
            } catch {
                return InitProducerIDResponse(
                    error: error, identity: ProducerIdentity(id: -1, epoch: -1))
            }
        }
    }

    /// Whether a transactional batch for `place` is expected; nil when it is.
    func refusal(
        of identity: ProducerIdentity, _ name: String, to place: TopicPartition
    ) -> ErrorCode? {
        monitor.locked {
            do throws(ErrorCode) {
                let transaction = try find(name, identity)
                guard transaction.state == .open, transaction.partitions.contains(place) else {
                    return .invalidTransactionState
                }
                return nil
            } catch {
                return error
            }
        }
    }

    func add(_ request: AddPartitionsRequest) -> PartitionErrorsResponse {
        let places = request.topics.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: topic.name, partition: $0) }
        }
        let known = Dictionary(places.map { ($0, topics.log($0) != nil) }) { $1 }
        let isWhole = !known.values.contains(false)
        let error = change(request.transactionalID, request.identity) { transaction in
            // All or none, as Kafka does.
            if !isWhole { return .operationNotAttempted }
            transaction.partitions.formUnion(places)
            return transaction.partitions.count > Limits.transactionPartitions
                ? .policyViolation : .none
        }
        return PartitionErrorsResponse(
            topics: request.topics.map { topic in
                let errors = topic.partitions.map { index -> (Int32, ErrorCode) in
                    let place = TopicPartition(topic: topic.name, partition: index)
                    if known[place] == false { return (index, .unknownTopicOrPartition) }
                    return (index, error)
                }
                return (topic.name, errors)
            })
    }

    func add(_ request: AddOffsetsRequest) -> ErrorCode {
        change(request.transactionalID, request.identity) { transaction in
            transaction.offsets[request.group, default: [:]] =
                transaction.offsets[
                    request.group, default: [:]]
            return .none
        }
    }

    /// - Parameter refusal: why the group does not take offsets from who sends them.
    func add(
        _ request: TransactionOffsetsRequest, refusal: ErrorCode?
    ) -> PartitionErrorsResponse {
        let group = request.who.group
        let error = change(request.transactionalID, request.identity) { transaction in
            if let refusal { return refusal }
            for topic in request.topics {
                for partition in topic.partitions {
                    let place = TopicPartition(topic: topic.name, partition: partition.index)
                    transaction.offsets[group, default: [:]][place] = partition.offset
                }
            }
            return .none
        }
        return PartitionErrorsResponse(
            topics: request.topics.map { topic in
                (topic.name, topic.partitions.map { ($0.index, error) })
            })
    }

    /// Partitions whose offset a transaction will commit for the group, should it be committed.
    func partitionsToCommit(of group: String) -> Set<TopicPartition> {
        monitor.locked {
            transactions.values.reduce(into: []) { places, transaction in
                if let mine = transaction.offsets[group] { places.formUnion(mine.keys) }
            }
        }
    }

    func end(_ request: EndTransactionRequest) -> ErrorCode {
        monitor.locked {
            do throws(ErrorCode) {
                let transaction = try find(request.transactionalID, request.identity)
                switch transaction.state {
                case .idle:
                    return transaction.hasCommitted == request.commit
                        ? .none : .invalidTransactionState
                case .committing where !request.commit, .aborting where request.commit:
                    return .invalidTransactionState
                case .open, .committing, .aborting:
                    try finish(
                        request.transactionalID, transaction, commit: request.commit)
                    return .none
                }
            } catch {
                return error
            }
        }
    }
}
