import ArgumentParser
import Logging
import Swiftlet
import SwiftletIO
import SwiftletServe

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `swiftlet-serve`: exit status 0 after a stop that was asked for, 2 for a wrong command line, 1 for everything else.
@main
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet-serve", abstract: "Answers over HTTP with fine-tuned models.",
        discussion: """
            swiftlet serve --model out/mrpc

            It answers the requests of text-embeddings-inference, of OpenAI's embeddings, and of the Hub's inference API. \
            With several models the first answers at /embed, /predict and so on, the others behind /models/NAME. \
            Options may be written as --max-batch-tokens or --max_batch_tokens.
            """, version: swiftletVersion)

    @Option(help: "A folder, or a name on the Hub; NAME=FOLDER says what requests call it. Several may be given.")
    var model: [String] = []
    @Option(
        help: "What the model is for, if its files don't say it or something else is wanted; NAME=TASK with several.")
    var task: [String] = []
    @Option(help: "A branch, a tag or a commit of models on the Hub.") var revision = "main"

    @Option(help: "The address to listen on. 0.0.0.0 lets other machines in.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 for a free one.") var port = 8080
    @Option(help: "A key that requests must have; several may be given. Better in a file or in SWIFTLET_API_KEY.")
    var apiKey: [String] = []
    @Option(help: "A file with a key on each line.") var apiKeyFile: String?
    @Option(help: "An origin whose pages may call the server, or *; several may be given.")
    var corsAllowOrigin: [String] = []

    @Option(help: "Tokens that the model works on at a time.") var maxBatchTokens = 4096
    @Option(help: "Requests that are worked on or wait; one more gets status 429.") var maxConcurrentRequests = 512
    @Option(help: "Texts in one request, or texts times labels; more get status 413.") var maxClientBatchSize = 32
    @Option(help: "Open connections; further ones wait.") var maxConnections = 4096
    @Option(help: "Bytes of a request's body; more get status 413.") var payloadLimit = 2_000_000
    @Flag(
        inversion: .prefixedNo,
        help: "Whether long texts are cut where a request doesn't say; else they get status 413.")
    var autoTruncate = true
    @Option(help: "Seconds that a request may wait and be worked on.") var requestTimeout = 60.0
    @Option(help: "Seconds that a request's body may take to arrive.") var bodyTimeout = 30.0
    @Option(help: "Seconds that a connection may be idle, or take for a request's head.") var idleTimeout = 60.0
    @Option(help: "Seconds that requests under way have after SIGTERM or Ctrl-C.") var gracePeriod = 30.0

    @Flag(help: "Matrix products in bfloat16.") var bf16 = false
    @Flag(help: "Multiply in 8-bit integers, on the CPU: faster, and a little less exact.") var int8 = false
    @Option(
        help: """
            What one of the models multiplies in, in place of --bf16 and --int8: NAME=float32, NAME=bf16 or NAME=int8. \
            Several may be given.
            """)
    var precision: [String] = []
    @Flag(help: "Run on the processor also where there is a GPU.") var useCpu = false
    @Flag(inversion: .prefixedNo, help: "Serve the page to try models out at /.") var page = true
    @Option(help: "How log lines are written: text or json.") var logFormat = ServeLogHandler.Format.text
    @Flag(help: "Write the requests' bodies to the log, texts and all.") var logTexts = false
    @Flag(help: "Log warnings and errors only.") var quiet = false
    @Flag(help: "Log more.") var verbose = false

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments.dropFirst().map { argument in
            guard argument.hasPrefix("--") else { return argument }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return ([String(parts[0]).replacing("_", with: "-")] + parts.dropFirst().map(String.init)).joined(
                separator: "=")
        }
        do {
            let command = try parse(arguments)
            try command.check()
            try command.serve()
            end(0)
        } catch let error as any SwiftletError {
            fail("error: \(error.commandLineDescription)", status: 1)
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error) == .success {
                print(text)
                end(0)
            }
            fail(text, status: 2)
        }
    }

    private static func fail(_ text: String, status: Int32) -> Never {
        var line = text + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        end(status)
    }

    private func check() throws {
        try Kernels.readEnvironment()
        if quiet, verbose { throw ValidationError("--quiet and --verbose contradict each other.") }
        if bf16, int8 { throw ValidationError("--int8 and --bf16 contradict each other.") }
        if model.isEmpty { throw ValidationError("Give --model, a folder or a name on the Hub.") }
        if maxBatchTokens < 1 { throw ValidationError("--max-batch-tokens is \(maxBatchTokens); give at least 1.") }
        for (name, value) in [
            ("--request-timeout", requestTimeout), ("--body-timeout", bodyTimeout), ("--idle-timeout", idleTimeout),
            ("--grace-period", gracePeriod),
        ] where !(0...31_536_000 ~= value) {
            throw ValidationError("\(name) is \(value); give seconds, at most a year.")
        }
        do { try options().check() } catch let error as ServerError {
            throw ValidationError(([error.message, error.remedy].compactMap(\.self)).joined(separator: ". "))
        }
    }

    private func serve() throws {
        LoggingSystem.bootstrap { [logFormat] _ in ServeLogHandler(format: logFormat) }
        var logger = Logger(label: "swiftlet.serve")
        logger.logLevel = quiet ? .warning : verbose ? .debug : .info
        raiseFileLimit(logger)
        let options = try options()
        let server = try SwiftletServer(models: try sources(), options: options, logger: logger)
        StopWatch.start(grace: options.gracePeriod)
        let outcome = Outcome()
        Task {
            do {
                try await server.runUntilSignal()
                outcome.set(.success(()))
            } catch {
                outcome.set(.failure(error))
            }
        }
        try outcome.wait()
    }

    private func options() throws -> ServerOptions {
        var options = ServerOptions()
        options.host = host
        options.port = port
        options.maxConcurrentRequests = maxConcurrentRequests
        options.maxConnections = maxConnections
        options.maxClientBatchSize = maxClientBatchSize
        options.payloadLimit = payloadLimit
        options.autoTruncate = autoTruncate
        options.requestTimeout = .seconds(requestTimeout)
        options.bodyTimeout = .seconds(bodyTimeout)
        options.idleTimeout = .seconds(idleTimeout)
        options.gracePeriod = .seconds(gracePeriod)
        options.apiKeys = try keys()
        options.corsAllowedOrigins = corsAllowOrigin
        options.logsTexts = logTexts
        options.servesPage = page
        return options
    }

    private func keys() throws -> [String] {
        var keys = apiKey
        if let text = getenv("SWIFTLET_API_KEY").map({ String(cString: $0) }), !text.isEmpty { keys.append(text) }
        if let apiKeyFile {
            let lines = try MappedFile.text(FileSystem.expandingTilde(apiKeyFile)).split(whereSeparator: \.isNewline)
            guard !lines.isEmpty else {
                throw ServerError("'\(apiKeyFile)' has no key", remedy: "Write one on each line.")
            }
            keys += lines.map(String.init)
        }
        return keys
    }

    /// As many connections as asked for need as many open files.
    private func raiseFileLimit(_ logger: Logger) {
        var limit = rlimit()
        #if canImport(Darwin)
        let kind = RLIMIT_NOFILE
        #else
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        guard getrlimit(kind, &limit) == 0 else { return }
        let wanted = rlim_t(clamping: maxConnections.addingReportingOverflow(256).partialValue)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            _ = setrlimit(kind, &limit)
        }
        if limit.rlim_cur < wanted {
            logger.warning(
                "fewer files may be open than --max-connections asks for",
                metadata: ["limit": "\(limit.rlim_cur)", "max_connections": "\(maxConnections)"])
        }
    }
}

extension ServeLogHandler.Format: ExpressibleByArgument {}

/// Ends the program without taking its libraries down in order: a thread that loads or runs a model would be in them.
private func end(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
}
