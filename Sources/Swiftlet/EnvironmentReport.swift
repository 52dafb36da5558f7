#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif
internal import SwiftletDatasets
public import SwiftletIO
internal import SwiftletTensor

/// What decides how a program with this library runs: versions, processor, threads, memory, devices and caches. It is what
/// `swiftlet env` prints, and what belongs into a report of a fault.
public struct EnvironmentReport: Sendable {
    /// One line of the report.
    public struct Entry: Sendable, Equatable {
        /// What it is about, such as `hub cache`.
        public var name: String
        /// What is the case, as text: a version, a folder, a size with its unit.
        public var value: String
        /// Where the value is from, or what else there is to say about it.
        public var note: String?
    }

    /// In the order in which `swiftlet env` prints them.
    public var entries: [Entry] = []

    /// Looks at this machine and this process. Reads the caches' folders to tell their sizes, which takes as long as
    /// listing them.
    public init() {
        addVersions()
        addProcessor()
        addMemory()
        addCaches()
    }

    /// An object with a member for each entry: its value, or an array of value and note where there is one.
    public var json: JSONValue {
        .object(
            JSONObject(
                entries.map { entry in
                    (
                        entry.name,
                        entry.note.map { .array([.string(entry.value), .string($0)]) } ?? .string(entry.value)
                    )
                }))
    }

    private mutating func add(_ name: String, _ value: String, _ note: String? = nil) {
        entries.append(Entry(name: name, value: value, note: note))
    }

    private mutating func addVersions() {
        let libraries = LoadedLibraries()
        add("swiftlet", swiftletVersion)
        add("libtorch", torchVersion, libraries.path(of: "libtorch_cpu"))
        add("arrow", arrowVersion, libraries.path(of: "libarrow"))
        add("swift", Self.compiler)
        add("system", "\(Self.system) \(MachineProcessor.architecture)")
    }

    private mutating func addProcessor() {
        add("processor", MachineProcessor.name ?? "unknown")
        let features = MachineProcessor.features
        add("features", features.isEmpty ? "unknown" : features.joined(separator: " "))
        add("kernels", Kernels.instructionSet, "the instruction set of the fused kernels")
        let products = Kernels.products
        add(
            "products", products == "library" ? "libtorch's library" : "own, \(products)",
            Self.variable("SWIFTLET_PRODUCTS").map { "SWIFTLET_PRODUCTS=\($0)" } ?? "of float32, in the fused kernels")
        var devices = ["cpu"]
        if Device.isCUDAAvailable { devices.append("cuda") }
        if Device.isMPSAvailable { devices.append("mps") }
        add("devices", devices.joined(separator: ", "))
        let backends = [(ProcessGroup.isAvailable, "gloo"), (ProcessGroup.hasNCCL, "nccl")].filter(\.0).map(\.1)
        add("processes", backends.isEmpty ? "one: built without Gloo's headers" : backends.joined(separator: ", "))
        add(
            "nccl", ProcessGroup.hasNCCL ? ProcessGroup.ncclState : "none",
            ProcessGroup.hasNCCL ? nil : ProcessGroup.ncclState)
        var limits = ["\(MachineProcessor.onlineCount) online"]
        if MachineProcessor.affinityCount != MachineProcessor.onlineCount {
            limits.append("\(MachineProcessor.affinityCount) by affinity")
        }
        if let quota = MachineProcessor.quota { limits.append("\(Self.rounded(quota)) by the control group's quota") }
        if let wish = Self.variable("OMP_NUM_THREADS") { limits.append("OMP_NUM_THREADS=\(wish)") }
        add("threads", "\(threadCount)", "of processors: \(limits.joined(separator: ", "))")
    }

    private mutating func addMemory() {
        let physical = MachineMemory.physicalByteCount
        add("memory", physical.map(Self.binarySize) ?? "unknown")
        add("memory limit", MachineMemory.groupLimit.map(Self.binarySize) ?? "none", "of the control group")
    }

    private mutating func addCaches() {
        let folders = CacheFolders()
        func note(_ part: CacheFolders.Part, _ folder: String) -> String {
            let size =
                FileSystem.isDirectory(folder) ? Self.decimalSize(FileSystem.sizeOnDisk(of: folder)) : "not there yet"
            return "\(size); from \(CacheFolders.variable(for: part) ?? "the default")"
        }
        add("hub cache", folders.hub, note(.hub, folders.hub))
        add("datasets cache", folders.datasets, note(.datasets, folders.datasets))
        let token = FileSystem.exists(folders.token) ? "there" : "not there"
        add("hub token", folders.token, "\(token); from \(CacheFolders.variable(for: .token) ?? "the default")")
    }

    private static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    /// As tools for memory count: 1 GiB is 2^30 bytes.
    private static func binarySize(_ bytes: Int) -> String {
        let gibi = Double(bytes) / 1_073_741_824
        return "\((gibi * 10).rounded() / 10) GiB"
    }

    /// As tools for disks count: 1 GB is 10^9 bytes.
    private static func decimalSize(_ bytes: Int) -> String {
        bytes < 1_000_000_000
            ? "\(Double(bytes / 100_000) / 10) MB" : "\(Double(bytes / 100_000_000) / 10) GB"
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static var compiler: String {
        #if compiler(>=6.4)
        "6.4 or newer"
        #elseif compiler(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }

    /// The name and release of the kernel, such as `Linux 6.1.0`.
    private static var system: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown" }
        func text<Field>(_ field: inout Field) -> String {
            withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(&name.sysname)) \(text(&name.release))"
    }
}
