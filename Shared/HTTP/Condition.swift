internal import Glibc

/// A mutex with a condition variable on the monotonic clock, which `Synchronization` has not.
///
/// @unchecked Sendable: the pointers never change, and POSIX lets any thread use what they own.
final class Condition: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let made = pthread_mutex_init(mutex, nil) | pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        precondition(made == 0, "a mutex was refused: \(made)")
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Wakes all that wait.
    func broadcast() { pthread_cond_broadcast(condition) }

    /// With the lock held: gives it up until `broadcast` or the deadline, whichever is first.
    func wait(untilMs deadline: Int) {
        var time = timespec(tv_sec: deadline / 1_000, tv_nsec: deadline % 1_000 * 1_000_000)
        pthread_cond_timedwait(condition, mutex, &time)
    }

    static func nowMs() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }
}

/// Runs `body` on a thread of its own.
///
/// - Returns: false when the system gives no thread.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let box = Unmanaged.passRetained(Body(run: body))
    var thread = pthread_t()
    let refused = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, box.toOpaque())
    guard refused == 0 else {
        box.release()
        return false
    }
    pthread_detach(thread)
    return true
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
