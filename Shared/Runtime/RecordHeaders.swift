internal import Glibc
internal import Kafka
internal import Processing

/// What a record's headers say: who wrote it, and how its value is to be read. Borrowed, as the
/// record is.
@safe
struct RecordHeaders {
    private var writer: UnsafeRawBufferPointer?
    private var epoch: UnsafeRawBufferPointer?
    private(set) var meaning = HeaderBytes()

    /// Of a name that comes twice the last counts.
    init(_ record: RecordView) {
        unsafe writer = nil
        unsafe epoch = nil
        unsafe record.withHeaders { name, value in
            // No two of the names are of one length, but customer and function.
            switch name.count {
            case 5 where unsafe isName(name, HeaderName.epoch): unsafe epoch = value
            case 6 where unsafe isName(name, HeaderName.writer): unsafe writer = value
            case 7 where unsafe isName(name, HeaderName.service): unsafe meaning.service = value
            case 8 where unsafe isName(name, HeaderName.customer):
                unsafe meaning.customer = value
            case 8 where unsafe isName(name, HeaderName.function):
                unsafe meaning.function = value
            case 12 where unsafe isName(name, HeaderName.contentType):
                unsafe meaning.contentType = value
            default: break
            }
        }
        // The others explain the content type.
        if unsafe meaning.contentType == nil { meaning = HeaderBytes() }
    }

    /// Whether both were written by the same; records in a row mostly are.
    func hasWriter(of other: RecordHeaders) -> Bool {
        unsafe HeaderBytes.isSame(writer, other.writer)
            && HeaderBytes.isSame(epoch, other.epoch)
    }

    /// A message of a process that has lost its partition is not to be taken.
    func isAdmitted(by fences: inout Fences) -> Bool {
        guard let writer = unsafe writer, let epoch = unsafe epoch,
            let epoch = unsafe Int64(text(epoch))
        else { return true }
        return unsafe fences.admits(writer: text(writer), epoch: epoch)
    }
}

/// - Parameter name: of as many bytes as `known`.
private func isName(_ name: UnsafeRawBufferPointer, _ known: StaticString) -> Bool {
    guard let start = name.baseAddress else { return false }
    return unsafe memcmp(start, known.utf8Start, known.utf8CodeUnitCount) == 0
}

private func text(_ bytes: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: bytes, as: UTF8.self)
}
