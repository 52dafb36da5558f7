import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct FileTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    @Test func `a committed file has the bytes and leaves nothing beside it`() throws {
        let path = folder.file("deep/er/a.txt")
        try AtomicFile.write("old", to: path)
        try AtomicFile.write("new", to: path)
        #expect(try MappedFile.text(path) == "new")
        #expect(try FileSystem.names(in: folder.file("deep/er")) == ["a.txt"])
    }

    @Test func `what a killed writer left goes, what another one writes stays`() throws {
        let folder = try TemporaryDirectory()
        // No process has the largest number; the first process always lives.
        for name in [".a.2147483647-1.tmp", ".a.1-1.tmp", ".b.2147483647-1.tmp"] {
            try AtomicFile.write("part", to: folder.file(name))
        }
        try AtomicFile.write("whole", to: folder.file("a"))
        #expect(try FileSystem.names(in: folder.path).sorted() == [".a.1-1.tmp", ".b.2147483647-1.tmp", "a"])
    }

    @Test func `without commit the old file stays`() throws {
        let path = folder.file("a.txt")
        try AtomicFile.write("old", to: path)
        do {
            let file = try AtomicFile(path)
            try file.write("half")
        }
        #expect(try MappedFile.text(path) == "old")
        #expect(try FileSystem.names(in: folder.path) == ["a.txt"])
    }

    @Test func `small and large pieces keep their order`() throws {
        let pieces = [10, 600_000, 3, 2_000_000, 700_000, 1].enumerated().map { [UInt8](repeating: UInt8($0), count: $1) }
        let file = try AtomicFile(folder.file("a"))
        for piece in pieces { try piece.withUnsafeBytes { try file.write($0) } }
        try file.commit()
        let written = try MappedFile(folder.file("a"))
        #expect(withExtendedLifetime(written) { Array(written.bytes) == pieces.flatMap(\.self) })
    }

    @Test func `errors name the file`() throws {
        let missing = folder.file("missing")
        let error = try #require(throws: FileError.self) { try MappedFile(missing) }
        #expect(error.description.contains(missing))
        #expect(throws: FileError.self) { try MappedFile(folder.path) }
        try AtomicFile.write([0xFF, 0xFE], to: folder.file("bytes"))
        #expect(throws: FileError.self) { try MappedFile.text(folder.file("bytes")) }
    }

    @Test func `paths come apart and together`() {
        #expect(FileSystem.parent(of: "/a/b") == "/a" && FileSystem.parent(of: "a") == "." && FileSystem.parent(of: "/a") == "/")
        #expect(FileSystem.name(of: "/a/b/") == "b" && FileSystem.join("a/", "b") == "a/b" && FileSystem.join("a", "/b") == "/b")
    }
}
