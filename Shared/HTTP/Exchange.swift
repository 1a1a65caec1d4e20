internal import CMicroHTTPD
internal import Glibc

/// What libmicrohttpd's callbacks share about a server.
final class Responder: Sendable {
    let handler: @Sendable (Request) -> Response
    let hosts: HostRule
    let streams = Streams()
    init(_ hosts: HostRule, _ handler: @escaping @Sendable (Request) -> Response) {
        self.hosts = hosts
        self.handler = handler
    }
}

/// One request while it is read; it belongs to the thread of its connection.
private final class Exchange {
    /// As on the wire, with its query.
    let target: [UInt8]
    var headersSeen = false
    var bodyBytes = 0
    init(target: [UInt8]) { self.target = target }
}

/// Called before anything of a request is decoded; what it returns is the request's own state.
let beginExchange:
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?
    ) -> UnsafeMutableRawPointer? = { _, target, _ in
        let bytes = target.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)) }
        return Unmanaged.passRetained(Exchange(target: bytes.map(Array.init) ?? [])).toOpaque()
    }

/// Called once for every request that was begun, whatever became of it.
let endExchange: MHD_RequestCompletedCallback = { _, _, state, _ in
    guard let pointer = state?.pointee else { return }
    Unmanaged<Exchange>.fromOpaque(pointer).release()
    state?.pointee = nil
}

/// Called with the headers, again for each piece of the body, and again when all has been read.
let handleExchange: MHD_AccessHandlerCallback = {
    context, connection, _, method, _, _, uploaded, state in
    guard let context, let connection, let method, let exchange = state?.pointee, let uploaded
    else { return .NO }
    let responder = Unmanaged<Responder>.fromOpaque(context).takeUnretainedValue()
    return Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue().proceed(
        connection, method: String(cString: method), &uploaded.pointee, responder)
}

extension Exchange {
    fileprivate func proceed(
        _ connection: OpaquePointer, method: String, _ uploaded: inout Int, _ responder: Responder
    ) -> MHD_Result {
        guard headersSeen else {
            headersSeen = true
            let length = headers(of: connection).first { $0.name.lowercased() == "content-length" }
            guard let length, Int(length.value) ?? .max > Limits.bodyBytes else { return .YES }
            return queue(Request.Refusal.bodyTooLong.response, .get, connection, responder.streams)
        }
        guard uploaded == 0 else {
            bodyBytes += uploaded
            uploaded = 0
            return bodyBytes > Limits.bodyBytes ? .NO : .YES
        }
        guard let method = Request.Method(rawValue: method) else {
            return queue(Request.Refusal.notRead.response, .get, connection, responder.streams)
        }
        do throws(Request.Refusal) {
            let request = try Request(
                method: method, target: target, headers: headers(of: connection))
            guard responder.hosts.admits(request.header("Host")) else { throw .otherHost }
            let response = responder.handler(request).conditional(on: request)
            return queue(response, method, connection, responder.streams)
        } catch {
            return queue(error.response, method, connection, responder.streams)
        }
    }
}

private func headers(of connection: OpaquePointer) -> [Request.Field] {
    var fields: [Request.Field] = []
    withUnsafeMutablePointer(to: &fields) { fields in
        _ = MHD_get_connection_values(
            connection, .HEADER_KIND,
            { fields, _, name, value in
                guard let fields, let name else { return .YES }
                let field = Request.Field(
                    name: String(cString: name), value: value.map { String(cString: $0) } ?? "")
                fields.assumingMemoryBound(to: [Request.Field].self).pointee.append(field)
                return .YES
            }, fields)
    }
    return fields
}

/// Hands an answer to libmicrohttpd.
private func queue(
    _ response: Response, _ method: Request.Method, _ connection: OpaquePointer, _ streams: Streams
) -> MHD_Result {
    let answer: OpaquePointer?
    switch response.body {
    case .bytes(let bytes):
        answer = bytes.withUnsafeBytes {
            MHD_create_response_from_buffer(
                $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
        }
    case .stream(let produce):
        let channel = Channel(connection: connection)
        if method == .head {
            channel.end()
        } else if !streams.start(channel, produce) {
            let busy = Response.text("there are \(Limits.streams) streams already\n", status: 503)
            return queue(busy, method, connection, streams)
        }
        answer = streamed(channel)
    }
    guard let answer else { return .NO }
    defer { MHD_destroy_response(answer) }
    if method == .head, case .stream = response.body {
        // Version 0.9.75 sends the last chunk of a chunked answer even when there is no body.
        antiphase_http_end_by_close(answer)
    }
    for (name, value) in response.allHeaders
    where MHD_add_response_header(answer, name, value) != .YES {
        // A name or value with a line break in it: whatever it was to say, it would say more.
        return queue(
            .text("the answer has a malformed header\n", status: 500), method, connection, streams)
    }
    return MHD_queue_response(connection, UInt32(response.status), answer)
}

/// An answer that reads from `channel` and holds it until libmicrohttpd lets go of the answer.
private func streamed(_ channel: Channel) -> OpaquePointer? {
    let held = Unmanaged.passRetained(channel)
    let answer = MHD_create_response_from_callback(
        .max, 16 * 1_024,
        { channel, _, buffer, count in
            guard let channel, let buffer else { return -2 }
            return Unmanaged<Channel>.fromOpaque(channel).takeUnretainedValue()
                .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }, held.toOpaque(),
        { channel in
            guard let channel else { return }
            Unmanaged<Channel>.fromOpaque(channel).takeRetainedValue().letGo()
        })
    if answer == nil {
        channel.letGo()
        held.release()
    }
    return answer
}
