/// How long to wait before trying a failed dependency again: twice as long each time.
struct Backoff {
    static let firstMs = 100
    static let longestMs = 5_000

    private var nextMs = firstMs
    private(set) var attempts = 0

    mutating func wait(_ stop: StopSignal) {
        attempts += 1
        stop.sleep(ms: nextMs)
        nextMs = min(2 * nextMs, Self.longestMs)
    }
}
