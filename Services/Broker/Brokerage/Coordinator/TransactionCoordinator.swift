/// Gives out producer ids, and takes transactions from their first partition to their end.
///
/// Every step is in `producers.journal` before it is answered, so a transaction outlives the
/// broker: an open one goes on (its timeout starts anew), a decided one is brought to its end.
///
/// - SeeAlso: KIP-98, "Exactly Once Delivery and Transactional Messaging"
///   <https://cwiki.apache.org/confluence/x/dRThAw>
final class TransactionCoordinator: @unchecked Sendable, Flushable {
    // Sendable is true: what varies is read and written under `monitor`.
    private static let nextIDKey: [UInt8] = Array("next".utf8)
    /// Before a transactional id, so that none is the same as another key.
    private static let keyPrefix: [UInt8] = Array("id:".utf8)

    private let topics: TopicRegistry
    private let offsets: OffsetStore
    private let flusher: Flusher
    private let tell: @Sendable (BrokerEvent) -> Void
    private let monitor = Monitor()
    private var journal: Journal
    private var transactions: [String: Transaction] = [:]
    /// When open transactions are aborted, by the monotonic clock.
    private var deadlinesMs: [String: Int64] = [:]
    private var nextID: Int64 = 1
    private var reservedID: Int64 = 1
    private var isDirty = false
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
        if journal.cutBytes > 0 {
            tell(.cut(path: "producers.journal", bytes: journal.cutBytes))
        }
        for (key, value) in journal.entries {
            if key == Self.nextIDKey {
                reservedID = WireReader.decode(value) { reader throws(WireError) in
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

    func flush() {
        let result = monitor.locked {
            isDirty = false
            return Result { () throws(StorageError) in try journal.flush() }
        }
        if case .failure(let error) = result { tell(.storageFailed(error)) }
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
        let error = change(request.transactionalID, request.identity) { transaction in
            // All or none, as Kafka does.
            if known.values.contains(false) { return .none }
            transaction.partitions.formUnion(places)
            return transaction.partitions.count > Limits.transactionPartitions
                ? .policyViolation : .none
        }
        return PartitionErrorsResponse(
            topics: request.topics.map { topic in
                let errors = topic.partitions.map { index in
                    let place = TopicPartition(topic: topic.name, partition: index)
                    return (index, known[place] == false ? .unknownTopicOrPartition : error)
                }
                return (topic.name, errors)
            })
    }

    func add(_ request: AddOffsetsRequest) -> ErrorCode {
        change(request.transactionalID, request.identity) { transaction in
            transaction.offsets[request.group, default: [:]] = transaction.offsets[
                request.group, default: [:]]
            return .none
        }
    }

    func add(_ request: TransactionOffsetsRequest) -> PartitionErrorsResponse {
        let error = change(request.transactionalID, request.identity) { transaction in
            for topic in request.topics {
                for partition in topic.partitions {
                    let place = TopicPartition(topic: topic.name, partition: partition.index)
                    transaction.offsets[request.group, default: [:]][place] = partition.offset
                }
            }
            return .none
        }
        return PartitionErrorsResponse(
            topics: request.topics.map { topic in
                (topic.name, topic.partitions.map { ($0.index, error) })
            })
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

// MARK: - Under the lock

extension TransactionCoordinator {
    private func identity(
        for request: InitProducerIDRequest
    ) throws(ErrorCode) -> ProducerIdentity {
        guard let name = request.transactionalID else { return try newIdentity() }
        if name.isEmpty { throw .invalidRequest }
        guard Limits.transactionTimeoutMs.contains(request.timeoutMs) else {
            throw .invalidTransactionTimeout
        }
        let nowMs = Clock.wallMs()
        guard var transaction = transactions[name] else {
            if transactions.count >= Limits.transactions { try forgetOldest() }
            let identity = try newIdentity()
            try save(
                name, Transaction(identity: identity, timeoutMs: request.timeoutMs, nowMs: nowMs))
            return identity
        }
        // A decided one is ended as decided; an open one is its former producer's, and ends here.
        if transaction.state == .committing || transaction.state == .aborting {
            transaction = try finish(name, transaction, commit: transaction.state == .committing)
        }
        transaction.identity =
            transaction.identity.epoch < Int16.max - 1
            ? ProducerIdentity(
                id: transaction.identity.id, epoch: transaction.identity.epoch + 1)
            : transaction.identity
        if transaction.state == .open {
            transaction = try finish(name, transaction, commit: false)
        }
        if transaction.identity.epoch >= Int16.max - 1 {
            transaction.identity = try newIdentity()
        }
        transaction.timeoutMs = request.timeoutMs
        transaction.hasCommitted = nil
        transaction.usedMs = nowMs
        try save(name, transaction)
        return transaction.identity
    }

    private func newIdentity() throws(ErrorCode) -> ProducerIdentity {
        if nextID == reservedID {
            var writer = WireWriter()
            writer.int64(reservedID + Limits.producerIDBlock)
            try write(Self.nextIDKey, writer.bytes)
            reservedID += Limits.producerIDBlock
        }
        defer { nextID += 1 }
        return ProducerIdentity(id: nextID, epoch: 0)
    }

    private func find(
        _ name: String, _ identity: ProducerIdentity
    ) throws(ErrorCode) -> Transaction {
        guard let transaction = transactions[name], transaction.identity.id == identity.id else {
            throw .invalidProducerIDMapping
        }
        guard transaction.identity.epoch == identity.epoch else { throw .invalidProducerEpoch }
        return transaction
    }

    /// Changes an open transaction, or opens one.
    private func change(
        _ name: String, _ identity: ProducerIdentity,
        _ body: (inout Transaction) -> ErrorCode
    ) -> ErrorCode {
        monitor.locked {
            do throws(ErrorCode) {
                var transaction = try find(name, identity)
                guard transaction.state == .idle || transaction.state == .open else {
                    return .invalidTransactionState
                }
                let error = body(&transaction)
                if error != .none { return error }
                if transaction.state == .idle {
                    transaction.state = .open
                    transaction.hasCommitted = nil
                    deadlinesMs[name] = Clock.monotonicMs() + Int64(transaction.timeoutMs)
                    monitor.broadcast()
                }
                transaction.usedMs = Clock.wallMs()
                try save(name, transaction)
                return .none
            } catch {
                return error
            }
        }
    }

    /// Decides a transaction, then carries the decision out. What fails halfway is repeated by
    /// the producer's next try, or at the next start.
    @discardableResult
    private func finish(
        _ name: String, _ decided: Transaction, commit: Bool
    ) throws(ErrorCode) -> Transaction {
        var transaction = decided
        transaction.state = commit ? .committing : .aborting
        try save(name, transaction)
        deadlinesMs[name] = nil
        for place in transaction.partitions {
            guard let log = topics.log(place) else { continue }
            let error = log.endTransaction(transaction.identity, commit: commit)
            if error != .none && error != .unknownTopicOrPartition { throw error }
        }
        for (group, places) in transaction.offsets where commit {
            let error = offsets.commit(group, places.map { ($0.key, $0.value) })
            if error != .none { throw error }
        }
        transaction.state = .idle
        transaction.hasCommitted = commit
        transaction.partitions = []
        transaction.offsets = [:]
        try save(name, transaction)
        return transaction
    }

    private func timeOut(_ name: String, nowMs: Int64) {
        guard var transaction = transactions[name], transaction.state == .open else {
            deadlinesMs[name] = nil
            return
        }
        tell(.transactionTimedOut(name))
        transaction.identity = ProducerIdentity(
            id: transaction.identity.id, epoch: transaction.identity.epoch &+ 1)
        do throws(ErrorCode) {
            try finish(name, transaction, commit: false)
        } catch {
            // The disk did not take it: again after as long.
            deadlinesMs[name] = nowMs + Int64(transaction.timeoutMs)
        }
    }

    /// At start: ends what was decided, and starts the time of what is open anew.
    private func resume() {
        for (name, transaction) in transactions.sorted(by: { $0.key < $1.key }) {
            switch transaction.state {
            case .idle: break
            case .open:
                deadlinesMs[name] = Clock.monotonicMs() + Int64(transaction.timeoutMs)
            case .committing: _ = try? finish(name, transaction, commit: true)
            case .aborting: _ = try? finish(name, transaction, commit: false)
            }
        }
    }

    private func forgetOldest() throws(ErrorCode) {
        let idle = transactions.filter { $0.value.state == .idle }
        guard let oldest = idle.min(by: { ($0.value.usedMs, $0.key) < ($1.value.usedMs, $1.key) })
        else { throw .policyViolation }
        try write(Self.keyPrefix + Array(oldest.key.utf8), nil)
        transactions[oldest.key] = nil
    }

    private func save(_ name: String, _ transaction: Transaction) throws(ErrorCode) {
        try write(Self.keyPrefix + Array(name.utf8), transaction.encoded())
        transactions[name] = transaction
    }

    private func write(_ key: [UInt8], _ value: [UInt8]?) throws(ErrorCode) {
        do throws(StorageError) {
            try journal.set([(key, value)])
            if flusher.flushesAtOnce { try journal.flush() }
        } catch {
            tell(.storageFailed(error))
            throw .storageError
        }
        if !isDirty {
            isDirty = true
            flusher.note(self)
        }
    }
}
