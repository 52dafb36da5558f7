import ArgumentParser
import Swiftlet
import SwiftletIO

/// The manual page of the program in man(7)'s macros, made of the options themselves: ArgumentParser's own description of
/// all commands, so that the page has what `--help` has.
struct ManualPage {
    private let root: JSONValue

    init() throws { root = try JSONValue(parsing: SwiftletCommand._dumpHelp())["command"] ?? .null }

    var text: String {
        var page = ".TH SWIFTLET 1 \"\" \"Swiftlet \(Self.escaped(swiftletVersion))\" \"User Commands\"\n"
        // Names of options are not hyphenated.
        page += ".nh\n.ad l\n"
        page += ".SH NAME\nswiftlet \\- \(Self.escaped(Self.sentence(root["abstract"]?.string ?? "")))\n"
        page += ".SH SYNOPSIS\n.B swiftlet\n.I command\n.RI [ option ...]\n"
        page += ".SH DESCRIPTION\n" + Self.paragraphs(root["discussion"]?.string)
        page += ".SH COMMANDS\n"
        for command in Self.commands(of: root) { page += section(command, path: "swiftlet") }
        page += Self.rest
        return page
    }

    /// A command with its options, and the commands below it.
    private func section(_ command: JSONValue, path: String) -> String {
        let name = "\(path) \(command["commandName"]?.string ?? "")"
        var text = ".SS \(Self.escaped(name))\n"
        text += Self.paragraphs(command["abstract"]?.string)
        text += Self.paragraphs(command["discussion"]?.string)
        var title: String?
        for argument in command["arguments"]?.array ?? [] where Self.isShown(argument) {
            // What every command has is no news.
            if argument["valueName"]?.string == "help" || argument["valueName"]?.string == "version" { continue }
            let next = argument["sectionTitle"]?.string
            if next != title, let next { text += ".PP\n.I \(Self.escaped(next))\n" }
            title = next
            text += ".TP\n\(Self.head(argument))\n\(Self.line(Self.explanation(argument)))\n"
        }
        for below in Self.commands(of: command) { text += section(below, path: name) }
        return text
    }

    private static func commands(of command: JSONValue) -> [JSONValue] {
        (command["subcommands"]?.array ?? []).filter { isShown($0) && $0["commandName"]?.string != "help" }
    }

    private static func isShown(_ value: JSONValue) -> Bool { value["shouldDisplay"]?.bool != false }

    /// `--name value`, as it is typed.
    private static func head(_ argument: JSONValue) -> String {
        let value = escaped(argument["valueName"]?.string ?? "value")
        let dots = argument["isRepeating"]?.bool == true ? " ..." : ""
        let names = (argument["names"]?.array ?? []).compactMap { name -> String? in
            name["name"]?.string.map { (name["kind"]?.string == "short" ? "-" : "--") + $0 }
        }
        guard !names.isEmpty else { return "\\fI\(value)\\fR\(dots)" }
        let spelled = names.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
        return argument["kind"]?.string == "flag" ? spelled : "\(spelled) \\fI\(value)\\fR\(dots)"
    }

    private static func explanation(_ argument: JSONValue) -> String {
        var parts = [argument["abstract"]?.string ?? ""]
        if let text = argument["discussion"]?.string { parts.append(text) }
        if let usual = argument["defaultValue"]?.string, argument["kind"]?.string != "flag",
            !parts[0].contains("(default:")
        {
            parts.append("(default: \(usual))")
        }
        let choices = argument["allValues"]?.array?.compactMap(\.string) ?? []
        if !choices.isEmpty, !parts[0].contains(choices[0]) {
            parts.append("One of \(choices.joined(separator: ", ")).")
        }
        let text = parts.filter { !$0.isEmpty }.joined(separator: " ")
        return text.isEmpty ? "See the command's description." : text
    }

    /// The parts that no command has.
    private static var rest: String {
        """
        .SH EXIT STATUS
        0 on success, 2 for a wrong command line, 1 for everything else.
        .SH ENVIRONMENT
        .TP
        .BR HF_HOME ", " HF_HUB_CACHE ", " HF_DATASETS_CACHE
        Where downloads and prepared datasets are kept; Python's libraries use the same folders.
        .TP
        .BR HF_TOKEN ", " HF_ENDPOINT ", " HF_HUB_OFFLINE
        The token for the Hub, another Hub, and whether to ask none.
        .TP
        .B OMP_NUM_THREADS
        Threads of the CPU.
        .TP
        .B SWIFTLET_PRODUCTS
        What multiplies float32 in the fused kernels: own, library (libtorch's), or auto, the faster.
        .TP
        .BR NO_COLOR ", " CLICOLOR_FORCE ", " FORCE_COLOR
        Switch colours off, or on also where the output is no terminal.
        .SH EXAMPLES
        .nf
        \(escaped("swiftlet train --model M --train-file messages.csv --validation-split 0.1 --output-dir out"))
        \(escaped("swiftlet evaluate --model out --validation-file more.csv --errors wrong.csv"))
        \(escaped("swiftlet predict --model out --file new.csv --output answers.csv"))
        .fi

        """
    }

    // MARK: roff

    /// Text of several paragraphs; `nil` gives nothing.
    private static func paragraphs(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "" }
        var blocks: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { blocks.append([]) } else { blocks[blocks.count - 1].append(line) }
        }
        return blocks.filter { !$0.isEmpty }.map { ".PP\n\(line($0.joined(separator: " ")))\n" }.joined()
    }

    /// A line of text, which neither begins a request nor has any inside.
    private static func line(_ text: String) -> String {
        let escaped = escaped(text.replacing("\n", with: " "))
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&\(escaped)" : escaped
    }

    /// Backslashes and the signs that roff changes: dashes, quotes, carets and tildes are shown as they are typed.
    private static func escaped(_ text: String) -> String {
        text.map { character -> String in
            switch character {
            case "\\": "\\e"
            case "-": "\\-"
            case "'": "\\(aq"
            case "`": "\\(ga"
            case "^": "\\(ha"
            case "~": "\\(ti"
            case "\"": "\\(dq"
            default: String(character)
            }
        }.joined()
    }

    /// Without the dot at its end, and with a small letter, as manual pages have it.
    private static func sentence(_ text: String) -> String {
        let text = text.hasSuffix(".") ? String(text.dropLast()) : text
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
