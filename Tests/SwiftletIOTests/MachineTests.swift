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

    @Test func `limits lie within the machine`() {
        #expect((1...MachineProcessor.onlineCount).contains(MachineProcessor.affinityCount))
        if let quota = MachineProcessor.quota { #expect(quota > 0) }
        if let physical = MachineMemory.physicalByteCount, let bytes = MachineMemory.byteCount {
            #expect(bytes <= physical)
        }
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
