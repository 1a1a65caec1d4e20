internal import Kafka
internal import Processing

/// What a record's headers say: who wrote it, and how its value is to be read.
struct RecordHeaders {
    private var writer: String?
    private var epoch: Int64?
    private(set) var meaning = Headers.none

    /// Of a name that comes twice the last counts.
    init(_ record: RecordView) {
        var headers = Headers.none
        var writer: String?
        var epoch: Int64?
        record.withHeaders { name, value in
            switch text(name) {
            case HeaderName.writer: writer = text(value)
            case HeaderName.epoch: epoch = Int64(text(value))
            case HeaderName.contentType: headers.contentType = text(value)
            case HeaderName.customer: headers.customer = text(value)
            case HeaderName.service: headers.service = text(value)
            case HeaderName.function: headers.function = text(value)
            default: break
            }
        }
        self.writer = writer
        self.epoch = epoch
        // The others explain the content type.
        if headers.contentType != nil { meaning = headers }
    }

    /// A message of a process that has lost its partition is not to be taken.
    func isAdmitted(by fences: inout Fences) -> Bool {
        guard let writer, let epoch else { return true }
        return fences.admits(writer: writer, epoch: epoch)
    }
}

private func text(_ bytes: Span<UInt8>) -> String {
    unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
}
