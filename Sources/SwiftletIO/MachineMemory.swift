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
        return memoryInformation("SwapTotal:") ?? 0
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
        #if os(Linux)
        return ControlGroup().memoryLimit
        #else
        return nil
        #endif
    }

    /// Bytes that this process can come to have now, with those that it has: no more than `byteCount`, and less where
    /// other processes of the machine or of the control group have some. `nil` where the system doesn't say.
    public static var obtainableByteCount: Int? {
        #if os(Linux)
        // Pages of files are no memory that the process has: the system can drop them.
        let fields = (ControlGroup.text("/proc/self/statm") ?? "").split(separator: " ").map { Int($0) ?? 0 }
        let own = fields.count > 2 ? max(0, fields[1] - fields[2]) * sysconf(Int32(_SC_PAGESIZE)) : 0
        let free = [availableByteCount, ControlGroup().freeMemory].compactMap { $0 }.min()
        return [free.map { $0 + own }, byteCount].compactMap { $0 }.min()
        #else
        return byteCount
        #endif
    }

    /// What the machine has free or can free without ending or swapping out a process.
    private static var availableByteCount: Int? { memoryInformation("MemAvailable:") }

    private static func memoryInformation(_ name: String) -> Int? {
        let line = ControlGroup.text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix(name) }
        guard let digits = line?.drop(while: { !$0.isNumber }).prefix(while: \.isNumber), let kilobytes = Int(digits)
        else { return nil }
        let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
        return overflow ? .max : bytes
    }
}
