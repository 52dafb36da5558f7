package import ArgumentParser
import SwiftletIO

/// Which options a command has, as ArgumentParser tells it: what a command line is compared with before it is parsed.
package struct CommandShape {
    /// How an option is written: alone, with a value, with or without one, or with several.
    package enum Form { case flag, value, valueOrFlag, list }

    /// As it is called, such as `hub download`.
    package let path: String
    /// By name, without dashes.
    package let options: [String: Form]

    /// What ArgumentParser itself takes, of every command.
    package static let ofArgumentParser = ["generate-completion-script", "help-hidden", "experimental-dump-help"]

    /// The command that the first words name, and how many words these are.
    ///
    /// - Parameters:
    ///   - root: the program.
    ///   - isValueOrFlag: whether the value of an option, named without dashes, may be left out.
    /// - Throws: `UsageError` for a word that is no command.
    package static func find(
        _ words: [String], of root: any ParsableCommand.Type, isValueOrFlag: (String) -> Bool
    ) throws -> (shape: CommandShape, count: Int) {
        var (command, path, count): (any ParsableCommand.Type, [String], Int) = (root, [], 0)
        while count < words.count, !words[count].hasPrefix("-") {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, words[count] != "help" else { break }
            guard let next = subcommands.first(where: { name(of: $0) == words[count] }) else {
                let names = subcommands.map(name(of:))
                let near = nearestName(to: words[count], among: names).map { "Did you mean '\($0)'?" }
                let place = path.isEmpty ? "" : " of '\(path.joined(separator: " "))'"
                throw UsageError(
                    message: "error: there is no command '\(words[count])'\(place)",
                    remedy: near ?? "Commands are \(names.joined(separator: ", ")).")
            }
            command = next
            path.append(words[count])
            count += 1
        }
        return (try CommandShape(command, path: path, isValueOrFlag: isValueOrFlag), count)
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? String(describing: command).lowercased()
    }

    /// Asks ArgumentParser for the options of a command.
    ///
    /// - Throws: `JSONError` where its answer is none.
    package init(
        _ command: any ParsableCommand.Type, path: [String], isValueOrFlag: (String) -> Bool
    ) throws {
        self.path = path.joined(separator: " ")
        var options: [String: Form] = ["help": .flag, "version": .flag]
        let description = try JSONValue(parsing: command._dumpHelp())
        for argument in description["command"]?["arguments"]?.array ?? [] {
            let form: Form =
                switch argument["kind"]?.string {
                case "flag": .flag
                case "option": argument["isRepeating"] == true ? .list : .value
                default: .list
                }
            for name in argument["names"]?.array ?? [] where name["kind"]?.string != "short" {
                guard let text = name["name"]?.string else { continue }
                options[text] = isValueOrFlag(text) ? .valueOrFlag : form
            }
        }
        for name in Self.ofArgumentParser { options[name] = .list }
        self.options = options
    }
}
