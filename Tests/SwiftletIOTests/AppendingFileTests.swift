import SwiftletIO
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite struct AppendingFileTests {
    @Test func `each record is on disk when append returns`() throws {
        let folder = try TemporaryDirectory()
        let file = try AppendingFile(folder.file("a/b/log"))
        try file.append([UInt8]("one\n".utf8))
        #expect(try MappedFile.text(file.path) == "one\n")
        try file.append([UInt8]("two\n".utf8))
        #expect(try MappedFile.text(file.path) == "one\ntwo\n")
    }

    @Test func `goes on where the file ends, or begins anew`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("one\n", to: folder.file("log"))
        try AppendingFile(folder.file("log")).append([UInt8]("two\n".utf8))
        #expect(try MappedFile.text(folder.file("log")) == "one\ntwo\n")
        try AppendingFile(folder.file("log"), replacing: true).append([UInt8]("three\n".utf8))
        #expect(try MappedFile.text(folder.file("log")) == "three\n")
    }

    @Test(arguments: [
        ("", ""), ("one\n", "one\n"), ("one\ntw", "one\n"), ("on", ""), ("one\n\n", "one\n\n"),
    ])
    func `drops only the unfinished line`(before: String, after: String) throws {
        #expect(try dropping(before) == after)
    }

    /// The newline is looked for in pieces of 4096 bytes, from the end.
    @Test(arguments: [4094, 4095, 4096, 8191, 8192, 10_000])
    func `finds the end of a line far from the end of the file`(length: Int) throws {
        let rest = String(repeating: "x", count: length)
        #expect(try dropping("one\n" + rest) == "one\n")
        #expect(try dropping(rest) == "")
        #expect(try dropping(rest + "\n") == rest + "\n")
    }

    private func dropping(_ text: String) throws -> String {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(text, to: folder.file("log"))
        let file = try AppendingFile(folder.file("log"))
        try file.dropUnfinishedLine()
        return try MappedFile.text(file.path)
    }

    /// A limit on the size of files stands in for a full disk: the second record would end beyond it. In a process
    /// of its own, since the limit is the whole process's.
    @Test func `a record that does not fit leaves no part of itself`() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryDirectory()
            let file = try AppendingFile(folder.file("log"))
            try file.append([UInt8](repeating: 1, count: 3000))
            #if canImport(Darwin)
            let resource = RLIMIT_FSIZE
            #else
            let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            #endif
            var limit = rlimit()
            getrlimit(resource, &limit)
            limit.rlim_cur = 4096
            // Beyond the limit the system sends SIGXFSZ, which would end the process.
            signal(SIGXFSZ, SIG_IGN)
            setrlimit(resource, &limit)
            #expect(throws: FileError.self) { try file.append([UInt8](repeating: 2, count: 3000)) }
            #expect(try MappedFile(file.path).bytes.count == 3000)
            try file.append([3])
            #expect(try MappedFile(file.path).bytes.count == 3001)
        }
    }
}
