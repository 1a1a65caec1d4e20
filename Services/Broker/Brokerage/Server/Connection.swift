internal import Glibc

/// One client: its requests are answered one after the other, on the connection's own thread.
@safe  // It owns its buffer, and lends it only while a request is answered.
final class Connection: @unchecked Sendable {
    // Sendable is true: only its thread uses it, but for `stop`, which touches the descriptor,
    // and the descriptor closes when nobody has the connection any more.
    private let descriptor: Int32
    let host: String
    /// How the client calls itself; for groups and events.
    private(set) var client = ""
    private var buffer: UnsafeMutableRawBufferPointer

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        host = Self.peer(descriptor)
        unsafe buffer = .allocate(byteCount: 64 << 10, alignment: 16)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        var idle = timeval(tv_sec: Limits.connectionIdleSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &idle, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &idle, size)
    }

    deinit {
        close(descriptor)
        unsafe buffer.deallocate()
    }

    /// Answers requests until the client goes, or says what is no request.
    ///
    /// - Returns: why the broker closes the connection; nil when the client did.
    func serve(_ handler: RequestHandler) -> String? {
        while true {
            var prefix: UInt32 = 0
            let started = unsafe withUnsafeMutableBytes(of: &prefix) { unsafe receive($0) }
            guard started else { return nil }
            let size = Int(UInt32(bigEndian: prefix))
            guard size >= 8 && size <= Limits.requestBytes else {
                return "a request of \(size) bytes, where 8 to \(Limits.requestBytes) may be"
            }
            fit(size)
            let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<size])
            guard unsafe receive(bytes) else { return nil }
            switch unsafe handler.answer(bytes, for: self) {
            case .respond(let response): guard send(response) else { return nil }
            case .silence: break
            case .close(let reason): return reason
            }
        }
    }

    /// Ends the connection from another thread.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func note(client: String) {
        if self.client != client { self.client = client }
    }

    private func fit(_ size: Int) {
        let isWaste = unsafe buffer.count > Limits.retainedRequestBytes && size < buffer.count / 4
        guard unsafe size > buffer.count || isWaste else { return }
        unsafe buffer.deallocate()
        unsafe buffer = .allocate(byteCount: max(size, 64 << 10), alignment: 16)
    }

    private func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = 0
        while filled < bytes.count {
            let count = unsafe recv(
                descriptor, bytes.baseAddress.map { unsafe $0 + filled }, bytes.count - filled, 0)
            if count > 0 { filled += count } else if count == 0 || errno != EINTR { return false }
        }
        return true
    }

    private func send(_ response: WireWriter) -> Bool {
        unsafe response.bytes.withUnsafeBytes { bytes in
            var sent = 0
            for (at, span) in response.insertions {
                guard unsafe send(bytes[sent..<at], more: true), send(span) else { return false }
                sent = at
            }
            return unsafe send(bytes[sent...], more: false)
        }
    }

    private func send(_ slice: Slice<UnsafeRawBufferPointer>, more: Bool) -> Bool {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: slice)
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe Glibc.send(
                descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent, flags)
            if count > 0 { sent += count } else if errno != EINTR { return false }
        }
        return true
    }

    private func send(_ span: FileSpan) -> Bool {
        var position = off_t(span.position)
        let end = off_t(span.position + span.count)
        while position < end {
            let count = unsafe sendfile(
                descriptor, span.file.descriptor, &position, Int(end - position))
            // Nothing, when the file is shorter than it was: the answer cannot be completed.
            if count == 0 || (count < 0 && errno != EINTR) { return false }
        }
        return true
    }

    private static func peer(_ descriptor: Int32) -> String {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe getpeername(descriptor, address, &size) == 0 else { return "" }
                let text = unsafe [CChar](unsafeUninitializedCapacity: 64) { buffer, count in
                    unsafe buffer.initialize(repeating: 0)
                    unsafe getnameinfo(
                        address, size, buffer.baseAddress, 64, nil, 0, NI_NUMERICHOST)
                    count = 64
                }
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                return "/" + String(decoding: bytes, as: UTF8.self)
            }
        }
    }
}
