/// Carrying transactions out, and keeping them. All of it under the lock.
extension TransactionCoordinator {
    func identity(
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
        // Who was fenced meanwhile does not come back by asking for the next epoch; who asks twice
        // because the answer was lost gets it again.
        if let former = request.former, former != transaction.identity {
            guard bumped[name] == former else { throw .invalidProducerEpoch }
            return transaction.identity
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
        bumped[name] = request.former
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

    func find(
        _ name: String, _ identity: ProducerIdentity
    ) throws(ErrorCode) -> Transaction {
        guard let transaction = transactions[name], transaction.identity.id == identity.id else {
            throw .invalidProducerIDMapping
        }
        guard transaction.identity.epoch == identity.epoch else { throw .invalidProducerEpoch }
        return transaction
    }

    /// Changes an open transaction, or opens one.
    func change(
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
    func finish(
        _ name: String, _ decided: Transaction, commit: Bool
    ) throws(ErrorCode) -> Transaction {
        var transaction = decided
        transaction.state = commit ? .committing : .aborting
        try save(name, transaction)
        // Whoever asked may be gone when a step fails; then the broker tries again itself.
        deadlinesMs[name] = Clock.monotonicMs() + Limits.transactionRetryMs
        monitor.broadcast()
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
        deadlinesMs[name] = nil
        return transaction
    }

    /// Aborts an open transaction whose time is over, or brings a decided one to its end.
    func timeOut(_ name: String, nowMs: Int64) {
        guard var transaction = transactions[name], transaction.state != .idle else {
            deadlinesMs[name] = nil
            return
        }
        // Should the disk not take it: again then.
        deadlinesMs[name] = nowMs + Limits.transactionRetryMs
        if transaction.state == .open {
            tell(.transactionTimedOut(name))
            transaction.identity = ProducerIdentity(
                id: transaction.identity.id, epoch: transaction.identity.epoch &+ 1)
        }
        _ = try? finish(name, transaction, commit: transaction.state == .committing)
    }

    /// At start: ends what was decided, and starts the time of what is open anew.
    func resume() {
        for (name, transaction) in transactions.sorted(by: { $0.key < $1.key }) {
            switch transaction.state {
            case .idle: break
            case .open:
                deadlinesMs[name] = Clock.monotonicMs() + Int64(transaction.timeoutMs)
            case .committing, .aborting: timeOut(name, nowMs: Clock.monotonicMs())
            }
        }
        abortUnknown()
    }

    /// At start: aborts what a log has open and no transaction accounts for, since nobody else
    /// would. A crash of the machine can leave that: the log came to the disk, the journal not.
    private func abortUnknown() {
        var known: [Int64: Set<TopicPartition>] = [:]
        for transaction in transactions.values where transaction.state != .idle {
            known[transaction.identity.id] = transaction.partitions
        }
        for log in topics.all.flatMap(\.partitions) {
            let place = TopicPartition(topic: log.topic, partition: Int32(log.partition))
            for identity in log.openProducers where known[identity.id]?.contains(place) != true {
                _ = log.endTransaction(identity, commit: false)
            }
        }
    }

    private func forgetOldest() throws(ErrorCode) {
        let idle = transactions.filter { $0.value.state == .idle }
        guard let oldest = idle.min(by: { ($0.value.usedMs, $0.key) < ($1.value.usedMs, $1.key) })
        else { throw .policyViolation }
        try write(Self.keyPrefix + Array(oldest.key.utf8), nil)
        transactions[oldest.key] = nil
        bumped[oldest.key] = nil
    }

    private func save(_ name: String, _ transaction: Transaction) throws(ErrorCode) {
        try write(Self.keyPrefix + Array(name.utf8), transaction.encoded())
        transactions[name] = transaction
    }

    private func write(_ key: [UInt8], _ value: [UInt8]?) throws(ErrorCode) {
        guard write([(key, value)]) else { throw .storageError }
    }
}
