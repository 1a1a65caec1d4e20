internal import Kafka
internal import Processing

/// Headers of records in a row, which mostly have the same; read when they are asked for, in order.
final class UnreadHeaders: MessageHeaders {
    private let batch: RecordBatch
    /// Where in the batch the run's messages are.
    var places: [Int] = []
    private var last: RecordHeadersReference?
    private var headers = Headers.none
    private var number = 0

    init(_ batch: RecordBatch) { self.batch = batch }

    func headersNumber(at index: Int) -> Int {
        let record = batch[places[index]]
        if last.map({ record.hasHeaders($0) }) != true {
            headers = RecordHeaders(record).meaning
            number += 1
            last = record.headersReference
        }
        return number
    }

    func headers(at index: Int) -> Headers {
        _ = headersNumber(at: index)
        return headers
    }
}
