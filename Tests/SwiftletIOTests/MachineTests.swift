import SwiftletTestSupport
import Testing
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite struct MachineTests {
    @Test(arguments: [
        ("\t0-1", 2), ("0", 1), ("0-3,8,10-11", 7), ("", nil), ("3-1", nil), ("0-", nil), ("a", nil), ("1-2-3", nil),
        ("-1", nil), ("99999999999", nil),
    ]) func `lists of processors are counted`(_ text: String, _ count: Int?) {
        #expect(MachineProcessor.count(ofList: text[...]) == count)
    }

    @Test func `limits lie within the machine`() throws {
        #expect((1...MachineProcessor.onlineCount).contains(MachineProcessor.affinityCount))
        if let quota = MachineProcessor.quota { #expect(quota > 0) }
        if let physical = MachineMemory.physicalByteCount, let bytes = MachineMemory.byteCount {
            #expect(bytes <= physical)
            let obtainable = try #require(MachineMemory.obtainableByteCount)
            #expect(obtainable > 0 && obtainable <= bytes)
        }
    }

    /// A group that lies in another, as version 2 of the interface shows both, and as version 1 does.
    @Test func `the lowest limit of groups that lie in each other counts`() throws {
        let folder = try TemporaryDirectory()
        func write(_ path: String, _ text: String) throws {
            try FileSystem.createDirectory(FileSystem.parent(of: folder.file(path)))
            try AtomicFile.write(text, to: folder.file(path))
        }
        func groups(_ membership: String) -> ControlGroup { ControlGroup(root: folder.path, membership: membership) }
        let none = groups("0::/\n")
        #expect(none.memoryLimit == nil && none.freeMemory == nil && none.processorQuota == nil)

        try write("memory.max", "max\n")
        try write("jobs/memory.max", "8000\n")
        try write("jobs/memory.current", "7000\n")
        try write("jobs/memory.stat", "anon 4000\ninactive_file 2000\nactive_file 500\nfile 3000\n")
        try write("jobs/mine/memory.max", "6000\n")
        try write("jobs/mine/memory.current", "1000\n")
        try write("jobs/cpu.max", "150000 100000\n")
        try write("jobs/mine/cpu.max", "max 100000\n")
        let second = groups("0::/jobs/mine\n")
        // The inner limit is lower, and the outer group has less that is free: 8000 - (7000 - 2500).
        #expect(second.memoryLimit == 6000 && second.freeMemory == 3500 && second.processorQuota == 1.5)
        #expect(groups("0::/jobs\n").memoryLimit == 8000)

        try write("memory/memory.limit_in_bytes", "9223372036854771712\n")
        try write("memory/slices/memory.limit_in_bytes", "5000\n")
        try write("memory/slices/memory.usage_in_bytes", "5500\n")
        try write("memory/slices/memory.stat", "inactive_file 9\ntotal_inactive_file 100\ntotal_active_file 300\n")
        try write("cpu/cpu.cfs_quota_us", "-1\n")
        try write("cpu/cpu.cfs_period_us", "100000\n")
        try write("cpu/slices/cpu.cfs_quota_us", "250000\n")
        try write("cpu/slices/cpu.cfs_period_us", "100000\n")
        let first = groups("9:name=systemd:/x\n4:memory:/slices\n2:cpuacct,cpu:/slices\n0::/\n")
        #expect(first.memoryLimit == 5000 && first.freeMemory == 0 && first.processorQuota == 2.5)
        // In a container the names are those outside of it: what is mounted here is its own.
        let container = groups("4:memory:/docker/abc\n0::/../..\n")
        #expect(container.memoryLimit == nil && container.freeMemory == nil)
    }

    @Test func `a folder's size counts what lies in it once`() throws {
        let folder = try TemporaryDirectory()
        let content = String(repeating: "x", count: 200_000)
        try FileSystem.createDirectory(folder.file("a/b"))
        try AtomicFile.write(content, to: folder.file("a/b/c"))
        let one = FileSystem.sizeOnDisk(of: folder.path)
        #expect(one >= 200_000 && one < 300_000)

        #expect(link(folder.file("a/b/c"), folder.file("same")) == 0)
        #expect(symlink(folder.path, folder.file("a/circle")) == 0)
        #expect(FileSystem.sizeOnDisk(of: folder.path) == one)
        try AtomicFile.write(content, to: folder.file("other"))
        #expect(FileSystem.sizeOnDisk(of: folder.path) == 2 * one)
        #expect(FileSystem.sizeOnDisk(of: folder.file("none")) == 0)
    }

    @Test func `the variable that decided where a cache is`() {
        func variable(_ part: CacheFolders.Part, _ environment: [String: String]) -> String? {
            CacheFolders.variable(for: part, environment: environment)
        }
        #expect(variable(.hub, [:]) == nil)
        #expect(
            variable(.hub, ["HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": "/a", "HF_HOME": "/b"])
                == "HUGGINGFACE_HUB_CACHE")
        #expect(variable(.datasets, ["HF_HUB_CACHE": "/a", "XDG_CACHE_HOME": "/b"]) == "XDG_CACHE_HOME")
        #expect(variable(.token, ["HF_HOME": "/b", "XDG_CACHE_HOME": "/c"]) == "HF_HOME")
    }

    /// The changelog and the code are made to agree before a release, not after it.
    @Test func `the changelog begins with the version, or with what is not released`() throws {
        let changelog = try MappedFile.text("\(Locations.root)/CHANGELOG.md")
        let first = try #require(changelog.split(separator: "\n").first { $0.hasPrefix("## ") }).split(separator: " ")[
            1]
        #expect(first == "Unreleased" || first == swiftletVersion)
        #expect(swiftletVersion.split(separator: ".").count == 3)
    }
}
