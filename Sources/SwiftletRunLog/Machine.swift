#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What a report says about time and place.
package enum Machine {
    /// Seconds since 1970.
    package static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// `Nov21_08-43-07`, in local time and always in English, as names of TensorBoard folders begin.
    package static func stamp(_ seconds: Double) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return months[Int(parts.tm_mon)] + two(parts.tm_mday) + "_"
            + [parts.tm_hour, parts.tm_min, parts.tm_sec].map(two).joined(separator: "-")
    }

    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    package static var processID: Int { Int(getpid()) }

    package static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
