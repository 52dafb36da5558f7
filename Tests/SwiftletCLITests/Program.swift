import Foundation
import SwiftletIO
import SwiftletTestSupport

/// The built `swiftlet`, run as a process of its own.
struct Program {
    /// Where its standard streams go.
    let files: TemporaryDirectory
    /// Variables beside those of the test itself.
    var environment: [String: String] = [:]

    struct Result {
        let status: Int32
        /// The signal that ended it, if one did.
        let signal: Int32?
        let output: String
        let error: String
    }

    /// The program's file.
    static var path: String { url.path }

    /// Runs another program in its place.
    func run(_ arguments: [String], program: String) throws -> Result {
        try wait(for: try start(arguments, program: URL(fileURLWithPath: program)))
    }

    private static let url: URL = {
        // Beside the test bundle, whatever the configuration.
        let arguments = ProcessInfo.processInfo.arguments
        let candidates =
            (arguments + [Bundle.main.executablePath ?? ""]).flatMap { path -> [URL] in
                var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
                var found: [URL] = []
                for _ in 0..<4 {
                    found.append(folder.appendingPathComponent("swiftlet"))
                    folder = folder.deletingLastPathComponent()
                }
                return found
            } + ["release", "debug"].map { URL(fileURLWithPath: "\(Locations.root)/.build/\($0)/swiftlet") }
        return candidates.first {
            FileManager.default.isExecutableFile(atPath: $0.path) && !FileSystem.isDirectory($0.path)
        } ?? candidates[0]
    }()

    func run(_ arguments: [String], input: String = "") throws -> Result {
        try wait(for: try start(arguments, input: input))
    }

    /// Runs it under a limit of the shell, such as `ulimit -f 100`.
    func run(_ arguments: [String], limit: String) throws -> Result {
        try wait(
            for: try start(
                ["-c", "\(limit); exec \"$0\" \"$@\"", Self.url.path] + arguments,
                program: URL(fileURLWithPath: "/bin/sh")))
    }

    func start(_ arguments: [String], input: String = "", program: URL? = nil) throws -> Process {
        let process = Process()
        process.executableURL = program ?? Self.url
        process.arguments = arguments
        // One thread: what runs here is tiny, and threads that wait for busy cores make it slow.
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
            .merging(environment) { $1 }
        try AtomicFile.write(input, to: files.file("in"))
        for name in ["out", "err"] { try AtomicFile.write("", to: files.file(name)) }
        process.standardInput = FileHandle(forReadingAtPath: files.file("in"))
        process.standardOutput = FileHandle(forWritingAtPath: files.file("out"))
        process.standardError = FileHandle(forWritingAtPath: files.file("err"))
        try process.run()
        return process
    }

    func wait(for process: Process) throws -> Result {
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            signal: process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil,
            output: try MappedFile.text(files.file("out")), error: try MappedFile.text(files.file("err")))
    }
}
