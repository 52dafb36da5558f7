import SwiftletIO

// The list of environment variables is a global variable, which nothing here changes.
#if canImport(Darwin)
@preconcurrency import Darwin
#else
@preconcurrency import Glibc
#endif

/// A process that the launcher started, with the standard streams of this one.
struct ChildProcess: Sendable {
    enum End: Equatable {
        case exit(Int32)
        case signal(Int32)

        var isSuccess: Bool { self == .exit(0) }

        /// Reads on after the name of a rank.
        var text: String {
            switch self {
            case .exit(let status): "ended with exit status \(status)"
            case .signal(let number):
                "was ended by signal \(number) (\(strsignal(number).map { String(cString: $0) } ?? "unknown"))"
            }
        }
    }

    let id: pid_t

    /// Starts a program in a process group of its own: Ctrl-C reaches the launcher only, which passes it on once.
    ///
    /// - Parameter log: a file for what it prints, in place of this process's streams.
    /// - Throws: `LaunchError` if there is no such program.
    init(_ command: [String], environment: [String: String], log: String? = nil) throws {
        var attributes = posix_spawnattr_t()
        guard posix_spawnattr_init(&attributes) == 0 else { throw LaunchError("no memory to start a process") }
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals that the launcher ignores or blocks would stay so in the child.
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP))
        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        guard let program = arguments[0] else { throw LaunchError("no memory to start a process") }
        var id: pid_t = 0
        let status: Int32
        if let log {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o666)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
            status = posix_spawnp(&id, program, &actions, &attributes, arguments, variables)
        } else {
            status = posix_spawnp(&id, program, nil, &attributes, arguments, variables)
        }
        guard status == 0 else {
            throw LaunchError(
                "'\(command.first ?? "")' can't be started: \(String(cString: strerror(status)))",
                remedy: "Give a command of swiftlet, such as train, or a program, after --.")
        }
        self.id = id
    }

    /// How it ended; `nil` while it runs. To be asked no more after that.
    func poll() -> End? {
        var status: Int32 = 0
        let result = waitpid(id, &status, WNOHANG)
        guard result == id else { return result == 0 || errno == EINTR ? nil : .exit(127) }
        let signal = status & 0x7f
        return signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
    }

    /// Waits for its end.
    func wait() -> End {
        var status: Int32 = 0
        while waitpid(id, &status, 0) != id {
            if errno != EINTR { return .exit(127) }
        }
        let signal = status & 0x7f
        return signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
    }

    /// Sends a signal to the process and to what it has started.
    func send(_ signal: Int32) {
        if kill(-id, signal) != 0 { kill(id, signal) }
    }

    /// The environment of this process.
    static func inheritedEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}

/// Goes to a folder, from which relative paths then begin.
func changeDirectory(_ path: String) -> Bool { chdir(path) == 0 }

/// A path that stays the same when the working folder changes.
func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    return FileSystem.join(String(cString: current), path)
}

/// A path without `.`, `..`, links and slashes at its end; what is not there is only made absolute.
func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return absolute(path) }
    defer { free(real) }
    return String(cString: real)
}

/// A launch that failed.
struct LaunchError: SwiftletError {
    var message: String
    var remedy: String?

    init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }
}
