import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A kind of input from outside, and what the library does with it. `Tools/fuzz` gives it inputs for hours, and the tests
/// those that once went wrong.
public struct FuzzTarget: Sendable {
    /// Reads one input. Whatever it throws is a good answer; the process must go on.
    public typealias Run = (_ input: [UInt8]) throws -> Void

    /// As on the command line: `json`, `tokenizer`, ...
    public let name: String
    /// How inputs of the kind are built, so that changed ones get past the first check.
    public let structure: InputStructure
    /// Inputs to begin with, below `Tests/Fixtures`.
    public let seeds: [String]
    /// Inputs to begin with that no fixture holds.
    public let texts: [String]
    private let prepare: @Sendable (_ folder: String) throws -> Run

    init(
        _ name: String, _ structure: InputStructure, seeds: [String] = [], texts: [String] = [],
        prepare: @escaping @Sendable (_ folder: String) throws -> Run
    ) {
        self.name = name
        self.structure = structure
        self.seeds = seeds
        self.texts = texts
        self.prepare = prepare
    }

    /// - Parameter folder: where the target may keep files; it is there already.
    public func run(in folder: String) throws -> Run { try prepare(folder) }

    /// Every kind of input.
    public static let all: [FuzzTarget] = datasets + texts + models

    public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

    /// All inputs to begin with.
    ///
    /// - Throws: `FileError` where one can't be read.
    public func beginnings() throws -> [[UInt8]] {
        try seeds.map { try Self.bytes(of: FileSystem.join(Self.fixtures, $0)) } + texts.map { Array($0.utf8) }
    }

    /// What is in a file.
    public static func bytes(of path: String) throws -> [UInt8] {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { Array(file.bytes) }
    }

    /// The path of `Tests/Fixtures`: of `SWIFTLET_FIXTURES`, else from where this file was compiled.
    public static let fixtures: String = {
        if let given = getenv("SWIFTLET_FIXTURES") { return String(cString: given) }
        let tests = FileSystem.parent(of: FileSystem.parent(of: #filePath))
        return FileSystem.join(tests, "Fixtures")
    }()

    /// Writes without waiting for the disk, which matters to nobody here and takes most of the time.
    public static func put(_ bytes: [UInt8], _ path: String) throws {
        guard let file = fopen(path, "w") else { throw FileError(path: path, message: "can't write '\(path)'") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw FileError(path: path, message: "can't write '\(path)'")
        }
    }

    static func put(_ text: String, _ path: String) throws { try put(Array(text.utf8), path) }
}
