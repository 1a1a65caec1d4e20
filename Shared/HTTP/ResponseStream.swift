/// Where a stream's closure writes; ends when the closure returns.
public struct ResponseStream: Sendable {
    let channel: Channel

    /// Hands bytes to the client, waiting while it reads slower than this writes.
    ///
    /// - Returns: false when the client has gone or the server stops; the closure must return.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool { channel.write(bytes) }

    @discardableResult
    public func write(_ text: String) -> Bool { channel.write(Array(text.utf8)) }

    /// One server-sent event.
    ///
    /// - Parameter event: its type, without line breaks; nil is "message".
    /// - Parameter data: any text; each of its lines becomes a line of data.
    /// - Returns: as `write`.
    @discardableResult
    public func send(event: String? = nil, id: String? = nil, data: String) -> Bool {
        var text = ""
        if let event { text += "event: \(lines(of: event)[0])\n" }
        if let id { text += "id: \(lines(of: id)[0])\n" }
        for line in lines(of: data) { text += "data: \(line)\n" }
        return write(text + "\n")
    }

    /// A comment that clients pass over and that keeps proxies from closing a quiet stream.
    @discardableResult
    public func heartbeat() -> Bool { write(":\n\n") }

    /// Waits, but not beyond the end of the stream: take this, never a sleep.
    ///
    /// - Returns: as `write`.
    public func wait(milliseconds: Int) -> Bool { channel.wait(milliseconds: milliseconds) }

    /// Whether the client is still there and the server runs.
    public var isOpen: Bool { channel.isOpen }
}

/// CR, LF and CR LF end a line, as in server-sent events; there is at least one line.
private func lines(of text: String) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n" where previous == "\r": break
        case "\n", "\r":
            lines.append(String(line))
            line = .init()
        default: line.append(scalar)
        }
        previous = scalar
    }
    return lines + [String(line)]
}
