import SwiftletIO
import SwiftletTensor

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What of a machine and of its settings may change a run's numbers.
enum MachineDescription {
    /// Processor, operating system, threads and the environment's settings of them.
    static func json() -> JSONValue {
        [
            "processor": .object(processor()), "system": .string(system()), "threads": .int(threadCount),
            "environment": .object(environment()),
        ]
    }

    /// Extensions of the instruction set that kernels are chosen by.
    private static let extensions = [
        "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "asimd",
        "bf16",
        "i8mm", "sve",
    ]

    private static func processor() -> JSONObject {
        var processor: JSONObject = [:]
        if let text = text("/proc/cpuinfo") {
            var fields: [String: String] = [:]
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                guard !line.isEmpty else { break }
                let parts = line.split(separator: ":", maxSplits: 1).map { $0.filter { $0 != "\t" } }
                if parts.count == 2 {
                    fields[parts[0]] = parts[1].first == " " ? String(parts[1].dropFirst()) : parts[1]
                }
            }
            processor["name"] = (fields["model name"] ?? fields["CPU part"]).map { .string($0) }
            let flags = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
            processor["extensions"] = .array(extensions.filter(flags.contains).map { .string($0) })
        }
        processor["cores"] = .int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return processor
    }

    private static func system() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    /// Variables of thread pools and kernels. Others are nobody's business.
    private static func environment() -> JSONObject {
        var kept: JSONObject = [:]
        for name in [
            "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY", "KMP_AFFINITY",
            "MKL_NUM_THREADS",
            "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "CUDA_VISIBLE_DEVICES", "SWIFTLET_THREADS",
            "SWIFTLET_PRODUCTS",
        ] {
            if let value = Process.variable(name) { kept[name] = .string(value) }
        }
        return kept
    }

    static func text(_ path: String) -> String? {
        guard FileSystem.exists(path), let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        // Files of /proc and /sys say that they have no size.
        while bytes.count < 1 << 20 {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// This process.
enum Process {
    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }

    /// The most memory that was in use at once, in bytes.
    static var peakMemory: Int {
        var usage = rusage()
        #if canImport(Darwin)
        guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
        return Int(usage.ru_maxrss)
        #else
        guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
        return Int(usage.ru_maxrss) * 1024
        #endif
    }

    /// `2024-05-31T08:43:07Z`
    static func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }

    /// The command line, without what stands after an option for a token or password.
    static func command() -> [String] { withoutSecrets(CommandLine.arguments) }

    static func withoutSecrets(_ words: [String]) -> [String] {
        var kept: [String] = []
        var isSecret = false
        for word in words {
            let name = word.prefix { $0 != "=" }.lowercased()
            let isNamed = name.hasPrefix("--") && ["token", "password", "secret"].contains { name.hasSuffix($0) }
            if isSecret {
                kept.append(secret)
            } else {
                kept.append(isNamed && word.contains("=") ? "\(word.prefix { $0 != "=" })=\(secret)" : word)
            }
            isSecret = isNamed && !word.contains("=")
        }
        return kept
    }

    /// What stands for a secret.
    static let secret = "***"
}

/// How long something takes, and the energy of the processor packages meanwhile, where Linux tells it (RAPL).
struct RunMeter {
    private let start = ContinuousClock().now
    private let energyAtStart = RunMeter.energies()

    var seconds: Double {
        let passed = (ContinuousClock().now - start).components
        return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
    }

    /// `nil` where it can't be read: on most machines only root may.
    var joules: Double? {
        let now = Self.energies()
        guard !now.isEmpty, now.count == energyAtStart.count else { return nil }
        // Counters begin again at a limit; one such turn is seen.
        let used = zip(now, energyAtStart).map { now, before in
            now.count >= before.count ? now.count - before.count : now.count + now.limit - before.count
        }
        return used.reduce(0, +) / 1e6
    }

    private static func energies() -> [(count: Double, limit: Double)] {
        let folder = "/sys/class/powercap"
        guard let names = try? FileSystem.names(in: folder, skipsOthers: true) else { return [] }
        return names.sorted().filter { $0.hasPrefix("intel-rapl:") && $0.count { $0 == ":" } == 1 }.compactMap { name in
            func number(_ file: String) -> Double? {
                MachineDescription.text("\(folder)/\(name)/\(file)").flatMap { Double($0.prefix { $0 != "\n" }) }
            }
            guard let count = number("energy_uj") else { return nil }
            return (count, number("max_energy_range_uj") ?? 0)
        }
    }
}

/// The commit of the Git working tree that a folder lies in.
enum GitCommit {
    /// - Returns: the commit's name, and the branch where one is checked out; `nil` outside of working trees.
    static func json(of folder: String) -> JSONValue? {
        var folder = folder
        while true {
            let place = FileSystem.join(folder, ".git")
            if FileSystem.exists(place) { return head(of: place, in: folder) }
            let parent = FileSystem.parent(of: folder)
            guard parent != folder, parent != "." else { return nil }
            folder = parent
        }
    }

    private static func head(of place: String, in folder: String) -> JSONValue? {
        var git = place
        // A linked working tree has a file that names its folder.
        if !FileSystem.isDirectory(place) {
            guard let line = MachineDescription.text(place)?.split(separator: "\n").first, line.hasPrefix("gitdir: ")
            else {
                return nil
            }
            let path = String(line.dropFirst("gitdir: ".count))
            git = path.hasPrefix("/") ? path : FileSystem.join(folder, path)
        }
        guard let head = MachineDescription.text(FileSystem.join(git, "HEAD"))?.split(separator: "\n").first else {
            return nil
        }
        guard head.hasPrefix("ref: ") else { return ["commit": .string(String(head))] }
        let reference = String(head.dropFirst("ref: ".count))
        var shared = git
        if let common = MachineDescription.text(FileSystem.join(git, "commondir"))?.split(separator: "\n").first {
            shared = FileSystem.join(git, String(common))
        }
        var commit = MachineDescription.text(FileSystem.join(shared, reference))?.split(separator: "\n").first.map(
            String.init)
        if commit == nil, let packed = MachineDescription.text(FileSystem.join(shared, "packed-refs")) {
            commit = packed.split(separator: "\n").first { $0.hasSuffix(" \(reference)") }
                .map { String($0.prefix { $0 != " " }) }
        }
        guard let commit else { return nil }
        let branch = reference.hasPrefix("refs/heads/") ? String(reference.dropFirst("refs/heads/".count)) : reference
        return ["commit": .string(commit), "branch": .string(branch)]
    }
}
