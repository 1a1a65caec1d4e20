internal import Glibc

/// A lock and a condition to wait for under it.
@safe  // It owns both from `init` to `deinit`, and lends neither.
final class Monitor: @unchecked Sendable {
    // Sendable is true: both are made once, and pthreads allows their use from any thread.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func locked<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Waits under the lock for a `broadcast`, or without reason: check again after it.
    func wait() { unsafe pthread_cond_wait(condition, mutex) }

    /// Waits under the lock for a `broadcast` until `deadlineMs` of the monotonic clock at most.
    func wait(untilMs deadlineMs: Int64) {
        if deadlineMs == .max { return wait() }
        var deadline = timespec(
            tv_sec: Int(deadlineMs / 1_000), tv_nsec: Int(deadlineMs % 1_000) * 1_000_000)
        unsafe pthread_cond_timedwait(condition, mutex, &deadline)
    }

    func broadcast() { unsafe pthread_cond_broadcast(condition) }
}

/// The two clocks, in milliseconds.
enum Clock {
    /// For deadlines: never set back.
    static func monotonicMs() -> Int64 { read(CLOCK_MONOTONIC) }

    /// For timestamps in records and the age of files.
    static func wallMs() -> Int64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Threads of the broker that have not ended yet.
final class ThreadGroup: @unchecked Sendable {
    // Sendable is true: `running` is read and written under `monitor`.
    private let monitor = Monitor()
    private var running = 0

    /// Starts a thread; false when the system gives none.
    func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        monitor.locked { running += 1 }
        let box = unsafe Unmanaged.passRetained(
            ThreadBody { [self] in
                Self.refuseSignals()
                body()
                monitor.locked {
                    running -= 1
                    monitor.broadcast()
                }
            })
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, Limits.threadStackBytes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if status == 0 { return true }
        unsafe box.release()
        monitor.locked { running -= 1 }
        return false
    }

    /// `sendfile` to a client that has gone raises SIGPIPE, and a write beyond the limit of a file's
    /// size SIGXFSZ; either would end the process. Blocked in the thread, only the error is left.
    private static func refuseSignals() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe sigaddset(&signals, SIGXFSZ)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Waits for every thread to end; false when some still run at `deadlineMs`.
    func join(untilMs deadlineMs: Int64) -> Bool {
        monitor.locked {
            while running > 0 && Clock.monotonicMs() < deadlineMs {
                monitor.wait(untilMs: deadlineMs)
            }
            return running == 0
        }
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
