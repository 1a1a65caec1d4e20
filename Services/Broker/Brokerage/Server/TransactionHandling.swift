/// Producer ids and transactions.
extension RequestHandler {
    /// Everything about producer ids and transactions.
    func transact(
        _ api: API, _ reader: inout WireReader, _ writer: inout WireWriter, _ version: Int16
    ) throws(WireError) {
        switch api {
        case .initProducerID:
            let request = try InitProducerIDRequest(from: &reader, version: version)
            transactions.initialize(request).told(fencedFrom: 4, version).write(to: &writer)
        case .addPartitionsToTransaction:
            transactions.add(try AddPartitionsRequest(from: &reader))
                .mapErrors { $0.told(fencedFrom: 2, version) }
                .write(to: &writer, throttled: true)
        case .addOffsetsToTransaction:
            let error = transactions.add(try AddOffsetsRequest(from: &reader))
                .told(fencedFrom: 2, version)
            ErrorResponse(error: error).write(to: &writer, throttled: true)
        case .endTransaction:
            let error = transactions.end(try EndTransactionRequest(from: &reader))
                .told(fencedFrom: 2, version)
            ErrorResponse(error: error).write(to: &writer, throttled: true)
        case .transactionOffsetCommit:
            let request = try TransactionOffsetsRequest(from: &reader, version: version)
            transactions.add(request, refusal: groups.refusal(of: request.who))
                .write(to: &writer, throttled: true)
        default: preconditionFailure("\(api) has nothing to do with transactions")
        }
    }
}

extension ErrorCode {
    /// Newer clients know that a fenced producer is something else than a wrong epoch (KIP-588).
    fileprivate func told(fencedFrom first: Int16, _ version: Int16) -> ErrorCode {
        self == .invalidProducerEpoch && version >= first ? .producerFenced : self
    }
}

extension InitProducerIDResponse {
    fileprivate func told(fencedFrom first: Int16, _ version: Int16) -> Self {
        Self(error: error.told(fencedFrom: first, version), identity: identity)
    }
}
