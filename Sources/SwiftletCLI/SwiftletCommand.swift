import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO

#if canImport(Darwin)
@preconcurrency import Darwin
#else
@preconcurrency import Glibc
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
            QuickstartCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ServeCommand.self,
            QuantizeCommand.self, ReportCommand.self, CompareCommand.self, ReplayCommand.self, SweepCommand.self,
            TokenizeCommand.self, DatasetCommand.self, LaunchCommand.self, HubCommand.self, EnvironmentCommand.self,
            ManualCommand.self,
        ])

    static func main() {
        // A reader that goes away, as in `swiftlet tokenize | head`, ends the program quietly.
        signal(SIGPIPE, SIG_DFL)
        // A file that may not grow is an error of the write, which says more than the signal.
        signal(SIGXFSZ, SIG_IGN)
        LoggingSystem.bootstrap { _ in ConsoleLogHandler() }
        checkArguments()
        if CommandLine.arguments.dropFirst().first == "serve" {
            fail(ServeCommand.start(Array(CommandLine.arguments.dropFirst(2))).description, status: 1)
        }
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
            fail(errorText(text), status: 2)
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
            if exitCode(for: error) == .success {
                print(fullMessage(for: error))
                terminate(0)
            }
            if let error = error as? UsageError { fail(error.description, status: 2) }
            if error is ValidationError { fail(errorText(fullMessage(for: error)), status: 2) }
            AtomicFile.removeTemporaries()
            let text = (error as? any SwiftletError)?.commandLineDescription ?? String(describing: error)
            fail("error: \(text)", status: 1)
        }
    }

    /// Every error begins alike, whoever found it.
    private static func errorText(_ text: String) -> String {
        guard text.hasPrefix("Error: ") else { return text }
        let message = String(text.dropFirst("Error: ".count))
        return message.hasPrefix("error: ") ? message : "error: \(message)"
    }

    /// An argument that is not UTF-8 would be changed on its way here, and then name another file.
    private static func checkArguments() {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeRawBufferPointer(start: argument, count: strlen(argument))
            if String(validating: bytes, as: UTF8.self) == nil {
                fail(
                    "Argument \(index) is not UTF-8: '\(String(cString: argument))'. Rename the file or folder.",
                    status: 2)
            }
        }
    }

    static func fail(_ message: String, status: Int32) -> Never {
        writeToStandardError(TerminalStyle.standardError.message(message.shown(keepsLines: true)) + "\n")
        terminate(status)
    }
}

/// The C function; the protocol's method of the same name hides it inside commands.
private func terminate(_ status: Int32) -> Never { exit(status) }

/// Lets a reader at the other end of a pipe have what was printed. Where it can't be written, the program ends with an
/// error: results that a full disk swallows must not look like success.
func flushStandardOutput() {
    guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
    let reason = errno == 0 ? "" : ": \(String(cString: strerror(errno)))"
    SwiftletCommand.fail("error: what was printed can't be written to standard output\(reason)", status: 1)
}

func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

package func noteOnStandardError(_ text: String) {
    // One of several processes is enough.
    if let rank = Machine.environment("RANK"), rank != "0" { return }
    writeToStandardError(TerminalStyle.standardError.message("note: \(text)") + "\n")
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
        let prefix = event.level == .notice ? "note: " : event.level >= .warning ? "\(event.level): " : ""
        let text = prefix + "\(event.message)".shown(keepsLines: true)
        writeToStandardError(TerminalStyle.standardError.message(text) + "\n")
    }
}
