#if canImport(Glibc)
    import Glibc
#endif

/// The clocks of the system. No parser, no analysis and no report asks them: their results depend on the evidence alone.
public enum SystemClock {
    /// Unix time, ms.
    public static var nowMs: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Unix time of the second that has begun, ms.
    public static var secondMs: Int64 { nowMs / 1000 * 1000 }

    /// Seconds of a clock that nobody sets, to wait by.
    public static var monotonicSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
