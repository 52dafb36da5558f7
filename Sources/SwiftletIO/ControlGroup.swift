#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The limits that Linux sets for a group of processes: those of containers, services and jobs.
package struct ControlGroup {
    /// The folders of this process's group and of all that it lies in, outermost first, as version 2 lays them out.
    let unified: [String]
    /// The same of version 1, where each controller has folders of its own.
    let ofMemory, ofProcessors: [String]

    /// - Parameter root: where the system shows its groups
    /// - Parameter membership: the contents of `/proc/self/cgroup`; `nil` for this process's
    package init(root: String = "/sys/fs/cgroup", membership: String? = nil) {
        var groups: [Substring: Substring] = [:]
        for line in (membership ?? Self.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
            // Number, controllers and group; version 2 has no controllers.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                groups[controller] = parts[2]
            }
        }
        func folders(_ mount: String, _ controller: Substring) -> [String] {
            var folders = [mount]
            for part in (groups[controller] ?? "").split(separator: "/") {
                folders.append("\(folders[folders.count - 1])/\(part)")
            }
            return folders
        }
        unified = folders(root, "")
        ofMemory = folders("\(root)/memory", "memory")
        ofProcessors = folders("\(root)/cpu", "cpu")
    }

    /// The lowest limit of memory, in bytes, of the groups; `nil` without one.
    package var memoryLimit: Int? { memory.map(\.limit).min() }

    /// The bytes that the groups' limits leave to this process; `nil` without a limit. Pages of files that the system can
    /// drop count as free.
    package var freeMemory: Int? { memory.map { max(0, $0.limit - $0.used) }.min() }

    /// Of each group that has a limit: what is used can't be dropped.
    private var memory: [(limit: Int, used: Int)] {
        // Version 2 writes "max" where there is no limit, version 1 the largest number of whole pages.
        let none = Int.max >> 1
        func groups(_ folders: [String], limit: String, used: String, cached: [String]) -> [(limit: Int, used: Int)] {
            folders.compactMap { folder in
                guard let limit = Self.number("\(folder)/\(limit)"), limit > 0, limit < none else { return nil }
                let used = Self.number("\(folder)/\(used)") ?? 0
                return (limit, max(0, used - Self.sum(of: cached, in: "\(folder)/memory.stat")))
            }
        }
        return groups(
            unified, limit: "memory.max", used: "memory.current", cached: ["inactive_file", "active_file"])
            + groups(
                ofMemory, limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes",
                cached: ["total_inactive_file", "total_active_file"])
    }

    /// Processors' worth of time that the groups may use: the lowest limit; `nil` without one.
    package var processorQuota: Double? {
        let second = unified.compactMap { folder -> Double? in
            let parts = (Self.text("\(folder)/cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
            guard parts.count == 2, let time = Double(parts[0]), let period = Double(parts[1]), period > 0 else {
                return nil  // "max": no limit
            }
            return time / period
        }
        let first = ofProcessors.compactMap { folder -> Double? in
            guard let time = Self.number("\(folder)/cpu.cfs_quota_us"), time > 0,
                let period = Self.number("\(folder)/cpu.cfs_period_us"), period > 0
            else { return nil }
            return Double(time) / Double(period)
        }
        return (first + second).min()
    }

    private static func number(_ path: String) -> Int? { text(path).flatMap { Int($0.prefix { $0 != "\n" }) } }

    /// Of the lines `name number`.
    private static func sum(of names: [String], in path: String) -> Int {
        (text(path, limit: 1 << 14) ?? "").split(separator: "\n").reduce(0) { sum, line in
            let parts = line.split(separator: " ")
            guard parts.count == 2, names.contains(String(parts[0])), let count = Int(parts[1]), count > 0 else {
                return sum
            }
            return sum.addingReportingOverflow(count).partialValue
        }
    }

    /// The beginning of a file that the system makes up, which has no size.
    static func text(_ path: String, limit: Int = 4096) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
