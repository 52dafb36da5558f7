import HTTPTypes
import Hummingbird
import Logging
import SwiftletIO
import SwiftletTasks

/// Tells about each request: in metrics, and in the log by route, status and times, never by its address or its key. What a
/// route throws becomes an answer.
struct ObservingMiddleware<Context: ServingRequestContext>: RouterMiddleware {
    let metrics: Metrics
    let connections: Connections
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let channel = context.serving.channel
        if connections[channel]?.isEnding == true {
            channel.close(promise: nil)
            throw CancellationError()
        }
        let record = context.serving.record
        guard record.observe() else { return try await next(request, context) }
        let begin = ContinuousClock.now
        let trace = TraceContext(request.headers[HTTPField.Name("traceparent") ?? .from])
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            let failure = failure(error, request)
            record.change { $0.failure = failure.cause }
            response = Response.failure(failure, failure.json, channel, connections)
        }
        let duration = ContinuousClock.now - begin
        metrics.count(record.value, duration: duration)
        log(context.logger[metadataKey: "hb.request.id"], request, record.value, response.status, duration, trace)
        return response
    }

    private func failure(_ error: any Error, _ request: Request) -> RequestError {
        guard let error = error as? HTTPError else { return RequestError(error) }
        guard error.status == .notFound else {
            return RequestError(error.status, .validation, cause: "http", error.body ?? error.status.reasonPhrase)
        }
        if let method = Routes.method(ofPath: request.uri.path), method != request.method {
            return RequestError(
                .methodNotAllowed, .validation, cause: "method", "this address takes \(method.rawValue)",
                closes: request.method != .get, headers: [.allow: method.rawValue])
        }
        return RequestError(
            .notFound, .validation, cause: "not_found",
            "there is nothing at this address; /openapi.json lists what there is",
            closes: request.method != .get)
    }

    private func log(
        _ id: Logger.MetadataValue?, _ request: Request, _ record: RequestRecord.Content, _ status: HTTPResponse.Status,
        _ duration: Duration, _ trace: TraceContext?
    ) {
        // Those who watch the server ask all the time.
        let isWatching = ["/health", "/ping", "/metrics", "/models/:model/health"].contains(record.route)
        let level: Logger.Level =
            isWatching ? .debug : status.code >= 500 ? .error : status.code >= 400 ? .notice : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "method": "\(request.method.rawValue.prefix(16))", "route": "\(record.route)", "status": "\(status.code)",
            "ms": "\(duration.milliseconds)",
        ]
        // A handler of logs that keeps nothing has no id either.
        if let id { metadata["request_id"] = id }
        if let model = record.model { metadata["model"] = "\(model)" }
        if let figures = record.figures {
            metadata["tokens"] = "\(figures.tokenCount)"
            metadata["queue_ms"] = "\(figures.waited.milliseconds)"
            metadata["inference_ms"] = "\(figures.ran.milliseconds)"
        }
        if let failure = record.failure { metadata["error"] = "\(failure)" }
        if let trace {
            metadata["trace_id"] = "\(trace.traceID)"
            metadata["parent_id"] = "\(trace.parentID)"
        }
        if let text = record.text { metadata["body"] = "\(text)" }
        logger.log(level: level, "request", metadata: metadata)
    }
}

/// Lets pages of other origins call the server, where that is asked for.
struct CORSHeaders<Context: RequestContext>: RouterMiddleware {
    let origins: [String]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let origin = request.headers[.origin], let allowed = allowed(origin) else {
            return try await next(request, context)
        }
        let isPreflight = request.method == .options && request.headers[.accessControlRequestMethod] != nil
        var response = isPreflight ? Response(status: .noContent) : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = allowed
        if allowed != "*" { response.headers.append(HTTPField(name: .vary, value: "Origin")) }
        if isPreflight {
            response.headers[.accessControlAllowMethods] = "GET, POST"
            response.headers[.accessControlAllowHeaders] = "authorization, content-type, traceparent, x-request-timeout"
            response.headers[.accessControlMaxAge] = "600"
        }
        return response
    }

    private func allowed(_ origin: String) -> String? {
        if origins.contains("*") { return "*" }
        return origins.first { $0.isSame(as: origin) }
    }
}
