internal import Glibc

/// The clocks, read here and nowhere in the activities: time reaches them as data.
public enum Clock {
    /// Milliseconds since 1970.
    public static var wallMs: Int64 { read(CLOCK_REALTIME) }
    /// Milliseconds that only ever rise, also while the machine sleeps.
    public static var monotonicMs: Int64 { read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
