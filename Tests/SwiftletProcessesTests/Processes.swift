import Foundation
import SwiftletDistributed
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport

/// Programs of this package, run as several processes.
struct Processes {
    let files: TemporaryDirectory

    init() throws { files = try TemporaryDirectory() }

    struct Outcome {
        let status: Int32
        let error: String
        let output: String
        let seconds: Double
        /// What each process has written, in the order of the ranks.
        let results: [JSONValue]
    }

    /// Beside the test bundle, whatever the configuration.
    static func program(_ name: String) -> URL {
        let places = ProcessInfo.processInfo.arguments + [Bundle.main.executablePath ?? ""]
        let candidates =
            places.flatMap { path -> [URL] in
                var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
                return (0..<4).map { _ in
                    defer { folder = folder.deletingLastPathComponent() }
                    return folder.appendingPathComponent(name)
                }
            } + ["release", "debug"].map { URL(fileURLWithPath: "\(Locations.root)/.build/\($0)/\(name)") }
        return candidates.first {
            FileManager.default.isExecutableFile(atPath: $0.path) && !FileSystem.isDirectory($0.path)
        } ?? candidates[0]
    }

    /// The folder in which the processes of a run write.
    func folder(_ name: String) throws -> String {
        let folder = files.file(name)
        try FileSystem.createDirectory(folder)
        return folder
    }

    /// Runs a scenario by `swiftlet launch`.
    ///
    /// - Parameter launch: further options of it.
    func run(
        _ count: Int, _ settings: JSONObject, in name: String = "run", launch: [String] = []
    ) throws -> Outcome {
        let command = ["launch", "--nproc-per-node", "\(count)"] + launch + ["--"] + (try scenario(settings, in: name))
        return try run(Self.program("swiftlet"), command, name, count)
    }

    /// Runs it as one process, without a launcher.
    func runAlone(_ settings: JSONObject, in name: String) throws -> Outcome {
        let command = try scenario(settings, in: name)
        return try run(URL(fileURLWithPath: command[0]), Array(command.dropFirst()), name, 1)
    }

    /// Runs it as processes that only the environment tells of each other, in a program that has nothing to do with them.
    ///
    /// - Parameters:
    ///   - hanging: the rank that never ends by itself; it is killed when the others have ended.
    ///   - variables: of a rank, beside the usual ones.
    func runWithoutLauncher(
        _ count: Int, _ settings: JSONObject, in name: String, hanging: Int? = nil,
        variables: (Int) -> [String: String] = { _ in [:] }
    ) throws -> (statuses: [Int32], errors: [String]) {
        let command = try scenario(settings, in: name)
        let port = "\(try Self.freePort())"
        let all = try (0..<count).map { rank in
            try start(
                URL(fileURLWithPath: command[0]), Array(command.dropFirst()), "\(name).\(rank)",
                ["RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port]
                    .merging(variables(rank)) { $1 })
        }
        for (rank, process) in all.enumerated() where rank != hanging { Self.wait(for: process) }
        if let hanging {
            kill(all[hanging].processIdentifier, SIGKILL)
            all[hanging].waitUntilExit()
        }
        return (
            all.map(\.terminationStatus), try (0..<count).map { try MappedFile.text(files.file("\(name).\($0).err")) }
        )
    }

    /// One that nobody listens at.
    private static func freePort() throws -> UInt16 {
        try SharedStore(host: "127.0.0.1", port: 0, serves: true).port
    }

    private func scenario(_ settings: JSONObject, in name: String) throws -> [String] {
        var settings = settings
        settings["model"] = .string(Locations.fixture("tiny-bert"))
        let path = files.file("\(name).settings.json")
        try AtomicFile.write(JSONValue.object(settings).text(), to: path)
        return [Self.program("swiftlet-scenario").path, path, try folder(name)]
    }

    private func run(_ program: URL, _ arguments: [String], _ name: String, _ count: Int) throws -> Outcome {
        let process = try start(program, arguments, name)
        let start = ContinuousClock.now
        Self.wait(for: process)
        let seconds = Double((ContinuousClock.now - start) / .seconds(1))
        let results = try results(files.file(name), count)
        return Outcome(
            status: process.terminationStatus, error: try MappedFile.text(files.file("\(name).err")),
            output: try MappedFile.text(files.file("\(name).out")), seconds: seconds, results: results)
    }

    /// What processes have written to a folder, in the order of the ranks.
    func results(_ folder: String, _ count: Int) throws -> [JSONValue] {
        try (0..<count).map { "\(folder)/\($0).json" }.filter(FileSystem.exists).map { try JSONValue(contentsOf: $0) }
    }

    func start(
        _ program: URL, _ arguments: [String], _ name: String, _ variables: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
            .merging(variables) { $1 }
        for stream in ["out", "err"] { try AtomicFile.write("", to: files.file("\(name).\(stream)")) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: files.file("\(name).out"))
        process.standardError = FileHandle(forWritingAtPath: files.file("\(name).err"))
        try process.run()
        return process
    }
}

extension Processes {
    /// Waits for a process, but not for ever: past the deadline it is asked to end, and a launcher then ends its own
    /// processes, which die with it in any case.
    static func wait(for process: Process, deadline: Duration = .seconds(300)) {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        while process.isRunning, clock.now < end { usleep(5_000) }
        if process.isRunning {
            process.terminate()
            while process.isRunning, clock.now < end + .seconds(25) { usleep(50_000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        process.waitUntilExit()
    }
}

extension JSONValue {
    func numbers(_ key: String) -> [Double] { self[key]?.array?.compactMap(\.double) ?? [] }
    func integers(_ key: String) -> [Int] { self[key]?.array?.compactMap(\.int) ?? [] }
    func lists(_ key: String) -> [[Int]] { self[key]?.array?.map { $0.array?.compactMap(\.int) ?? [] } ?? [] }
    var weights: [(name: String, values: [Double])] {
        (self["weights"]?.object ?? [:]).map { ($0, $1.array?.compactMap(\.double) ?? []) }
    }
}
