import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Every piece of Swift in README.md, docs/ and the documentation catalog is a part of a program that is built, or compiles on its own.
@Suite struct SnippetTests {
    private struct Snippet {
        let page: String
        /// Of its first line of code, from 1.
        let line: Int
        let code: String
    }

    /// What snippets may take for granted. A snippet that declares one of these itself means its own.
    private static let given = [
        "checkpoint: String", "raw: DatasetDict", "dataset: Dataset", "tokenizer: Tokenizer",
        "model: SequenceClassifier",
        "loader: DataLoader", "batch: ModelInputs", "trainer: Trainer",
    ]

    /// The model of a package that adds one, in docs/adding-a-model.md.
    private static let types = "typealias TulipModel = RobertaModel\n"

    private static func pages() throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(Locations.root)/docs")
        let catalog = "Sources/Swiftlet/Swiftlet.docc"
        let articles = try FileManager.default.contentsOfDirectory(atPath: "\(Locations.root)/\(catalog)")
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
            + articles.filter { $0.hasSuffix(".md") }.sorted().map { "\(catalog)/\($0)" }
    }

    private static func snippets(of page: String) throws -> [Snippet] {
        var snippets: [Snippet] = []
        var open: (line: Int, code: [Substring])?
        let text = try MappedFile.text("\(Locations.root)/\(page)")
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let (first, code) = open, line == "```" {
                snippets.append(Snippet(page: page, line: first, code: code.joined(separator: "\n")))
                open = nil
            } else if open != nil {
                open?.code.append(line)
            } else if line == "```swift" {
                open = (index + 2, [])
            }
        }
        return snippets
    }

    /// The Swift files of the package, without comments and each line without the blanks before it.
    private static func sources() throws -> [String] {
        let folders = ["Sources", "Tests", "Examples"]
        return try folders.flatMap { folder in
            let files = FileManager.default.enumerator(atPath: "\(Locations.root)/\(folder)")
            return try (files?.compactMap { $0 as? String } ?? []).filter {
                $0.hasSuffix(".swift") && !$0.contains(".docc/")
            }.map {
                file in
                stripped(try MappedFile.text("\(Locations.root)/\(folder)/\(file)"))
            }
        }
    }

    private static func stripped(_ code: String) -> String {
        code.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.hasPrefix("//") }.joined(separator: "\n")
    }

    /// Each snippet in a function of its own, with imports taken out, so that all compile at once.
    private static func program(_ snippets: [Snippet]) -> String {
        var text = "import Swiftlet\n" + types
        for (index, snippet) in snippets.enumerated() {
            let code = snippet.code.split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("import ") ? "" : $0 }.joined(separator: "\n")
            text += "func snippet\(index)(\(given.map { "_ \($0)" }.joined(separator: ", "))) async throws {\n"
            text += "#sourceLocation(file: \"\(snippet.page)\", line: \(snippet.line))\n\(code)\n#sourceLocation()\n}\n"
        }
        return text
    }

    /// What the compiler says of a file, given the modules that were built beside this test; `nil` for nothing.
    private static func complaints(about file: String, in build: String) throws -> String? {
        // Module maps of the C modules below ours: made by the build, of the packages, or our own.
        let made = try FileManager.default.contentsOfDirectory(atPath: build)
            .map { "\(build)/\($0)/module.modulemap" }
        let checkouts = "\(FileSystem.parent(of: FileSystem.parent(of: build)))/checkouts"
        let own = (FileManager.default.enumerator(atPath: checkouts)?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix("/include/module.modulemap") }.map { "\(checkouts)/\($0)" }
        let interfaces = ["CTorchInterface", "CArrowInterface"].map {
            "\(Locations.root)/Sources/\($0)/module.modulemap"
        }
        let maps = (made + own + interfaces).filter(FileSystem.exists).flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "swiftc", "-typecheck", "-swift-version", "6", "-enable-upcoming-feature", "ExistentialAny",
                "-I", "\(build)/Modules", "-suppress-warnings",
            ] + maps + [file]
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : text
    }

    /// Where this test's modules are.
    private static let build: String? = {
        let started = ProcessInfo.processInfo.arguments + [Bundle.main.executablePath ?? ""]
        let folders = started.flatMap { path in
            sequence(first: FileSystem.parent(of: path)) { $0.count > 1 ? FileSystem.parent(of: $0) : nil }.prefix(5)
        }
        return folders.first { FileSystem.exists("\($0)/Modules/Swiftlet.swiftmodule") }
    }()

    private static let hasCompiler =
        ProcessInfo.processInfo.environment["PATH"].map { path in
            path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/swiftc") }
        } ?? false

    @Test(.enabled(if: build != nil && hasCompiler, "there is no swiftc, or no built module Swiftlet beside the test"))
    func `every snippet of every page compiles`() throws {
        let build = try #require(Self.build)
        let all = try Self.pages().flatMap(Self.snippets)
        let sources = try Self.sources()
        let alone = all.filter { snippet in !sources.contains { $0.contains(Self.stripped(snippet.code)) } }
        #expect(all.count > 70 && alone.count > 4 && alone.contains { $0.page == "README.md" })
        let folder = try TemporaryDirectory()
        let file = folder.file("Snippets.swift")
        try AtomicFile.write(Self.program(alone), to: file)
        let complaints = try Self.complaints(about: file, in: build)
        #expect(complaints == nil, "\(complaints ?? "")")
        // The check itself: what the pages must not say is refused.
        let wrong = Snippet(page: "none", line: 1, code: "let loss: Tensor = model(batch).loss")
        try AtomicFile.write(Self.program([wrong]), to: file)
        #expect(try Self.complaints(about: file, in: build)?.contains("none:1:") == true)
    }

    /// The code of each step of the catalog's tutorials, which names the files, in order.
    private static func tutorials() throws -> [(name: String, steps: [Snippet])] {
        let catalog = "\(Locations.root)/Sources/Swiftlet/Swiftlet.docc"
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(catalog)/Tutorials").sorted()
        return try names.compactMap { name in
            let text = try MappedFile.text("\(catalog)/Tutorials/\(name)")
            let files = text.matches(of: /@Code\(name: "main.swift", file: ([a-z0-9-]+.swift)\)/).map { $0.output.1 }
            let steps = try files.map { file in
                Snippet(page: String(file), line: 1, code: try MappedFile.text("\(catalog)/Resources/\(file)"))
            }
            return steps.isEmpty ? nil : (name, steps)
        }
    }

    @Test func `each step of a tutorial goes on from the one before, and no file is left over`() throws {
        let tutorials = try Self.tutorials()
        #expect(tutorials.map(\.steps.count) == [8, 7])
        for (name, steps) in tutorials {
            for (before, after) in zip(steps, steps.dropFirst()) {
                #expect(
                    after.code.hasPrefix(before.code) && after.code.count > before.code.count,
                    "\(name): \(after.page) does not go on from \(before.page)")
            }
        }
        let folder = "\(Locations.root)/Sources/Swiftlet/Swiftlet.docc/Resources"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        #expect(Set(files) == Set(tutorials.flatMap { $0.steps.map(\.page) }))
    }

    /// The last step of each has all that the others have.
    @Test(.enabled(if: build != nil && hasCompiler, "there is no swiftc, or no built module Swiftlet beside the test"))
    func `the programs of the tutorials compile`() throws {
        let build = try #require(Self.build)
        let programs = try Self.tutorials().compactMap(\.steps.last)
        let folder = try TemporaryDirectory()
        let file = folder.file("Tutorials.swift")
        try AtomicFile.write(Self.program(programs), to: file)
        let complaints = try Self.complaints(about: file, in: build)
        #expect(complaints == nil, "\(complaints ?? "")")
    }

    @Test func `a snippet is found with its line`() throws {
        let snippets = try Self.snippets(of: "docs/datasets.md")
        let first = try #require(
            snippets.first { $0.code.hasPrefix("let tokenized = try raw.map(batched: true, cacheKey:") })
        #expect(snippets.count > 1)
        let line = try MappedFile.text("\(Locations.root)/docs/datasets.md").split(
            separator: "\n", omittingEmptySubsequences: false)[first.line - 1]
        #expect(first.code.hasPrefix(line))
    }
}
