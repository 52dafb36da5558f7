import HTTPTypes
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
import SwiftletIO
import SwiftletTasks
import SwiftletTensor
import SwiftletTraining
import Synchronization
import Tracing
public import UnixSignals

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Answers over HTTP with models: for clients of text-embeddings-inference, of OpenAI's embeddings, and of the Hub's
/// inference API. It listens at once, and loads its models meanwhile; until a model is ready its requests are answered
/// with status 503.
///
///     let server = try SwiftletServer(models: [ModelSource("out/mrpc")], logger: logger)
///     try await server.runUntilSignal()
///
/// It is a `Service` of swift-service-lifecycle: `run()` stops when its group shuts down gracefully, after the requests
/// under way. A server of your own takes its routes with `addRoutes(to:)`.
public final class SwiftletServer: Service {
    let options: ServerOptions
    let models: ServedModels
    let metrics = Metrics()
    let admission: Admission
    let answers: AnswerSpace
    let keys: APIKeys
    let connections = Connections()
    private let logger: Logger
    private let bound = Mutex<Bound>(.none)

    private enum Bound {
        case none
        case waiting([CheckedContinuation<Int?, Never>])
        case port(Int?)
    }

    /// - Throws: `ServerError` for options that make no sense, and names of models that do not.
    public init(models: [ModelSource], options: ServerOptions = ServerOptions(), logger: Logger) throws {
        try options.check()
        try ModelSource.check(models)
        self.options = options
        self.models = ServedModels(models)
        self.logger = logger
        admission = Admission(limit: options.maxConcurrentRequests)
        answers = AnswerSpace(byteLimit: options.answerByteLimit)
        keys = APIKeys(options.apiKeys)
    }

    /// Adds all routes to a router of your own, which is to be run by Hummingbird. `loadModels()` loads the models.
    public func addRoutes<Context: ServingRequestContext>(to router: some RouterMethods<Context>) {
        let group = router.group().add(
            middleware: ObservingMiddleware<Context>(metrics: metrics, connections: connections, logger: logger))
        // Without a tracer that the program has bootstrapped, this does nothing.
        group.add(middleware: TracingMiddleware<Context>())
        Routes.add(self, to: group)
    }

    /// Downloads and loads the models, one after the other.
    ///
    /// - Throws: what loading a model throws, naming its files.
    public func loadModels() async throws {
        let metrics = metrics
        let begin = ContinuousClock.now
        try await models.load {
            metrics.count($1, model: $0)
        } onReady: { model in
            logger.info(
                "model is ready",
                metadata: [
                    "model": "\(model.name)", "task": "\(model.task)", "dtype": "\(model.engine.precision.name)",
                    "max_input_length": "\(model.engine.maxLength)",
                    "ms": "\((ContinuousClock.now - begin).milliseconds)",
                ])
        }
    }

    /// Listens, loads the models, and answers until the surrounding service group shuts down.
    ///
    /// - Throws: `ServerError` for an address that can't be listened on, and what loading a model throws.
    public func run() async throws {
        let router = Router(context: ServeRequestContext.self, options: .autoGenerateHeadEndpoints)
        if !options.corsAllowedOrigins.isEmpty {
            router.add(middleware: CORSHeaders<ServeRequestContext>(origins: options.corsAllowedOrigins))
        }
        router.add(
            middleware: ObservingMiddleware<ServeRequestContext>(
                metrics: metrics, connections: connections, logger: logger))
        addRoutes(to: router)
        let application = Application(
            router: router,
            server: HTTPServerBuilder { responder in
                ConnectionSetup(
                    responder: responder,
                    configuration: .init(
                        additionalChannelHandlers: [self.connections.makeHandler()],
                        idleTimeout: TimeAmount(self.options.idleTimeout),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 32 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 200)))
            },
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port), serverName: "swiftlet/\(swiftletVersion)",
                backlog: 4096, availableConnectionsDelegate: .maximum(options.maxConnections, logger: logger)),
            onServerRunning: { [self] channel in announce(channel) }, logger: quiet)
        defer { announce(nil) }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                group.addTask { try await self.loadInBackground() }
                // The loader ends with an error only; the server, when it was told to stop.
                try await group.next()
                group.cancelAll()
            }
        } catch let error as IOError {
            throw cannotListen(error.errnoCode == EADDRINUSE ? "the port is in use" : "\(error)")
        } catch let error as SocketAddressError {
            throw cannotListen("there is no such address (\(error))")
        }
    }

    /// For the libraries below, whose words about themselves are of interest in trouble only.
    private var quiet: Logger {
        var quiet = logger
        if quiet.logLevel >= .info { quiet.logLevel = .critical }
        return quiet
    }

    private func cannotListen(_ reason: String) -> ServerError {
        ServerError(
            "the server can't listen on \(options.host), port \(options.port): \(reason)",
            remedy: "Choose another --port, or another --host.", location: ErrorLocation(option: "port"))
    }

    /// Answers until one of the signals comes, then lets requests under way finish for as long as `gracePeriod` says.
    ///
    /// - Throws: as `run()`.
    public func runUntilSignal(_ signals: [UnixSignal] = [.sigterm, .sigint]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: signals, logger: quiet)
        configuration.maximumGracefulShutdownDuration = options.gracePeriod
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The port that the server listens on, as soon as it does; `nil` if it stopped before.
    public func port() async -> Int? {
        await withCheckedContinuation { continuation in
            let port: Int?? = bound.withLock { bound in
                switch bound {
                case .port(let port): return .some(port)
                case .none: bound = .waiting([continuation])
                case .waiting(let others): bound = .waiting(others + [continuation])
                }
                return nil
            }
            if let port { continuation.resume(returning: port) }
        }
    }

    private func announce(_ channel: (any Channel)?) {
        let port = channel?.localAddress?.port
        let waiting: [CheckedContinuation<Int?, Never>] = bound.withLock { state in
            defer { state = .port(port) }
            if case .waiting(let waiting) = state { return waiting }
            return []
        }
        for continuation in waiting { continuation.resume(returning: port) }
        if let port { logger.info("server listens", metadata: ["host": "\(options.host)", "port": "\(port)"]) }
    }

    /// Returns never but with an error: the server is there as long as it is not told to stop.
    private func loadInBackground() async throws {
        let (outcomes, continuation) = AsyncStream<Result<Void, any Error>>.makeStream()
        let models = models
        // Not a child: loading can't be cancelled, and a server that stops doesn't wait for it.
        Task {
            // A server that can't listen needs no models.
            guard await self.port() != nil else { return }
            do {
                try await self.loadModels()
                continuation.yield(.success(()))
            } catch {
                continuation.yield(.failure(error))
            }
        }
        try await withGracefulShutdownHandler {
            for await outcome in outcomes { try outcome.get() }
        } onGracefulShutdown: {
            models.stop()
        }
        try Task.checkCancellation()
    }

    var gauges: Metrics.Gauges {
        Metrics.Gauges(
            inFlight: admission.count, connections: connections.count,
            waiting: models.ready.map { ($0.name, $0.engine.waitingCount) },
            loaded: models.sources.map { ($0.name, models.isReady($0)) })
    }
}
