import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `swiftlet`: exit status 0 on success, 2 for a wrong command line, 1 for everything else.
@main
struct SwiftletCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "Fine-tunes pretrained transformers.",
        discussion: """
            Options may be written as --per-device-train-batch-size or --per_device_train_batch_size. Those of Python's \
            scripts are taken too, or refused with the reason.
            """,
        version: swiftletVersion,
        subcommands: [
            QuickstartCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self,
            TokenizeCommand.self, DatasetCommand.self, LaunchCommand.self, HubCommand.self, EnvironmentCommand.self,
        ])

    static func main() {
        // A reader that goes away, as in `swiftlet tokenize | head`, ends the program quietly.
        signal(SIGPIPE, SIG_DFL)
        // A file that may not grow is an error of the write, which says more than the signal.
        signal(SIGXFSZ, SIG_IGN)
        LoggingSystem.bootstrap { _ in ConsoleLogHandler() }
        let command: any ParsableCommand
        do {
            command = try parseAsRoot(normalized(Array(CommandLine.arguments.dropFirst())))
        } catch let error as UsageError {
            fail(error.description, status: 2)
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error) == .success {
                print(text)
                terminate(0)
            }
            fail(text, status: 2)
        }
        do {
            var command = command
            try command.run()
        } catch {
            if exitCode(for: error) == .success {
                print(fullMessage(for: error))
                terminate(0)
            }
            if let error = error as? UsageError { fail(error.description, status: 2) }
            if error is ValidationError { fail(fullMessage(for: error), status: 2) }
            AtomicFile.removeTemporaries()
            fail("error: \((error as? any SwiftletError)?.description ?? String(describing: error))", status: 1)
        }
    }

    static func fail(_ message: String, status: Int32) -> Never {
        writeToStandardError(message + "\n")
        terminate(status)
    }
}

/// The C function; the protocol's method of the same name hides it inside commands.
private func terminate(_ status: Int32) -> Never { exit(status) }

func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Writes log messages as plain lines to standard error; results go to standard output.
struct ConsoleLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let prefix = event.level >= .warning ? "\(event.level): " : ""
        writeToStandardError("\(prefix)\(event.message)\n")
    }
}
