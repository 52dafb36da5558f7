import FuzzTargets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Gives the reader of each format what once went wrong, what fuzzing begins with, and changes of it. A trap ends the
/// process, and with it the tests; the file in `Tests/Fixtures/fuzz` that was read last is the reason.
@Suite(.oneAtATime) struct ReplayTests {
    private func run(_ name: String, _ body: (FuzzTarget, FuzzTarget.Run) throws -> Void) throws {
        let folder = try TemporaryDirectory()
        let target = try #require(FuzzTarget.named(name))
        try withExtendedLifetime(folder) { try body(target, try target.run(in: folder.path)) }
    }

    @Test(arguments: FuzzTarget.all.map(\.name)) func `what once went wrong goes well`(_ name: String) throws {
        let corpus = Locations.fixture("fuzz/\(name)")
        guard FileSystem.isDirectory(corpus) else { return }
        try run(name) { _, run in
            for file in try FileSystem.names(in: corpus).sorted() {
                let bytes = try FuzzTarget.bytes(of: FileSystem.join(corpus, file))
                // An error is as good as a value.
                _ = try? run(bytes)
            }
        }
    }

    /// Seeds that nothing can be read from would show that a target is broken: fuzzing it would find nothing.
    @Test(arguments: FuzzTarget.all.map(\.name))
    func `inputs to begin with are read, and changed ones don't stop the process`(_ name: String) throws {
        try run(name) { target, run in
            let beginnings = try target.beginnings()
            var read = 0
            for bytes in beginnings where (try? run(bytes)) != nil { read += 1 }
            #expect(read > 0 && read * 2 >= min(beginnings.count, 4), "\(read) of \(beginnings.count) are read")
            var mutator = InputMutator(seed: 22)
            var different = 0
            for round in 0..<(["checkpoint", "config"].contains(name) ? 60 : 300) {
                let bytes = beginnings[round % beginnings.count]
                var changed = mutator.changed(bytes, target.structure)
                if round % 3 == 0 { changed = mutator.changed(changed, target.structure) }
                different += changed == bytes ? 0 : 1
                _ = try? run(changed)
            }
            #expect(different > 30)
        }
    }
}
