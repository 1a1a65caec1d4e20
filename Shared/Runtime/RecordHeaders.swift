internal import Glibc
internal import Kafka
internal import Processing

/// What a record's headers say: who wrote it, and how its value is to be read. They are borrowed.
@safe
struct RecordHeaders {
    private var writer: UnsafeRawBufferPointer?
    private var epoch: UnsafeRawBufferPointer?
    private var given = HeaderBytes()

    init() {
        unsafe writer = nil
        unsafe epoch = nil
    }

    /// Of a name that comes twice the last counts.
    @unsafe mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        // No two of the names are of one length, but customer and function.
        switch name.count {
        case 5 where unsafe isName(name, HeaderName.epoch): unsafe epoch = value
        case 6 where unsafe isName(name, HeaderName.writer): unsafe writer = value
        case 7 where unsafe isName(name, HeaderName.service): unsafe given.service = value
        case 8 where unsafe isName(name, HeaderName.customer): unsafe given.customer = value
        case 8 where unsafe isName(name, HeaderName.function): unsafe given.function = value
        case 12 where unsafe isName(name, HeaderName.contentType):
            unsafe given.contentType = value
        default: break
        }
    }

    /// The others explain the content type.
    var meaning: HeaderBytes { unsafe given.contentType == nil ? HeaderBytes() : given }

    /// Whether a record may be taken: not that of a process that has lost its partition.
    /// - Parameter known: of the record before, whose writer is mostly the same.
    func isAdmitted(by fences: inout Fences, known: inout KnownWriter) -> Bool {
        guard let writer = unsafe writer, let epoch = unsafe epoch else { return true }
        if unsafe known.isAdmitted(writer, epoch) { return true }
        guard let number = unsafe Int64(text(epoch)) else { return true }
        guard unsafe fences.admits(writer: text(writer), epoch: number) else { return false }
        unsafe known.note(writer, epoch)
        return true
    }
}

/// Who wrote the record that was admitted last.
struct KnownWriter {
    private var writer: [UInt8] = []
    private var epoch: [UInt8] = []

    @unsafe fileprivate func isAdmitted(
        _ writer: UnsafeRawBufferPointer, _ epoch: UnsafeRawBufferPointer
    ) -> Bool {
        guard !self.writer.isEmpty else { return false }
        return unsafe self.writer.withUnsafeBytes { unsafe HeaderBytes.isSame($0, writer) }
            && self.epoch.withUnsafeBytes { unsafe HeaderBytes.isSame($0, epoch) }
    }

    @unsafe fileprivate mutating func note(
        _ writer: UnsafeRawBufferPointer, _ epoch: UnsafeRawBufferPointer
    ) {
        unsafe self.writer = Array(writer)
        unsafe self.epoch = Array(epoch)
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
