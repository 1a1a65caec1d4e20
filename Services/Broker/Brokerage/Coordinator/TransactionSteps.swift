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

    func timeOut(_ name: String, nowMs: Int64) {
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
    func resume() {
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
        bumped[oldest.key] = nil
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
