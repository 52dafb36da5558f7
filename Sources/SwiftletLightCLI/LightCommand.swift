import ArgumentParser
import SwiftletCommandLine
import SwiftletIO

/// `swiftlet` without libtorch, which takes most of the time that a program with it needs to start. What it can't do
/// itself, the full program does in its place: see `FullProgram`.
///
/// It answers only what it is sure of: its own commands where their options are right, and help. Anything else, wrong
/// command lines included, is the full program's, so that there is one answer to each.
@main
struct LightCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        ofProgramWith: CommandTitles.all.map { title in
            own.first { $0.configuration.commandName == title.name } ?? listed(title)
        })

    private static let own: [any ParsableCommand.Type] = [LightTokenizeCommand.self, DatasetCommand.self]

    private static func listed<Title: CommandTitle>(_ title: Title.Type) -> any ParsableCommand.Type {
        ListedCommand<Title>.self
    }

    static func main() {
        guard let command = ownCommand(Array(CommandLine.arguments.dropFirst())) else { FullProgram.takeOver() }
        do {
            var command = command
            try command.run()
            flushStandardOutput()
        } catch {
            ProgramProcess.end(of: Self.self, afterRunning: error)
        }
    }

    /// The command that this program does itself; `nil` where the full one has to look.
    private static func ownCommand(_ words: [String]) -> (any ParsableCommand)? {
        let isOwn = own.contains { $0.configuration.commandName == words.first }
        guard isOwn || [[], ["help"], ["-h"], ["--help"], ["--version"]].contains(words),
            ProgramProcess.unreadableArgument == nil, let words = normalized(words)
        else { return nil }
        ProgramProcess.prepare()
        do { return try parseAsRoot(words) } catch {
            guard exitCode(for: error) == .success else { return nil }
            ProgramProcess.end(of: Self.self, afterParsing: error)
        }
    }

    /// The command line for ArgumentParser, as the full program makes it; `nil` where that takes knowledge of other
    /// options than the command's.
    private static func normalized(_ words: [String]) -> [String]? {
        guard let (shape, count) = try? CommandShape.find(words, of: Self.self, isValueOrFlag: { _ in false }) else {
            return nil
        }
        let end = words[count...].firstIndex(of: "--") ?? words.endIndex
        let given = GivenArguments(Array(words[count..<end]), shape) { _ in .list }
        let isKnown = given.options.allSatisfy {
            shape.options[$0.name] != nil && !CommandShape.ofArgumentParser.contains($0.name)
        }
        guard isKnown, let options = try? given.commandLine() else { return nil }
        return words[..<count] + given.others + options + words[end...]
    }
}

/// A command of the full program, for the list in the help.
private struct ListedCommand<Title: CommandTitle>: ParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(Title.self) }
}

/// `swiftlet tokenize` for models on this machine. Names on the Hub need the network, and that the full program.
private struct LightTokenizeCommand: ParsableCommand {
    static let configuration = TokenizeOptions.configuration

    @OptionGroup var options: TokenizeOptions

    func run() throws {
        let folder = FileSystem.expandingTilde(options.model)
        guard FileSystem.isDirectory(folder) else { FullProgram.takeOver() }
        try options.run(folder: folder)
    }
}
