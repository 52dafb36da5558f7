import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

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

    @Test func `devices and pipes are written to, never replaced`() throws {
        try AtomicFile.write("gone", to: "/dev/null")
        #expect(!FileSystem.isRegularFile("/dev/null") && FileSystem.exists("/dev/null"))
        // A link to a device stays one too.
        let link = folder.file("link")
        #expect(symlink("/dev/null", link) == 0)
        try AtomicFile.write("gone", to: link)
        #expect(!FileSystem.isRegularFile(link))
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try AtomicFile.write("through", to: pipe)
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(read(reader, &bytes, 16) == 7 && String(decoding: bytes[..<7], as: UTF8.self) == "through")
        #expect(!FileSystem.isRegularFile(pipe))
        #expect(try FileSystem.names(in: folder.path).count == 2)
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
        let pieces = [10, 600_000, 3, 2_000_000, 700_000, 1].enumerated().map {
            [UInt8](repeating: UInt8($0), count: $1)
        }
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
        #expect(
            FileSystem.parent(of: "/a/b") == "/a" && FileSystem.parent(of: "a") == "."
                && FileSystem.parent(of: "/a") == "/")
        #expect(
            FileSystem.name(of: "/a/b/") == "b" && FileSystem.join("a/", "b") == "a/b"
                && FileSystem.join("a", "/b") == "/b")
    }

    /// Opening a FIFO waits for somebody to write to it.
    @Test func `what is no regular file is refused at once`() throws {
        let path = folder.file("pipe")
        try #require(mkfifo(path, 0o600) == 0)
        let error = try #require(throws: FileError.self) { try MappedFile(path) }
        #expect(error.message.contains(path) && error.remedy != nil)
        #expect(throws: FileError.self) { try MappedFile("/dev/zero") }
        #expect(throws: FileError.self) { try CRC32C.ofFile(path) }
        #expect(throws: (any Error).self) { try JSONValue(contentsOf: path) }
    }

    @Test func `a socket is no regular file either`() throws {
        // Short, since the system takes no long names for sockets.
        let path = "/tmp/swiftlet-\(getpid()).sock"
        unlink(path)
        #if canImport(Darwin)
        let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        defer {
            close(descriptor)
            unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound)
        let error = try #require(throws: FileError.self) { try MappedFile(path) }
        #expect(error.kind == .unexpected && error.message.contains("a socket"), "\(error)")
    }

    @Test func `names that are not UTF-8 are an error, and go away`() throws {
        let odd = Array(folder.file("in").utf8CString.dropLast()) + [0x2F, CChar(bitPattern: 0xE9), 0x2E, 0x63, 0]
        try FileSystem.createDirectory(folder.file("in"))
        let descriptor = open(odd, O_CREAT | O_WRONLY, 0o600)
        try #require(descriptor >= 0)
        close(descriptor)
        try AtomicFile.write("x", to: folder.file("in/good"))
        let error = try #require(throws: FileError.self) { try FileSystem.names(in: folder.file("in")) }
        #expect(error.message.contains("\\xe9.c"))
        #expect(try FileSystem.names(in: folder.file("in"), skipsOthers: true) == ["good"])
        try FileSystem.remove(folder.file("in"))
        #expect(!FileSystem.exists(folder.file("in")))
    }

    @Test func `a folder takes another one's place`() throws {
        for name in ["old", "new"] { try AtomicFile.write(name, to: folder.file("\(name)/\(name).txt")) }
        try FileSystem.replaceDirectory(folder.file("old"), with: folder.file("new"))
        #expect(try FileSystem.names(in: folder.path) == ["old"])
        #expect(try FileSystem.names(in: folder.file("old")) == ["new.txt"])
        // Where nothing is, the new one is all there is.
        try FileSystem.replaceDirectory(folder.file("third"), with: folder.file("old"))
        #expect(try FileSystem.names(in: folder.path) == ["third"])
    }

    @Test func `what a folder takes the place of can be kept, whatever it is`() throws {
        let (place, new) = (folder.file("place"), folder.file("new"))
        let things: [() throws -> Void] = [
            { try AtomicFile.write("mine", to: "\(place)/a") }, { try AtomicFile.write("mine", to: place) },
            { try #require(symlink("nowhere", place) == 0) },
        ]
        for (index, thing) in things.enumerated() {
            try thing()
            try AtomicFile.write("new", to: "\(new)/b")
            #expect(FileSystem.isTaken(place) && FileSystem.isLink(place) == (index == 2))
            let aside = try FileSystem.replaceDirectory(place, keepingOldBeside: new)
            #expect(aside == "\(place).old-\(index + 1)" && FileSystem.isTaken(aside) && !FileSystem.isTaken(new))
            #expect(try MappedFile.text("\(place)/b") == "new")
            try FileSystem.remove(place)
        }
        #expect(try MappedFile.text("\(place).old-1/a") == "mine" && MappedFile.text("\(place).old-2") == "mine")
        #expect(FileSystem.isLink("\(place).old-3"))
    }

    @Test func `a folder that was moved away is taken back`() throws {
        try AtomicFile.write("a", to: folder.file("x\(FileSystem.replacedSuffix)/a"))
        try FileSystem.recoverDirectory(folder.file("x"))
        #expect(try FileSystem.names(in: folder.path) == ["x"])
        // The new one has its name already: the old one is of no more use.
        try AtomicFile.write("b", to: folder.file("x\(FileSystem.replacedSuffix)/b"))
        try FileSystem.recoverDirectory(folder.file("x"))
        #expect(try FileSystem.names(in: folder.path) == ["x"] && FileSystem.names(in: folder.file("x")) == ["a"])
    }

    @Test func `a lock keeps others out, and says who has it`() throws {
        let path = folder.file("lock")
        var lock = try FileLock.attempt(path, removesFile: true)
        try #require(lock != nil)
        try lock?.write(note: "me")
        #expect(try FileLock.attempt(path) == nil)
        #expect(FileLock.note(path) == "me")
        lock = nil
        #expect(!FileSystem.exists(path))
        #expect(try FileLock.attempt(path) != nil)
    }

    @Test func `what would command a terminal is shown`() {
        #expect("plain äöü 漢字 👍🏽".shown() == "plain äöü 漢字 👍🏽")
        #expect("a\u{1b}[31mb\u{9b}0\u{7}\r\n\t".shown() == #"a\u{1b}[31mb\u{9b}0\u{7}\u{d}\u{a}\u{9}"#)
        #expect("a\nb\tc\u{202e}\u{200f}".shown(keepsLines: true) == "a\nb\tc\\u{202e}\\u{200f}")
        let error = FileError(path: "x", message: "'\u{1b}c' is bad", remedy: "Take\u{8} another.")
        #expect(error.description == "'\\u{1b}c' is bad\nTake\\u{8} another.")
    }

    @Test func `numbers beyond an Int are its limits`() {
        let numbers = [1e300, -.infinity, .nan, -3.9, 0x1p63, -0x1p63, 0x1p62]
        #expect(numbers.map(\.clampedToInt) == [.max, .min, 0, -3, .max, .min, 1 << 62])
        #expect(Int.max.addingClamped(1) == .max && Int.min.addingClamped(-1) == .min && 2.addingClamped(-3) == -1)
    }

    @Test func `folders of caches come from the environment as in Python`() {
        func folders(_ variables: [String: String]) -> CacheFolders { CacheFolders(environment: variables) }
        #expect(folders(["HOME": "/u"]).hub == "/u/.cache/huggingface/hub")
        #expect(folders(["HOME": "/u"]).datasets == "/u/.cache/huggingface/datasets")
        #expect(folders(["HF_HOME": "~/$N", "HOME": "/u", "N": "x"]) == folders(["HF_HOME": "/u/x"]))
        #expect(folders(["HUGGINGFACE_HUB_CACHE": "/h"]).hub == "/h")
        #expect(folders(["HUGGINGFACE_HUB_CACHE": "/h", "HF_HUB_CACHE": "/g"]).hub == "/g")
        #expect(folders(["HF_DATASETS_CACHE": "${A}/d", "A": "/a"]).datasets == "/a/d")
        #expect(folders(["HF_HOME": "", "XDG_CACHE_HOME": "/c"]).token == "/c/huggingface/token")
    }
}
