// libFuzzer on one kind of input. `Tools/fuzz/fuzz` builds and runs it.
//
// usage: swiftlet-fuzz FORMAT [libFuzzer's options and folders]
//        swiftlet-fuzz --formats
//        swiftlet-fuzz FORMAT --seeds FOLDER        writes the inputs to begin with
//        swiftlet-fuzz FORMAT --replay FILE...      gives the files to the format, one after the other
//
// Under the name fuzz_FORMAT the format is that of the name, as services ask for it that start programs without arguments
// of their own. Fixtures are those in the folder `fixtures` beside the program, where there is one.
import FuzzTargets
import Glibc
import SwiftletIO

typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<Arguments>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@_silgen_name("LLVMFuzzerMutate")
func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int) -> Int

// Set before libFuzzer starts, and read by the one thread that it runs inputs on.
nonisolated(unsafe) var structure = InputStructure.text
nonisolated(unsafe) var run: FuzzTarget.Run = { _ in }

@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int {
    var mutator = InputMutator(seed: UInt64(seed)) { bytes in
        let room = max(bytes.count * 2, 64)
        let size = bytes.count
        bytes += [UInt8](repeating: 0, count: room - size)
        let count = bytes.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { mutate($0, size, room) } ?? 0
        }
        bytes.removeLast(room - count)
    }
    let changed = mutator.changed(Array(UnsafeBufferPointer(start: data, count: size)), structure).prefix(limit)
    for (index, byte) in changed.enumerated() { data[index] = byte }
    return changed.count
}

func say(_ text: String) {
    var line = "swiftlet-fuzz: \(text)\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func fail(_ text: String) -> Never {
    say(text)
    exit(2)
}

var words = CommandLine.arguments
let ownName = FileSystem.name(of: words[0])
if ownName.hasPrefix("fuzz_") { words.insert(String(ownName.dropFirst(5)), at: 1) }
let fixtures = FileSystem.join(FileSystem.parent(of: words[0]), "fixtures")
if FileSystem.isDirectory(fixtures) { setenv("SWIFTLET_FIXTURES", fixtures, 0) }
if words.dropFirst().first == "--formats" {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
}
guard words.count > 1, let target = FuzzTarget.named(words[1]) else {
    fail("the first argument is one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
}
do {
    if words.count > 3, words[2] == "--seeds" {
        for (number, bytes) in try target.beginnings().enumerated() {
            try AtomicFile.write(bytes, to: FileSystem.join(words[3], "seed-\(number)"))
        }
        exit(0)
    }
    let base = FileSystem.isDirectory("/dev/shm") ? "/dev/shm" : "/tmp"
    let folder = "\(base)/swiftlet-fuzz-\(target.name)-\(getpid())"
    try FileSystem.createDirectory(folder)
    structure = target.structure
    run = try target.run(in: folder)
    if words.count > 3, words[2] == "--replay" {
        for path in words.dropFirst(3) {
            let bytes = try FuzzTarget.bytes(of: path)
            do {
                try run(bytes)
                print("\(path): read")
            } catch { print("\(path): \(error)") }
        }
        try FileSystem.remove(folder)
        exit(0)
    }
} catch { fail("\(error)") }

/// Processor time of the process, in nanoseconds. A machine that is busy makes no input slow.
func processorTime() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

let arguments = [words[0]] + words.dropFirst(2)
// Folders of crashed processes stay behind for those that look for the reason; the script removes them.
var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
pointers.withUnsafeMutableBufferPointer { buffer in
    guard var base = buffer.baseAddress else { return }
    var count = CInt(arguments.count)
    exit(
        runDriver(&count, &base) { data, size in
            let begin = processorTime()
            _ = try? run(Array(UnsafeBufferPointer(start: data, count: size)))
            // libFuzzer keeps the input of a process that aborts.
            guard processorTime() - begin < 2_000_000_000 else {
                say("over 2 s of the processor for one input")
                abort()
            }
            return 0
        })
}
