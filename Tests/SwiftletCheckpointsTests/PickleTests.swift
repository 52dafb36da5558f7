import Foundation
import SwiftletCheckpoints
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// Files of `torch.save`. `Tools/reference/pickles.py` makes the fixtures.
@Suite struct PickleTests {
    static let folder = Locations.fixture("pickles")

    @Test func `tensors of all kinds`() throws {
        let file = try TorchFile("\(Self.folder)/tensors.bin")
        let expected = try SafetensorsFile("\(Self.folder)/tensors.safetensors")
        #expect(file.names.first == "float32" && Set(file.names) == Set(expected.names))
        for name in expected.names {
            #expect(try file.shape(of: name) == expected.shape(of: name), "\(name)")
            #expect(try file.dtype(of: name) == expected.dtype(of: name), "\(name)")
            let same = try file.tensor(name).withUnsafeBytes { bytes in
                try expected.tensor(name).withUnsafeBytes { bytes.elementsEqual($0) }
            }
            #expect(same, "\(name)")
        }
        #expect(throws: PickleError.self) { try file.tensor("nothing") }
    }

    @Test(arguments: [
        ("import-system", "posix.system"), ("import-eval", "__builtin__.eval"), ("import-torch", "__builtin__.getattr"),
        ("import-class", "pickle.Pickler"),
    ])
    func `imports are refused by name`(file: String, name: String) throws {
        let error = try #require(throws: PickleError.self) { try TorchFile("\(Self.folder)/\(file).bin") }
        #expect(error.description.contains("'\(name)'"), "\(error)")
        #expect(!FileSystem.exists("/tmp/swiftlet-pickle-ran"))
    }

    /// Also with the texts of Python 2, in which some of the oldest checkpoints were written.
    @Test(arguments: [
        ("legacy", "tensors"), ("legacy-python2", "tensors"), ("views", "views"), ("legacy-views", "views"),
    ])
    func `old formats, lazy negations and expanded tensors have the values that Python reads`(
        _ name: String, _ other: String
    ) throws {
        let file = try TorchFile("\(Self.folder)/\(name).bin")
        let expected = try SafetensorsFile("\(Self.folder)/\(other).safetensors")
        #expect(Set(file.names) == Set(expected.names))
        for name in expected.names {
            let (own, known) = (try file.tensor(name), try expected.tensor(name))
            #expect(own.shape == known.shape && own.dtype == known.dtype, "\(name)")
            #expect(own.withUnsafeBytes { bytes in known.withUnsafeBytes { bytes.elementsEqual($0) } }, "\(name)")
        }
    }

