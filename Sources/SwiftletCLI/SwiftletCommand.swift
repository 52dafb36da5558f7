import ArgumentParser
import Swiftlet
import SwiftletCommandLine

/// `swiftlet` with all its commands: exit status 0 on success, 2 for a wrong command line, 1 for everything else.
@main
struct SwiftletCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        ofProgramWith: [
            QuickstartCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ServeCommand.self,
            QuantizeCommand.self, ReportCommand.self, CompareCommand.self, ReplayCommand.self, SweepCommand.self,
            TokenizeCommand.self, DatasetCommand.self, LaunchCommand.self, HubCommand.self, EnvironmentCommand.self,
            ManualCommand.self,
        ])

    static func main() {
        ProgramProcess.prepare()
        if let problem = ProgramProcess.unreadableArgument { endProgram(problem, status: 2) }
        if CommandLine.arguments.dropFirst().first == "serve" {
            endProgram(ServeCommand.start(Array(CommandLine.arguments.dropFirst(2))).description, status: 1)
        }
        let command: any ParsableCommand
        do {
            command = try parseAsRoot(normalized(Array(CommandLine.arguments.dropFirst())))
        } catch {
            ProgramProcess.end(of: Self.self, afterParsing: error)
        }
        do {
            var command = command
            // Also where a command does without the Trainer, libtorch's failures are errors.
            try withTensorErrors {
                try Kernels.readEnvironment()
                try command.run()
            }
            flushStandardOutput()
        } catch {
            ProgramProcess.end(of: Self.self, afterRunning: error)
        }
    }
}
