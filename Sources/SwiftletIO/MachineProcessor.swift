#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The processor that this process runs on, and how much of it is its to use.
public enum MachineProcessor {
    /// The name that the maker gave it; `nil` where the system doesn't say.
    public static var name: String? {
        #if canImport(Darwin)
        systemText("machdep.cpu.brand_string")
        #else
        fields["model name"] ?? fields["Model"] ?? fields["CPU part"].map { "ARM, part \($0)" }
        #endif
    }

    /// The architecture, such as `x86_64` or `aarch64`.
    public static var architecture: String {
        #if arch(x86_64)
        "x86_64"
        #elseif arch(arm64)
        "aarch64"
        #else
        "unknown"
        #endif
    }

    /// Those of its features that kernels are written for, by the names that Linux gives them, such as `avx2` or
    /// `avx512_bf16`. Empty where the system doesn't list features.
    public static var features: [String] {
        #if canImport(Darwin)
        return ["AdvSIMD", "BF16", "I8MM", "DotProd", "SME"].filter { systemFlag("hw.optional.arm.FEAT_\($0)") }
            .map { $0.lowercased() }
        #else
        let present = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
        return known.filter(present.contains)
        #endif
    }

    /// Processors that the machine has online, hardware threads counted.
    public static var onlineCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Processors that the system may place this process on (`taskset`, a control group's `cpuset`).
    public static var affinityCount: Int {
        #if os(Linux)
        let name = "Cpus_allowed_list:"
        let lines = (ControlGroup.text("/proc/self/status", limit: 1 << 14) ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name) }) else { return onlineCount }
        return count(ofList: line.dropFirst(name.count)) ?? onlineCount
        #else
        return onlineCount
        #endif
    }

    /// Of a list such as `0-3,8`; `nil` where it is none.
    package static func count(ofList text: Substring) -> Int? {
        var count = 0
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last else {
                return nil
            }
            count += Int(last) - Int(first) + 1
        }
        return count > 0 ? count : nil
    }

    /// Processors' worth of time that the process's control group may use, such as 1.5 with a container's `--cpus 1.5`;
    /// `nil` without a limit. The lowest limit of the group and of all that it lies in.
    public static var quota: Double? {
        #if os(Linux)
        return ControlGroup().processorQuota
        #else
        return nil
        #endif
    }

    #if canImport(Darwin)
    private static func systemText(_ name: String) -> String? {
        var size = 0
        guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        guard sysctlbyname(name, &bytes, &size, nil, 0) == 0 else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func systemFlag(_ name: String) -> Bool {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        return sysctlbyname(name, &value, &size, nil, 0) == 0 && value != 0
    }
    #else
    /// What libtorch's, oneDNN's and this package's kernels choose by.
    private static let known = [
        "sse4_2", "f16c", "fma", "avx", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
        "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimdhp", "asimddp", "i8mm", "bf16",
        "sve", "sve2",
    ]

    /// Of the first processor.
    private static var fields: [String: String] {
        var fields: [String: String] = [:]
        for line in (ControlGroup.text("/proc/cpuinfo", limit: 1 << 14) ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let name = trimmed(parts[0])
            if fields[name] == nil { fields[name] = trimmed(parts[1]) }
        }
        return fields
    }

    private static func trimmed(_ text: Substring) -> String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(String(text.drop(while: blank).reversed()).drop(while: blank).reversed())
    }
    #endif
}
