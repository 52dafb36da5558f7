package import ArgumentParser
import Logging
import SwiftletIO

#if canImport(Darwin)
@preconcurrency import Darwin
#else
@preconcurrency import Glibc
#endif

/// This process as a program of the command line: how it begins, and how it ends. Exit status 0 is success, 2 a wrong
/// command line, 1 everything else.
package enum ProgramProcess {
    /// Makes signals and log messages what a program of the command line needs.
    package static func prepare() {
        // A reader that goes away, as in `swiftlet tokenize | head`, ends the program quietly.
        signal(SIGPIPE, SIG_DFL)
        // A file that may not grow is an error of the write, which says more than the signal.
        signal(SIGXFSZ, SIG_IGN)
        LoggingSystem.bootstrap { _ in ConsoleLogHandler() }
    }

    /// Why the arguments can't be read, if they can't: one that is not UTF-8 would be changed on its way here, and then
    /// name another file.
    package static var unreadableArgument: String? {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeRawBufferPointer(start: argument, count: strlen(argument))
            if String(validating: bytes, as: UTF8.self) == nil {
                return "Argument \(index) is not UTF-8: '\(String(cString: argument))'. Rename the file or folder."
            }
        }
        return nil
    }

    /// The file that this process runs, links resolved; `nil` where the system does not tell it.
    package static var path: String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4097) { buffer in
            #if canImport(Darwin)
            var size = UInt32(4096)
            guard _NSGetExecutablePath(buffer.baseAddress!, &size) == 0 else { return nil }
            #else
            let count = readlink("/proc/self/exe", buffer.baseAddress!, 4096)
            guard count > 0 else { return nil }
            buffer[count] = 0
            #endif
            return String(cString: buffer.baseAddress!)
        }
    }

    /// Ends the program after its command line was read: with the help that was asked for, or with what is wrong.
    package static func end(of root: any ParsableCommand.Type, afterParsing error: any Error) -> Never {
        if let error = error as? UsageError { endProgram(error.description, status: 2) }
        let text = root.fullMessage(for: error)
        if root.exitCode(for: error) == .success {
            print(text)
            exit(0)
        }
        endProgram(errorText(text), status: 2)
    }

    /// Ends the program after a command has failed, or has asked for its help.
    package static func end(of root: any ParsableCommand.Type, afterRunning error: any Error) -> Never {
        if root.exitCode(for: error) == .success {
            print(root.fullMessage(for: error))
            exit(0)
        }
        // What a command had to say it has said; only its status is left.
        if let code = error as? ExitCode {
            flushStandardOutput()
            exit(code.rawValue)
        }
        if let error = error as? UsageError { endProgram(error.description, status: 2) }
        if error is ValidationError { endProgram(errorText(root.fullMessage(for: error)), status: 2) }
        AtomicFile.removeTemporaries()
        let text = (error as? any SwiftletError)?.commandLineDescription ?? String(describing: error)
        endProgram("error: \(text)", status: 1)
    }

    /// Every error begins alike, whoever found it.
    private static func errorText(_ text: String) -> String {
        guard text.hasPrefix("Error: ") else { return text }
        let message = String(text.dropFirst("Error: ".count))
        return message.hasPrefix("error: ") ? message : "error: \(message)"
    }
}
