import SwiftletIO
import SwiftletTestSupport
import Testing

/// The manual page, completions and colours.
@Suite(.serialized) struct ManualTests {
    let folder: TemporaryDirectory
    var program: Program

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
    }

    @Test func `the manual page has every command and option of the help`() throws {
        let page = try program.run(["manual"])
        #expect(page.status == 0 && page.output.hasPrefix(".TH SWIFTLET 1"))
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"] {
            #expect(page.output.contains("\n.SH \(section)\n"))
        }
        let description = try JSONValue(parsing: try program.run(["--experimental-dump-help"]).output)["command"]
        var count = 0
        func check(_ command: JSONValue, _ path: String) {
            let name = "\(path) \(command["commandName"]?.string ?? "")"
            if command["commandName"] == "help" { return }
            #expect(page.output.contains("\n.SS \(name.replacing("-", with: "\\-"))\n"), "\(name)")
            for argument in command["arguments"]?.array ?? [] {
                guard let option = argument["preferredName"]?["name"]?.string, !["help", "version"].contains(option)
                else { continue }
                #expect(page.output.contains("\\-\\-\(option.replacing("-", with: "\\-"))"), "\(name) --\(option)")
                count += 1
            }
            for below in command["subcommands"]?.array ?? [] { check(below, name) }
        }
        for command in description?["subcommands"]?.array ?? [] { check(command, "swiftlet") }
        #expect(count > 150)
        // No line of text begins a request by mistake.
        let requests = page.output.split(separator: "\n").filter { $0.hasPrefix(".") }.map { $0.prefix { $0 != " " } }
        #expect(
            Set(requests).isSubset(of: [
                ".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BR", ".I", ".RI", ".nh", ".ad", ".nf", ".fi",
            ]))
        #expect(!page.output.contains("\n'"))
    }

    @Test(.enabled(if: FileSystem.exists("/usr/bin/groff"), "groff is not installed"))
    func `groff has nothing to say against it`() throws {
        try AtomicFile.write(try program.run(["manual"]).output, to: folder.file("swiftlet.1"))
        let result = try program.run(
            ["-c", "groff -man -ww -Tutf8 '\(folder.file("swiftlet.1"))' 2>&1 >/dev/null"], program: "/bin/sh")
        #expect(result.output.isEmpty, "\(result.output)")
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func `completions know commands and options`(shell: String) throws {
        let script = try program.run(["--generate-completion-script", shell])
        #expect(script.status == 0 && script.error.isEmpty)
        for word in ["train", "evaluate", "predict", "per-device-train-batch-size", "token-classification"] {
            #expect(script.output.contains(word), "\(shell): \(word)")
        }
        let path = shell == "fish" ? "/usr/bin/fish" : shell == "zsh" ? "/usr/bin/zsh" : "/bin/bash"
        guard FileSystem.exists(path) else { return }
        try AtomicFile.write(script.output, to: folder.file("script"))
        #expect(try program.run(["-n", folder.file("script")], program: path).status == 0)
    }

    @Test func `colours are for terminals, or where they are asked for`() throws {
        var program = program
        func error(_ environment: [String: String]) throws -> String {
            program.environment = environment
            return try program.run(["train", "--modle", "x"]).error
        }
        let none = ["NO_COLOR": "", "FORCE_COLOR": "", "CLICOLOR_FORCE": ""]
        #expect(try error(none).hasPrefix("error:"))
        for name in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
            #expect(try error(none.merging([name: "1"]) { $1 }).hasPrefix("\u{1B}[1;31merror:\u{1B}[0m"))
            #expect(try error(none.merging([name: "1", "NO_COLOR": "1"]) { $1 }).hasPrefix("error:"))
        }
    }
}
