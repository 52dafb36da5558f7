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
        [physicalByteCount, groupLimit].compactMap { $0 }.min()
    }

    /// Bytes that can lie elsewhere than in memory, at the price of speed.
    public static var swapByteCount: Int {
        #if canImport(Darwin)
        // The system makes files for it as it needs them.
        return physicalByteCount ?? 0
        #else
        let line = ControlGroup.text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("SwapTotal:") }
        let digits = line?.drop { !$0.isNumber }.prefix { $0.isNumber } ?? ""
        let (bytes, overflow) = (Int(digits) ?? 0).multipliedReportingOverflow(by: 1024)
        return overflow ? .max : bytes
        #endif
    }

    /// Bytes of the machine; `nil` where the system doesn't say.
    public static var physicalByteCount: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        guard pages > 0, size > 0 else { return nil }
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: size)
        return overflow ? nil : bytes
    }

    /// The lowest limit, in bytes, of the process's control group and of all that it lies in; `nil` without one.
    public static var groupLimit: Int? {
        let texts =
            ControlGroup.files("memory.max")
            + [ControlGroup.text("/sys/fs/cgroup/memory/memory.limit_in_bytes")].compactMap { $0 }
        // Version 2 writes "max" where there is no limit, version 1 the largest number of whole pages.
        let none = Int.max >> 1
        return texts.compactMap { Int($0.prefix { $0 != "\n" }) }.filter { $0 > 0 && $0 < none }.min()
    }
}
