internal import CMicroHTTPD
internal import Glibc

/// The bytes between a stream's writer, on its own thread, and libmicrohttpd's thread.
///
/// A connection without bytes to send is suspended, so that it costs nothing, and resumed by the
/// next write. libmicrohttpd does not watch a suspended connection; `wait` looks at its socket.
///
/// @unchecked Sendable: all that changes is read and written with the lock of `condition` held.
final class Channel: @unchecked Sendable {
    private enum State { case open, ended, gone }

    private let condition = Condition()
    private var state = State.open
    private var buffer: [UInt8] = []
    private var bufferStart = 0
    /// Nil once libmicrohttpd has let go of the answer: before that it outlives its suspension.
    private var connection: OpaquePointer?
    private let socket: Int32
    private var isSuspended = false

    init(connection: OpaquePointer) {
        self.connection = connection
        socket = antiphase_http_socket(connection)
    }

    var isOpen: Bool { condition.withLock { state == .open } }

    /// Waits while `Limits.streamBytes` are under way.
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        return condition.withLock {
            while state == .open, !rest.isEmpty {
                let room = Limits.streamBytes - (buffer.count - bufferStart)
                guard room > 0 else {
                    condition.wait(untilMs: Condition.nowMs() + Limits.streamPollMs)
                    continue
                }
                buffer += rest.prefix(room)
                rest = rest.dropFirst(room)
                resume()
            }
            return state == .open
        }
    }

    func wait(milliseconds: Int) -> Bool {
        let deadline = Condition.nowMs() + milliseconds
        return condition.withLock {
            while state == .open {
                if clientHungUp() {
                    close(.gone)
                    break
                }
                let now = Condition.nowMs()
                if now >= deadline { break }
                condition.wait(untilMs: min(deadline, now + Limits.streamPollMs))
            }
            return state == .open
        }
    }

    /// The writer has no more; what is under way is still sent.
    func end() { condition.withLock { close(.ended) } }

    /// The server stops: what is under way is dropped.
    func stop() {
        condition.withLock {
            buffer = []
            bufferStart = 0
            close(.ended)
        }
    }

    /// Called by libmicrohttpd when it needs the answer no more.
    func letGo() {
        condition.withLock {
            connection = nil
            close(.gone)
        }
    }

    /// Called by libmicrohttpd for the next bytes of the answer.
    ///
    /// - Returns: how many there are; 0 for none yet, -1 for the end, -2 to close the connection.
    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        condition.withLock {
            let count = min(target.count, buffer.count - bufferStart)
            if count > 0 {
                target.copyBytes(from: buffer[bufferStart..<bufferStart + count])
                bufferStart += count
                // Moving the rest is amortised over at least as many bytes already sent.
                if bufferStart * 2 >= buffer.count {
                    buffer.removeFirst(bufferStart)
                    bufferStart = 0
                }
                condition.broadcast()
                return count
            }
            switch state {
            case .ended: return -1
            case .gone: return -2
            case .open: break
            }
            guard let connection else { return -2 }
            isSuspended = true
            MHD_suspend_connection(connection)
            return 0
        }
    }

    /// With the lock held.
    private func close(_ final: State) {
        if state == .open || final == .gone { state = final }
        resume()
        condition.broadcast()
    }

    /// With the lock held: resuming what is not suspended is undefined.
    private func resume() {
        guard isSuspended, let connection else { return }
        isSuspended = false
        MHD_resume_connection(connection)
    }

    /// With the lock held. A client that closes its half for writing counts as gone, too.
    private func clientHungUp() -> Bool {
        guard connection != nil, socket >= 0 else { return true }
        var look = pollfd(fd: socket, events: hangUp, revents: 0)
        return poll(&look, 1, 0) > 0
    }
}

/// POLLRDHUP, which Glibc's headers show to GNU sources only.
private let hangUp: Int16 = 0x2000

/// The streams of one server.
///
/// @unchecked Sendable: all that changes is read and written with the lock of `condition` held.
final class Streams: @unchecked Sendable {
    private let condition = Condition()
    private var open: [ObjectIdentifier: Channel] = [:]
    private var isStopping = false

    /// - Returns: false when there are too many, the server stops, or there is no thread.
    func start(
        _ channel: Channel, _ produce: @escaping @Sendable (ResponseStream) -> Void
    ) -> Bool {
        let admitted = condition.withLock {
            guard !isStopping, open.count < Limits.streams else { return false }
            open[ObjectIdentifier(channel)] = channel
            return true
        }
        guard admitted else { return false }
        let started = startThread {
            produce(ResponseStream(channel: channel))
            self.finish(channel)
        }
        if !started { finish(channel) }
        return started
    }

    /// No connection is suspended after this, as libmicrohttpd demands before it stops.
    func stop() {
        let channels = condition.withLock {
            isStopping = true
            return Array(open.values)
        }
        for channel in channels { channel.stop() }
    }

    /// Waits for the closures, but not long: one that does not return keeps only what it holds.
    func join() {
        let deadline = Condition.nowMs() + Limits.stopMs
        condition.withLock {
            while !open.isEmpty, Condition.nowMs() < deadline {
                condition.wait(untilMs: deadline)
            }
        }
    }

    private func finish(_ channel: Channel) {
        channel.end()
        condition.withLock {
            open[ObjectIdentifier(channel)] = nil
            condition.broadcast()
        }
    }
}
