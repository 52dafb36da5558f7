#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The memory of this process.
enum ProcessMemory {
    /// Bytes in memory now; `nil` where the system doesn't say.
    static var residentByteCount: Int? {
        #if os(Linux)
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fread(&bytes, 1, bytes.count, file)
        let fields = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        let (total, overflow) = pages.multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
        return overflow ? nil : total
        #else
        return nil
        #endif
    }
}
