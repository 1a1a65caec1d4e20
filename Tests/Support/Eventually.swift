internal import Glibc

/// Asks `condition` every few milliseconds until it holds or the time is out.
///
/// For what another process or thread does in its own time; never a measure of speed.
/// - Returns: whether it came to hold.
@discardableResult
public func eventually(
    within limit: Duration = .seconds(30), _ condition: () throws -> Bool
) rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if try condition() { return true }
        guard ContinuousClock.now < end else { return false }
        usleep(5_000)
    }
}

/// A new folder that is removed when the test process ends.
public func newFolder(_ stem: String) -> String { Watchdog.makeFolder(stem) }

/// A folder for the duration of `body`.
public func withTemporaryFolder<Value>(_ body: (_ path: String) throws -> Value) throws -> Value {
    let path = Watchdog.makeFolder("folder")
    defer { _ = try? ChildProcess.run("/bin/rm", ["-rf", path], within: .seconds(30)) }
    return try body(path)
}

/// A new folder that is removed when this process ends, however it ends.
public func folderUntilExit(_ stem: String) -> String { Watchdog.makeFolder(stem) }

/// Random numbers that are the same for the same seed (SplitMix64, Steele, Lea and Flood 2014).
public struct TestRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Ports on loopback that nobody listened on a moment ago, all different.
func freePorts(_ count: Int) -> [UInt16] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return (0..<count).map { _ in
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        sockets.append(socket)
        return boundPort(socket, 0) ?? 0
    }
}

/// Whether nobody listens on a port of loopback.
func isFree(_ port: UInt16) -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(socket) }
    return boundPort(socket, port) != nil
}

private func boundPort(_ socket: Int32, _ port: UInt16) -> UInt16? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
        }
    }
    return bound ? UInt16(bigEndian: address.sin_port) : nil
}

/// A port of loopback that nobody listened on a moment ago.
public func freePort() -> UInt16 { freePorts(1)[0] }
