internal import Glibc
internal import Synchronization

/// A server that a test takes away and brings back, on the same address and data.
public protocol FaultableServer: AnyObject {
    /// Without a word, as a crash does.
    func takeAway() throws
    /// Asked to stop, and given the time for it.
    func stopInOrder() throws
    /// SIGSTOP, until `wake`.
    func freeze()
    func wake()
    /// After one of the first two.
    func bringBack() throws
    /// What it said, for a test that failed.
    var said: String { get }
}

extension EmbeddedBroker: FaultableServer {
    public func takeAway() { kill() }
    public func stopInOrder() {
        child.terminate()
        child.resume()
        child.wait(within: .seconds(30))
    }
    public func freeze() { child.freeze() }
    public func wake() { child.resume() }
    public func bringBack() throws { try restart() }
    public var said: String { child.standardError }
}

extension ThrowawayPostgres: FaultableServer {
    public func takeAway() { crash() }
    public func stopInOrder() { stop() }
    public func bringBack() throws { try start() }
}

extension RealKafka: FaultableServer {
    public func takeAway() throws { try kill() }
    public func bringBack() throws { try restart() }
}
