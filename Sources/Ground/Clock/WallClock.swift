#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Real time, for what must not follow the cloud clock: signatures, log lines, time-outs.
public enum WallClock {
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
