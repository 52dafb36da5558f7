// Changed inputs for one format, without libFuzzer and what it needs of a build. `Tools/fuzz/campaign` runs it.
//
// usage: swiftlet-mutations FORMAT --cases N [--first K] --folder FOLDER     cases K, K + 1, ...
//        swiftlet-mutations FORMAT FILE...                                   these files
//        swiftlet-mutations --formats
//
// The case that is read is in FOLDER/case, its number in FOLDER/number. SIGPROF ends the process when a case has taken 2
// seconds of processor time, SIGALRM when it has lasted 60 seconds.
import Dispatch
import Foundation
import FuzzTargets
import SwiftletIO
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

func fail(_ text: String) -> Never {
    var line = "swiftlet-mutations: \(text)\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
}

func number(after name: String) -> Int? {
    guard let place = words.firstIndex(of: name), place + 1 < words.count else { return nil }
    return Int(words[place + 1])
}

enum Watch {
    /// The processor time at which the case that is read began, in nanoseconds; 0 between cases.
    static let begun = Atomic<Int>(0)

    /// Ends the process where a case takes too long.
    static func start() {
        DispatchQueue.global(qos: .userInitiated).async {
            while true {
                usleep(50_000)
                let begin = begun.load(ordering: .relaxed)
                if begin > 0, nanoseconds() - begin > 2_000_000_000 { kill(getpid(), SIGPROF) }
            }
        }
    }

    /// Processor time of the process.
    static func nanoseconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
        return Int(now.tv_sec) * 1_000_000_000 + Int(now.tv_nsec)
    }
}

let words = CommandLine.arguments
if words.dropFirst().first == "--formats" {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
}
guard words.count > 2, let target = FuzzTarget.named(words[1]) else {
    fail("usage: swiftlet-mutations FORMAT --cases N --folder FOLDER; formats: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
}
do {
    let base = FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp"
    let work = "\(base)/swiftlet-mutations-\(getpid())"
    try FileSystem.createDirectory(work)
    let run = try target.run(in: work)
    guard let cases = number(after: "--cases") else {
        for path in words.dropFirst(2) {
            let bytes = try FuzzTarget.bytes(of: path)
            do {
                try run(bytes)
                print("\(path): read")
            } catch { print("\(path): \("\(error)".shown(keepsLines: true))") }
        }
        try FileSystem.remove(work)
        exit(0)
    }
    guard let place = words.firstIndex(of: "--folder"), place + 1 < words.count else { fail("give --folder") }
    let folder = words[place + 1]
    try FileSystem.createDirectory(folder)
    let first = number(after: "--first") ?? 0
    let beginnings = try target.beginnings()
    Watch.start()
    var read = 0
    var slowest = (milliseconds: 0, number: first)
    for index in first..<(first + cases) {
        var mutator = InputMutator(seed: UInt64(truncatingIfNeeded: index))
        var bytes = beginnings[index % beginnings.count]
        for _ in 0...(index / beginnings.count % 3) { bytes = mutator.changed(bytes, target.structure) }
        if bytes.count > 1 << 16 { bytes.removeLast(bytes.count - (1 << 16)) }
        try FuzzTarget.put(bytes, FileSystem.join(folder, "case"))
        try FuzzTarget.put(Array("\(index)".utf8), FileSystem.join(folder, "number"))
        let begin = Watch.nanoseconds()
        alarm(60)
        Watch.begun.store(begin, ordering: .relaxed)
        if (try? run(bytes)) != nil { read += 1 }
        Watch.begun.store(0, ordering: .relaxed)
        alarm(0)
        let took = (Watch.nanoseconds() - begin) / 1_000_000
        if took > slowest.milliseconds { slowest = (took, index) }
    }
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    // Where the system tells it this way; else 0.
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    let memory = (Int(line.filter(\.isNumber)) ?? 0) >> 10
    print("\(cases) cases, \(read) read, slowest \(slowest.milliseconds) ms (\(slowest.number)), \(memory) MiB at most")
    try FileSystem.remove(work)
} catch { fail("\(error)") }
