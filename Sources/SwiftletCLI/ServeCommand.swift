import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `swiftlet serve`: becomes the program `swiftlet-serve`, which is built apart because of the network stack in it.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Serve.self,
        discussion: """
            swiftlet serve --model out/mrpc

            It starts the program swiftlet-serve with the same options; swiftlet serve --help lists them.
            """)

    @Argument(parsing: .captureForPassthrough, help: "Options of swiftlet-serve.") var arguments: [String] = []

    /// Is not reached: `start` is called before options are read, which are another program's.
    func run() throws { throw Self.start(arguments) }

    /// Becomes the server.
    ///
    /// - Returns: why it can't.
    static func start(_ arguments: [String]) -> UsageError {
        let own = ProgramProcess.path.map { FileSystem.parent(of: $0) }
        // Where both are installed, this program is in `libexec` and the server in `bin`.
        let installed = own.map { FileSystem.join(FileSystem.parent(of: $0), "bin") }
        let folders =
            [own, installed].compactMap(\.self)
            + (Machine.environment("PATH") ?? "").split(separator: ":").map(String.init)
        let program = folders.map { FileSystem.join($0, "swiftlet-serve") }.first { access($0, X_OK) == 0 }
        guard let program else {
            return UsageError(
                message: "error: the program swiftlet-serve is neither beside swiftlet nor on the PATH",
                remedy: "Build it: swift build -c release --product swiftlet-serve")
        }
        signal(SIGXFSZ, SIG_DFL)
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        execv(program, words)
        let reason = String(cString: strerror(errno))
        words.forEach { free($0) }
        return UsageError(message: "error: '\(program)' can't be started: \(reason)")
    }
}
