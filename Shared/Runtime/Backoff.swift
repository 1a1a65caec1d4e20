/// How long to wait before trying a failed dependency again: twice as long each time.
public struct Backoff {
    static let firstMs = 100
    static let longestMs = 2_000

    private var nextMs = firstMs

    public init() {}

    public mutating func wait(_ stop: StopSignal) {
        stop.sleep(ms: nextMs)
        nextMs = min(2 * nextMs, Self.longestMs)
    }
}
