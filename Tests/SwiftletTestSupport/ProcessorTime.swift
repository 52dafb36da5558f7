#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What the process has had of the processors so far. Tests that something does not take for ever compare it, not the
/// clock: a busy machine does not make it more.
public func processorTime() -> Duration {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return .seconds(Int(now.tv_sec)) + .nanoseconds(Int(now.tv_nsec))
}
