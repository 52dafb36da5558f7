import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// What the program finds beside itself, wherever it was put.
@Suite struct InstallationTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// The program in a folder of its own, without what SwiftPM puts beside it.
    private func moved(to name: String = "bin") throws -> String {
        try FileSystem.createDirectory(folder.file(name))
        let path = folder.file("\(name)/swiftlet")
        try FileManager.default.copyItem(atPath: Program.path, toPath: path)
        return path
    }

    @Test func `resources that are missing are an error`() throws {
        let program = Program(files: folder)
        let result = try program.run(["quickstart", "--model", folder.path], program: try moved())
        #expect(result.status == 1 && result.signal == nil)
        #expect(result.error.contains("paraphrases are missing beside '\(folder.file("bin"))'"), "\(result.error)")
    }

    @Test func `resources are found in share`() throws {
        let program = Program(files: folder)
        let data = folder.file("share/swiftlet/paraphrases")
        try FileSystem.createDirectory(data)
        try AtomicFile.write("{", to: "\(data)/train.jsonl")
        let result = try program.run(["quickstart", "--model", folder.path], program: try moved())
        #expect(result.status == 1 && result.error.contains("train.jsonl"), "\(result.error)")
    }

    @Test func `the server is found in bin`() throws {
        let program = Program(files: folder)
        try FileSystem.createDirectory(folder.file("bin"))
        try AtomicFile.write("#!/bin/sh\necho serves \"$@\"\n", to: folder.file("bin/swiftlet-serve"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.file("bin/swiftlet-serve"))
        let result = try program.run(["serve", "--port", "0"], program: try moved(to: "libexec"))
        #expect(result.status == 0 && result.output == "serves --port 0\n", "\(result.error)")
    }

    @Test func `env tells libraries, limits and caches`() throws {
        var program = Program(files: folder)
        try FileSystem.createDirectory(folder.file("hub"))
        try AtomicFile.write(String(repeating: "x", count: 3_000_000), to: folder.file("hub/file"))
        program.environment = [
            "HF_HUB_CACHE": folder.file("hub"), "HF_HOME": folder.file("home"), "OMP_NUM_THREADS": "1",
        ]
        let result = try program.run(["env", "--json"])
        let json = try JSONValue(parsing: result.output)
        #expect(json["swiftlet"]?.string == swiftletVersion)
        #expect(json["libtorch"]?.array?.first?.string?.hasPrefix("2.") == true)
        #expect(json["libtorch"]?.array?.last?.string?.contains("libtorch_cpu") == true)
        #expect(json["arrow"]?.array?.last?.string?.contains("libarrow") == true)
        #expect(json["threads"]?.array?.first?.string == "1")
        #expect(json["threads"]?.array?.last?.string?.contains("OMP_NUM_THREADS=1") == true)
        // NCCL's version, or why there is none.
        let nccl = json["nccl"]
        #expect(nccl?.string?.first?.isNumber == true || nccl?.array?.first?.string == "none", "\(result.output)")
        #expect(json["processes"]?.string != nil)
        #expect(json["memory"]?.string?.hasSuffix(" GiB") == true)
        #expect(json["hub cache"]?.array?.map(\.string) == [folder.file("hub"), "3.0 MB; from HF_HUB_CACHE"])
        #expect(json["datasets cache"]?.array?.last?.string == "not there yet; from HF_HOME")
    }
}
