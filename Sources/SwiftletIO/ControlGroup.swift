#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The limits that Linux sets for a group of processes: those of containers, services and jobs.
enum ControlGroup {
    /// The contents of a file such as `memory.max` in this process's group and in all that it lies in, as version 2 lays
    /// them out.
    static func files(_ name: String) -> [String] {
        var folders = ["/sys/fs/cgroup"]
        if let line = text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) {
            for part in line.dropFirst("0::/".count).split(separator: "/") {
                folders.append("\(folders[folders.count - 1])/\(part)")
            }
        }
        return folders.compactMap { text("\($0)/\(name)") }
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
