import Swiftlet
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Reads each file while fewer and fewer files may be opened, and writes down what is said: for each of them the error,
/// or nothing, with 0, 1, 2, ... files left to open.
func runOpenFiles(_ settings: Settings) throws {
    var said = JSONObject()
    for entry in settings.json["files"]?.array ?? [] {
        guard let path = entry.string else { continue }
        // Once without a limit: what is set up at first is not the file's.
        try read(path)
        said[path] = .array(
            try (0..<4).map { count in
                try withFilesLeft(count) {
                    do {
                        try read(path)
                        return ""
                    } catch { return .string("\(error)") }
                }
            })
    }
    try settings.write(said, rank: 0)
}

/// Reads a file, or the newest checkpoint of a folder, as its name asks for it.
private func read(_ path: String) throws {
    switch path {
    case _ where FileSystem.isDirectory(path): _ = try ResumePoint.last.find(in: path) { print($0) }
    case _ where path.hasSuffix("tokenizer.json"):
        _ = try AutoTokenizer.fromPretrained(folder: FileSystem.parent(of: path))
    case _ where path.hasSuffix("config.json"): _ = try ModelConfig(contentsOf: path)
    case _ where path.hasSuffix(".safetensors"): _ = try SafetensorsFile(path)
    case _ where path.hasSuffix(".bin"): _ = try TorchFile(path)
    case _ where path.hasSuffix("mapped.arrow"):
        let rows = try Dataset.fromFile(path)
        _ = try rows.map(batched: true, cacheKey: "v1") { ["number": .ints(Array(0..<$0.count))] }
    default:
        _ = try Dataset.fromFile(path)
        _ = try IterableDataset(files: [path]).take(1).forEach { _ in }
    }
}

/// Runs `body` where only so many more files can be open at a time.
private func withFilesLeft<Result>(_ count: Int, _ body: () throws -> Result) throws -> Result {
    var before = rlimit()
    #if canImport(Darwin)
    let kind = RLIMIT_NOFILE
    #else
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
    getrlimit(kind, &before)
    var low = rlimit(rlim_cur: min(256, before.rlim_max), rlim_max: before.rlim_max)
    setrlimit(kind, &low)
    var fillers: [Int32] = []
    while true {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { break }
        fillers.append(descriptor)
    }
    for _ in 0..<min(count, fillers.count) { close(fillers.removeLast()) }
    defer {
        for descriptor in fillers { close(descriptor) }
        setrlimit(kind, &before)
    }
    return try body()
}
