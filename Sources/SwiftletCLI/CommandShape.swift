import ArgumentParser
import Swiftlet
import SwiftletIO

/// Which options a command has, as ArgumentParser tells it: what a command line is compared with before it is parsed.
struct CommandShape {
    enum Form { case flag, value, valueOrFlag, list }

    /// As it is called, such as `hub download`.
    let path: String
    /// By name, without dashes.
    let options: [String: Form]

    /// The command that the first words name, and how many words these are.
    ///
    /// - Throws: `UsageError` for a word that is no command.
    static func find(_ words: [String]) throws -> (shape: CommandShape, count: Int) {
        var (command, path, count): (any ParsableCommand.Type, [String], Int) = (SwiftletCommand.self, [], 0)
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
        return (try CommandShape(command, path: path), count)
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? String(describing: command).lowercased()
    }

    /// What `swiftlet train` takes, which has the most.
    static func ofTraining() throws -> CommandShape { try CommandShape(TrainCommand.self, path: ["train"]) }

    private init(_ command: any ParsableCommand.Type, path: [String]) throws {
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
                let table = TrainingArgument.named(text.replacing("-", with: "_"))
                options[text] = table?.form == .valueOrFlag ? .valueOrFlag : form
            }
        }
        // What ArgumentParser itself takes.
        for name in ["generate-completion-script", "help-hidden", "experimental-dump-help"] { options[name] = .list }
        self.options = options
    }
}