    @Test(arguments: ["legacy", "legacy-python2", "legacy-views"]) func `an old file that is damaged or cut off`(
        _ name: String
    ) throws {
        let folder = try TemporaryDirectory()
        let whole = try bytes("\(Self.folder)/\(name).bin")
        for length in stride(from: 0, to: whole.count, by: 3) {
            try write(Array(whole.prefix(length)), to: folder.file("a.bin"))
            #expect(throws: PickleError.self, "\(length)") { try TorchFile(folder.file("a.bin")) }
        }
        var refused = 0
        for place in whole.indices {
            var damaged = whole
            damaged[place] = damaged[place] &+ UInt8(truncatingIfNeeded: 1 + place % 251)
            try write(damaged, to: folder.file("a.bin"))
            do {
                let file = try TorchFile(folder.file("a.bin"))
                for name in file.names { _ = try file.tensor(name).count }
            } catch is PickleError {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    /// What such a file holds after its magic number, by hand: a part of a storage, and the errors of each step.
    @Test func `parts of old storages`() throws {
        let folder = try TemporaryDirectory()
        func text(_ value: String) -> [UInt8] {
            [UInt8(ascii: "X"), UInt8(value.utf8.count), 0, 0, 0] + Array(value.utf8)
        }
        func number(_ value: UInt8) -> [UInt8] { [UInt8(ascii: "K"), value] }
        func open(
            part: [UInt8] = number(1) + number(3), machine: String = "}", keys: [String] = ["0"], count: UInt8 = 5,
            bytes: Int = 20,
            version: [UInt8] = [0xE9, 0x03]
        ) throws -> TorchFile {
            let view = part.isEmpty ? Array("N".utf8) : Array("(".utf8) + text("1") + part + Array("t".utf8)
            let storage =
                Array("(".utf8) + text("storage") + Array("ctorch\nFloatStorage\n".utf8) + text("0") + text("cpu")
                + number(5)
                + view + Array("tQ".utf8)
            let tensor =
                Array("ctorch._utils\n_rebuild_tensor\n(".utf8) + storage + number(1) + Array("(".utf8) + number(2)
                + Array("t(".utf8) + number(1) + Array("ttR".utf8)
            var file: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
            file += [0x80, 2, UInt8(ascii: "M")] + version + Array(".".utf8)
            file += [0x80, 2] + Array("\(machine).".utf8)
            file += [0x80, 2] + Array("}".utf8) + text("w") + tensor + Array("s.".utf8)
            file += [0x80, 2] + Array("](".utf8) + keys.flatMap(text) + Array("e.".utf8)
            for _ in keys {
                file += [count, 0, 0, 0, 0, 0, 0, 0]
                for index in 0..<bytes / 4 { withUnsafeBytes(of: Float(index)) { file += Array($0) } }
            }
            try write(file, to: folder.file("a.bin"))
            return try TorchFile(folder.file("a.bin"))
        }
        // Elements 2 and 3 of five, as the part begins at 1 and the tensor at 1 of it.
        #expect(try open().tensor("w").floats() == [2, 3])
        #expect(try open().shape(of: "w") == [2])
        #expect(throws: PickleError.self) { try open(part: number(1) + number(2)) }
        #expect(throws: PickleError.self) { try open(part: number(3) + number(3)) }
        #expect(throws: PickleError.self) { try open(keys: ["1"]) }
        #expect(throws: PickleError.self) { try open(keys: ["0", "0"]) }
        #expect(throws: PickleError.self) { try open(keys: []) }
        #expect(throws: PickleError.self) { try open(count: 4, bytes: 16) }
        #expect(throws: PickleError.self) { try open(bytes: 16) }
        #expect(throws: PickleError.self) { try open(version: [0xEA, 0x03]) }
        let littleEndian = "}X\u{d}\0\0\0little_endian"
        #expect(throws: PickleError.self) { try open(machine: littleEndian + String(decoding: [0x73], as: UTF8.self)) }
        let error = try #require(throws: PickleError.self) {
            var file = try bytes("\(Self.folder)/legacy.bin")
            let marker = Array("little_endianq".utf8)
            // The text of three letters, not the beginning of a tensor's name.
            let place = try #require(file.indices.first { file[$0...].starts(with: marker) })
            let flag = try #require(file[place...].firstIndex(of: 0x88))
            file[flag] = 0x89
            try write(file, to: folder.file("b.bin"))
            return try TorchFile(folder.file("b.bin"))
        }
        #expect(error.problem.contains("big-endian"))
    }

    @Test func `a mark of a tensor that is not known is refused`() throws {
        let folder = try TemporaryDirectory()
        let whole = try bytes("\(Self.folder)/views.bin")
        let place =
            try #require(whole.indices.first { whole[$0...].starts(with: [0x58, 3, 0, 0, 0] + Array("neg".utf8)) }) + 5
        for name in ["nex", "con"] {
            var file = whole
            file.replaceSubrange(place..<place + 3, with: Array(name.utf8))
            try write(file, to: folder.file("a.bin"))
            #expect(throws: PickleError.self) { try TorchFile(folder.file("a.bin")) }
        }
    }

    @Test func `which of two pickles is meant is not guessed`() throws {
        let folder = try TemporaryDirectory()
        let empty = Array("}.".utf8)
        try AtomicFile.write(archive(["a/data.pkl": empty, "b/data.pkl": empty]), to: folder.file("a.bin"))
        let error = try #require(throws: PickleError.self) { try TorchFile(folder.file("a.bin")) }
        #expect(error.problem.contains("a/data.pkl, b/data.pkl"))
    }

    @Test(
        .enabled(
            if: FileSystem.exists(Locations.shared("cases/robust/two-pickles.bin")),
            "needs the cases beside the package"))
    func `the file with two pickles that was found`() {
        #expect(throws: PickleError.self) { try TorchFile(Locations.shared("cases/robust/two-pickles.bin")) }
    }

    @Test func `bytes that are no booleans are refused`() throws {
        let folder = try TemporaryDirectory()
        let pickle = try bytes("\(Self.folder)/tensors.bin")
        // The three booleans of the tensor, 1 0 1, are the only such entry.
        let place = try #require(
            pickle.indices.first { pickle[$0...].starts(with: [1, 0, 1]) && $0 > pickle.count / 3 })
        var file = pickle
        file[place] = 7
        try write(file, to: folder.file("a.bin"))
        let read = try TorchFile(folder.file("a.bin"))
        let names = read.names.filter { (try? read.tensor($0)) == nil }
        #expect(names == ["bool"] || names.isEmpty)
        let header = #"{"b":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"#
        try write(SafetensorsTests.bytes(header, [1, 2]), to: folder.file("b.safetensors"))
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(folder.file("b.safetensors")).tensor("b") }
    }

