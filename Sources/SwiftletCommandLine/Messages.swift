import ArgumentParser
package import Logging
import SwiftletIO
import SwiftletRunLog

#if canImport(Darwin)
@preconcurrency import Darwin
#else
@preconcurrency import Glibc
#endif

/// A command line that names an option wrongly.
package struct UsageError: SwiftletError {
    package var message: String
    package var remedy: String?

    package init(message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }
}

/// Checks options where the command line is read. What is wrong keeps its remedy, which ArgumentParser would leave out.
package func checkingOptions(_ check: () throws -> Void) throws {
    do { try check() } catch let error as any SwiftletError {
        throw ValidationError(error.commandLineDescription)
    }
}

/// Writes a text as it is; what can't be written is lost.
package func writeToStandardError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Says what the user may want to know, once for all processes of a launch.
package func noteOnStandardError(_ text: String) {
    // One of several processes is enough.
    if let rank = Machine.environment("RANK"), rank != "0" { return }
    writeToStandardError(TerminalStyle.standardError.message("note: \(text)") + "\n")
}

/// Lets a reader at the other end of a pipe have what was printed. Where it can't be written, the program ends with an
/// error: results that a full disk swallows must not look like success.
package func flushStandardOutput() {
    guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
    let reason = errno == 0 ? "" : ": \(String(cString: strerror(errno)))"
    endProgram("error: what was printed can't be written to standard output\(reason)", status: 1)
}

/// Prints what a command has to say, and lets a reader at the other end of a pipe or of a file have it at once: what follows
/// may take minutes, or be the output of another process. Long listings are printed whole and flushed at their end.
package func say(_ text: String, terminator: String = "\n") {
    print(text, terminator: terminator)
    flushStandardOutput()
}

/// Ends the program with a message on standard error.
package func endProgram(_ message: String, status: Int32) -> Never {
    writeToStandardError(TerminalStyle.standardError.message(message.shown(keepsLines: true)) + "\n")
    exit(status)
}

/// Writes log messages as plain lines to standard error; results go to standard output.
package struct ConsoleLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info

    package init() {}

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let prefix = event.level == .notice ? "note: " : event.level >= .warning ? "\(event.level): " : ""
        let text = prefix + "\(event.message)".shown(keepsLines: true)
        writeToStandardError(TerminalStyle.standardError.message(text) + "\n")
    }
}
