#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The memory that this process may use.
public enum MachineMemory {
    /// Bytes of the machine, or of the control group that the process is in where that has a lower limit; `nil` where
    /// neither is known.
    public static var byteCount: Int? {
        ([physicalByteCount] + groupLimits).compactMap { $0 }.min()
    }

    /// Bytes that can lie elsewhere than in memory, at the price of speed.
    public static var swapByteCount: Int {
        #if canImport(Darwin)
        // The system makes files for it as it needs them.
        return physicalByteCount ?? 0
        #else
        let line = text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("SwapTotal:") }
        let digits = line?.drop { !$0.isNumber }.prefix { $0.isNumber } ?? ""
        let (bytes, overflow) = (Int(digits) ?? 0).multipliedReportingOverflow(by: 1024)
        return overflow ? .max : bytes
        #endif
    }

    private static var physicalByteCount: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        guard pages > 0, size > 0 else { return nil }
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: size)
        return overflow ? nil : bytes
    }

    /// Those of the group and of all that it lies in; "max", which is none, is no number.
    private static var groupLimits: [Int?] {
        var limits = [number("/sys/fs/cgroup/memory.max"), number("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
        guard let line = text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else {
            return limits
        }
        var path = "/sys/fs/cgroup"
        for part in line.dropFirst("0::/".count).split(separator: "/") {
            path += "/\(part)"
            limits.append(number("\(path)/memory.max"))
        }
        return limits
    }

    private static func number(_ path: String) -> Int? {
        text(path).flatMap { Int($0.prefix { $0 != "\n" }) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
