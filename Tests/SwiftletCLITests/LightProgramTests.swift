import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// The light program that stands in front of `swiftlet`: it says the same, or lets the full one say it.
@Suite(.serialized) struct LightProgramTests {
    let folder: TemporaryDirectory
    var program: Program

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        program.environment = ["HF_HOME": folder.file("home")]
        try FileSystem.createDirectory(folder.file("bin"))
        try FileSystem.createDirectory(folder.file("libexec"))
        let built = FileSystem.join(FileSystem.parent(of: Program.path), "swiftlet-light")
        try FileManager.default.copyItem(atPath: built, toPath: folder.file("bin/swiftlet"))
    }

    private func light(_ arguments: [String], input: String = "") throws -> Program.Result {
        let url = URL(fileURLWithPath: folder.file("bin/swiftlet"))
        return try program.wait(for: try program.start(arguments, input: input, program: url))
    }

    /// Puts a shell script in the place of the full program.
    private func installScript(_ text: String) throws {
        try AtomicFile.write("#!/bin/sh\n\(text)\n", to: folder.file("libexec/swiftlet"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file("libexec/swiftlet"))
    }

    private func installFullProgram() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("libexec/swiftlet"), withDestinationPath: Program.path)
    }

    private func expectSame(_ arguments: [String], input: String = "") throws {
        let (own, full) = (try light(arguments, input: input), try program.run(arguments, input: input))
        #expect(own.status == full.status && own.signal == full.signal, "\(arguments): \(own.error)")
        #expect(own.output == full.output, "\(arguments)")
        #expect(own.error == full.error, "\(arguments)")
    }

    @Test(arguments: [
        [], ["help"], ["-h"], ["--help"], ["--version"], ["tokenize", "--help"], ["tokenize", "-h"], ["dataset"],
        ["dataset", "--help"], ["dataset", "info", "--help"], ["dataset", "head", "--help"],
        ["dataset", "convert", "--help"],
    ]) func `it knows the help of the full program by itself`(arguments: [String]) throws {
        try expectSame(arguments)
        #expect(try light(arguments).status == 0)
    }

    @Test(.enabled(if: FileSystem.isDirectory(Locations.miniLM), "scripts/bootstrap has not fetched MiniLM"))
    func `it tokenizes by itself`() throws {
        let text = "Hello, world!\nA pair\tof texts\n\nlast, without an end"
        for options in [[], ["--max-length", "4"], ["--max_length=4"], ["--max-length", "4", "--max-length", "5"]] {
            try expectSame(["tokenize", "--model", Locations.miniLM] + options, input: text)
        }
        let cut = try light(["tokenize", "--model", Locations.miniLM, "--max_length=4"], input: "Hello, world!\n")
        #expect(
            cut.output == """
                {"input_ids": [101, 7592, 1010, 102], "token_type_ids": [0, 0, 0, 0], "attention_mask": [1, 1, 1, 1]}

                """)
        // What is wrong with the model is found by both.
        try expectSame(["tokenize", "--model", folder.file("bin")])
        #expect(try light(["tokenize", "--model", folder.file("bin")]).status == 1)
    }

    @Test func `it reads datasets by itself`() throws {
        let data = folder.file("data.csv")
        try AtomicFile.write("text,label\none,0\n\"two, three\",1\nfour,0\n", to: data)
        for arguments in [
            ["info", data], ["head", data, "--rows", "2"], ["head", data, "-n", "1", "--json"],
            ["head", "--columns", "label", "--", data], ["head", data, "--no_header", "--column-names", "a", "b"],
            ["info", folder.file("nothing.csv")], ["head", data, "--columns", "body"],
        ] {
            try expectSame(["dataset"] + arguments)
        }
        #expect(try light(["dataset", "head", data, "--json"]).output.hasPrefix(#"{"text":"one","label":0}"#))
        let converted = try light(["dataset", "convert", data, folder.file("data.jsonl")])
        #expect(converted.status == 0, "\(converted.error)")
        #expect(
            try MappedFile.text(folder.file("data.jsonl")) == """
                {"text":"one","label":0}
                {"text":"two, three","label":1}
                {"text":"four","label":0}

                """)
    }

    @Test(arguments: [
        ["fly"], ["env", "--json"], ["train", "--model", "a b", ""], ["help", "train"], ["train", "--help"],
        ["tokenize"], ["tokenize", "--modle", "m"], ["tokenize", "--model", "no/folder"],
        ["tokenize", "--model", "m", "--max-length", "many"], ["tokenize", "--experimental-dump-help"],
        ["dataset", "head"], ["dataset", "fly"], ["dataset", "help", "info"], ["dataset", "head", "d", "--rows", "-1"],
        ["dataset", "head", "d", "--json", "perhaps"], ["dataset", "info", "d", "--delimiter", "long"],
        ["--generate-completion-script", "bash"], ["---completion", "x"],
    ]) func `everything else is the full program's, as it was given`(arguments: [String]) throws {
        try installScript(#"printf '%s|' "$@"; printf '%s' "$GREETING"; cat; echo problem >&2; exit 7"#)
        var copy = self
        copy.program.environment["GREETING"] = "good day"
        let result = try copy.light(arguments, input: "lines")
        #expect(result.output == arguments.map { $0 + "|" }.joined() + "good day" + "lines")
        #expect(result.error == "problem\n" && result.status == 7 && result.signal == nil)
    }

    @Test func `an argument that is not UTF-8 reaches the full program unchanged`() throws {
        try installScript(#"printf '%s' "$2" | od -An -tx1"#)
        let result = try program.run(
            ["-c", "exec '\(folder.file("bin/swiftlet"))' tokenize \"$(printf 'a\\377b')\""], program: "/bin/sh")
        #expect(result.output == " 61 ff 62\n", "\(result.error)")
    }

    @Test func `a signal that ends the full program ends this one`() throws {
        // Other signals may be ignored where the tests were started.
        try installScript("kill -KILL $$")
        let result = try light(["env"])
        #expect(result.signal == SIGKILL)
    }

    @Test func `errors, launched commands and completions are the full program's`() throws {
        try installFullProgram()
        try expectSame(["fly"])
        try expectSame(["tokenize", "--modle", "m"])
        try expectSame(["--generate-completion-script", "fish"])
        let launched = try light(["launch", "--nproc-per-node", "1", "--", "dataset", "--help"])
        let help = try light(["dataset", "--help"])
        #expect(launched.status == 0 && launched.output == help.output, "\(launched.error)")
    }

    @Test func `without the full program, the error names where it was looked for`() throws {
        let expected = """
            error: the full swiftlet is not at '\(folder.file("libexec/swiftlet"))'
            Install swiftlet again, with all its folders.

            """
        let missing = try light(["env"])
        #expect(missing.status == 1 && missing.signal == nil && missing.error == expected)
        // A link to the light program itself is no full one.
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("libexec/swiftlet"), withDestinationPath: folder.file("bin/swiftlet"))
        let itself = try light(["env"])
        #expect(itself.status == 1 && itself.error == expected, "\(itself.error)")
        // What can't be started is said too.
        try FileSystem.remove(folder.file("libexec/swiftlet"))
        try AtomicFile.write("no program", to: folder.file("libexec/swiftlet"))
        let broken = try light(["env"])
        #expect(broken.status == 1 && broken.error.contains("'\(folder.file("libexec/swiftlet"))', can't be started"))
    }
}
