internal import Dispatch
internal import Glibc
internal import Synchronization

/// Whether the process has been asked to stop, by SIGTERM or SIGINT.
public final class StopSignal: Sendable {
    private let requested = Atomic(false)
    private let kept = Atomic(false)

    public init() {}

    public var isRequested: Bool { requested.load(ordering: .relaxed) }
    public func request() { _ = requestFirst() }

    /// Whether all that a stop has to keep is kept, and the rest is good manners.
    var isKept: Bool { kept.load(ordering: .relaxed) }
    public func everythingIsKept() { kept.store(true, ordering: .relaxed) }

    /// - Returns: whether nobody had requested it before.
    func requestFirst() -> Bool { !requested.exchange(true, ordering: .relaxed) }

    /// Waits, in steps short enough to notice a stop.
    public func sleep(ms: Int) {
        var left = ms
        while left > 0, !isRequested {
            let step = min(left, Self.stepMs)
            usleep(UInt32(step) * 1_000)
            left -= step
        }
    }

    private static let stepMs = 50
}

/// Turns SIGTERM and SIGINT into a request to stop for as long as it lives.
public final class StopOnSignal {
    private let sources: [any DispatchSourceSignal]

    /// - Parameters:
    ///   - limitMs: how long a stop may take.
    ///   - overdue: called, on another thread, when it took longer.
    public init(
        _ stop: StopSignal, within limitMs: Int? = nil, overdue: @escaping @Sendable () -> Void = {}
    ) {
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                guard stop.requestFirst(), let limitMs else { return }
                DispatchQueue.global().asyncAfter(
                    deadline: .now() + .milliseconds(limitMs), execute: overdue)
            }
            source.resume()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }
}