    /// What would call, import or build something, by hand.
    @Test(arguments: [
        ("i", "cos\nsystem\n(S'true'\nios\nsystem\n."), ("o", "(cos\nsystem\nX\u{4}\0\0\0trueo."),
        ("import", "cos\nsystem\n."), ("protocol 0 id", "P0\n."), ("build", "ccollections\nOrderedDict\n}b."),
        ("call of a text", "X\u{1}\0\0\0a)R."), ("call of a storage", "ctorch\nFloatStorage\n)R."), ("nothing", "."),
        ("no dictionary", "K\u{1}."), ("no tensor", "}X\u{1}\0\0\0aK\u{1}s."), ("no text", "}K\u{1}K\u{1}s."),
        ("mark", "t."), ("memo", "h\u{7}."), ("endless", "X\u{ff}\u{ff}"), ("duplicate", "}2."),
    ])
    func `opcodes that do more than hold tensors`(what: String, pickle: String) throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(archive(["archive/data.pkl": Array(pickle.utf8)]), to: folder.file("a.bin"))
        #expect(throws: PickleError.self, "\(what)") { try TorchFile(folder.file("a.bin")) }
        // The frame is sound: an empty dictionary reads.
        try AtomicFile.write(archive(["archive/data.pkl": Array("}.".utf8)]), to: folder.file("a.bin"))
        #expect(try TorchFile(folder.file("a.bin")).names.isEmpty)
    }

    /// Nesting takes no stack, and copies of copies no memory.
    @Test func `bombs`() throws {
        let folder = try TemporaryDirectory()
        let nested = Array(")".utf8) + [UInt8](repeating: 0x85, count: 1_000_000)
        let pair = Array("K\u{1}K\u{1}".utf8) + [0x86]
        let list = Array("](".utf8) + (0..<2000).flatMap { _ in pair } + Array("eq\u{1}".utf8)
        let call = Array("ccollections\nOrderedDict\nh\u{1}".utf8) + [0x85] + Array("R".utf8)
        for bomb in [nested, list + (0..<5000).flatMap { _ in call }] {
            try AtomicFile.write(archive(["a/data.pkl": bomb + Array(".".utf8)]), to: folder.file("a.bin"))
            #expect(throws: PickleError.self) { try TorchFile(folder.file("a.bin")) }
        }
    }

    @Test func `a tensor that leads out of its storage`() throws {
        let folder = try TemporaryDirectory()
        func open(offset: UInt8, shape: [UInt8], strides: [UInt8], count: UInt8, bytes: Int) throws -> TorchFile {
            func tuple(_ values: [UInt8]) -> [UInt8] {
                Array("(".utf8) + values.flatMap { [UInt8(ascii: "K"), $0] } + Array("t".utf8)
            }
            let storage =
                Array("(X\u{7}\0\0\0storagectorch\nFloatStorage\nX\u{1}\0\0\00X\u{3}\0\0\0cpuK".utf8) + [count]
                + Array("tQ".utf8)
            let pickle =
                Array("}X\u{1}\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(".utf8) + storage + [
                    UInt8(ascii: "K"), offset,
                ]
                + tuple(shape) + tuple(strides) + [0x89] + Array("ccollections\nOrderedDict\n)RtRs.".utf8)
            let entries = ["a/data.pkl": pickle, "a/data/0": [UInt8](repeating: 0, count: bytes)]
            try AtomicFile.write(archive(entries), to: folder.file("a.bin"))
            return try TorchFile(folder.file("a.bin"))
        }
        #expect(
            try open(offset: 1, shape: [2, 2], strides: [2, 1], count: 6, bytes: 24).tensor("w").floats() == [
                0, 0, 0, 0,
            ])
        #expect(throws: PickleError.self) { try open(offset: 3, shape: [2, 2], strides: [2, 1], count: 6, bytes: 24) }
        #expect(throws: PickleError.self) { try open(offset: 0, shape: [2, 2], strides: [9, 1], count: 6, bytes: 24) }
        // Expanded, one element may be shown many times, but not without a limit.
        #expect(
            try open(offset: 5, shape: [200, 200], strides: [0, 0], count: 6, bytes: 24).tensor("w").shape == [
                200, 200,
            ])
        #expect(throws: PickleError.self) {
            try open(offset: 6, shape: [200, 200], strides: [0, 0], count: 6, bytes: 24)
        }
        #expect(throws: PickleError.self) {
            try open(offset: 0, shape: [255, 255, 255, 255], strides: [0, 0, 0, 0], count: 6, bytes: 24)
        }
        #expect(throws: PickleError.self) {
            try open(
                offset: 0, shape: [UInt8](repeating: 255, count: 60), strides: [UInt8](repeating: 0, count: 60),
                count: 6, bytes: 24)
        }
        #expect(throws: PickleError.self) { try open(offset: 0, shape: [6], strides: [1], count: 6, bytes: 23) }
        #expect(throws: PickleError.self) { try open(offset: 0, shape: [6], strides: [1, 1], count: 6, bytes: 24) }
    }

    @Test func `a file that is cut off, anywhere`() throws {
        let folder = try TemporaryDirectory()
        let whole = try bytes("\(Self.folder)/tensors.bin")
        for length in stride(from: 0, to: whole.count, by: 7) {
            try write(Array(whole.prefix(length)), to: folder.file("a.bin"))
            #expect(throws: PickleError.self, "\(length)") { try TorchFile(folder.file("a.bin")) }
        }
    }

    /// Whatever a byte becomes, the file reads or is refused.
    @Test func `damage never stops the process`() throws {
        let folder = try TemporaryDirectory()
        let whole = try bytes("\(Self.folder)/tensors.bin")
        var refused = 0
        for place in stride(from: 0, to: whole.count, by: 5) {
            var damaged = whole
            damaged[place] = damaged[place] &+ UInt8(truncatingIfNeeded: 1 + place % 251)
            try write(damaged, to: folder.file("a.bin"))
            do {
                let file = try TorchFile(folder.file("a.bin"))
                for name in file.names { _ = try file.tensor(name).count }
            } catch is PickleError {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    /// Without waiting for the disk: there are many.
    private func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    /// A ZIP file with these entries, stored.
    private func archive(_ entries: [String: [UInt8]]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var (result, directory) = ([UInt8](), [UInt8]())
        for (name, bytes) in entries.sorted(by: { $0.key < $1.key }) {
            // Version, flags, method, time, date and check sum; the sizes; the lengths of name and extra field.
            let common =
                little(0, 14) + little(bytes.count, 4) + little(bytes.count, 4) + little(name.utf8.count, 2)
                + little(0, 2)
            directory +=
                little(0x0201_4B50, 4) + little(0, 2) + common + little(0, 10) + little(result.count, 4)
                + Array(name.utf8)
            result += little(0x0403_4B50, 4) + common + Array(name.utf8) + bytes
        }
        let end = little(0x0605_4B50, 4) + little(0, 6) + little(entries.count, 2) + little(directory.count, 4)
        return result + directory + end + little(result.count, 4) + little(0, 2)
    }
}
