import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import SwiftletIO
import SwiftletTasks

/// The way of every inference request: its body is read within limits, the model found, a place taken, and the answer
/// made within the time that there is.
struct Endpoint: Sendable {
    /// How errors are written.
    enum Style { case textEmbeddings, openAI }

    /// What an answer is made from.
    struct Call: Sendable {
        let model: ServedModel
        let body: JSONValue
        let options: ServerOptions
        /// The task that the address names.
        let task: String?
        /// For answers that may be large.
        let answers: AnswerSpace
    }

    typealias Handler = @Sendable (Call) async throws -> JSONBuffer

    let server: SwiftletServer
    let route: String
    var style = Style.textEmbeddings
    /// Whether the model is the one that the body's field `model` names.
    var readsModel = false
    let handler: Handler

    func respond(to request: Request, _ context: some ServingRequestContext) async throws -> Response {
        let begin = ContinuousClock.now
        let record = context.serving.record
        record.change { $0.route = route }
        do {
            try server.keys.check(request.headers)
            try checkHead(request.headers)
            let timeout = try timeout(request.headers)
            let (name, task) = (context.parameter("model"), context.parameter("task"))
            let channel = context.serving.channel
            let (buffer, figures) = try await RequestLife.run(on: channel.eventLoop, server.connections[channel]) {
                life in
                life.limit(to: server.options.bodyTimeout, .bodyTimeout)
                let body = try await read(request, channel)
                life.limit(to: timeout, .deadline)
                if server.options.logsTexts { record.change { $0.text = String(buffer: body) } }
                let json = try parse(body)
                let model =
                    readsModel ? try server.models.model(asked: modelField(json)) : try server.models.model(name)
                record.change { $0.model = model.name }
                try server.admission.enter()
                let entry = ContinuousClock.now
                defer { server.admission.leave(after: ContinuousClock.now - entry) }
                let call = Call(model: model, body: json, options: server.options, task: task, answers: server.answers)
                let (answer, figures) = try await InferenceMeasurement.of {
                    try await InferenceLimit.of(server.options.maxClientBatchSize) { try await handler(call) }
                }
                return (answer, figures)
            }
            record.change { $0.figures = figures }
            var response = Response.json(buffer.text)
            if buffer.text.utf8.count > 64 << 10 {
                response.body = response.body.closing(
                    channel, unlessWrittenIn: server.options.bodyTimeout, space: buffer.space)
            }
            response.addTimes(begin, figures)
            return response
        } catch {
            let error = RequestError(error)
            record.change { $0.failure = error.cause }
            return Response.failure(
                error, style == .openAI ? error.openAIJSON : error.json, context.serving.channel, server.connections)
        }
    }

    private func checkHead(_ headers: HTTPFields) throws {
        if let type = headers[.contentType]?.prefix(while: { $0 != ";" }).lowercased() {
            let plain = type.filter { $0 != " " }
            guard plain == "application/json" || (plain.hasPrefix("application/") && plain.hasSuffix("+json")) else {
                throw RequestError(
                    .unsupportedMediaType, .validation, cause: "media_type",
                    "the body is '\(type)'; send JSON with the header Content-Type: application/json", closes: true)
            }
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw RequestError(
                .unsupportedMediaType, .validation, cause: "media_type",
                "the body is encoded with '\(encoding)'; send it as it is", closes: true)
        }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > server.options.payloadLimit {
            throw tooLarge
        }
    }

    private var tooLarge: RequestError {
        .tooLarge(
            "the body is larger than \(server.options.payloadLimit) bytes; send fewer texts at a time",
            cause: "payload",
            closes: true)
    }

    private func timeout(_ headers: HTTPFields) throws -> Duration {
        guard let name = HTTPField.Name("X-Request-Timeout"), let text = headers[name] else {
            return server.options.requestTimeout
        }
        guard let seconds = Double(text), seconds > 0 else {
            throw RequestError(
                .badRequest, .validation, cause: "validation",
                "the header X-Request-Timeout is '\(text)'; give seconds above 0",
                closes: true)
        }
        // Longer than the server allows is its limit.
        return min(.seconds(min(seconds, 1e9)), server.options.requestTimeout)
    }

    private func read(_ request: Request, _ channel: any Channel) async throws -> ByteBuffer {
        if request.headers[.expect]?.lowercased() == "100-continue" {
            channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
        }
        var body = ByteBuffer()
        do {
            for try await part in request.body {
                guard body.readableBytes + part.readableBytes <= server.options.payloadLimit else { throw tooLarge }
                body.writeImmutableBuffer(part)
            }
        } catch  where !(error is RequestError || error is CancellationError) {
            throw RequestError(
                .badRequest, .validation, cause: "body",
                "the body breaks off, or its parts are not as long as they say", closes: true)
        }
        // A stream whose reader is cancelled ends as if the body had.
        try Task.checkCancellation()
        return body
    }

    private func parse(_ body: ByteBuffer) throws -> JSONValue {
        do {
            return try body.withUnsafeReadableBytes { bytes in try JSONValue(parsing: bytes) }
        } catch let error as JSONError {
            throw RequestError(
                .badRequest, .validation, cause: "json",
                "the body is not valid JSON: \(error.problem) at line \(error.line), column \(error.column)")
        }
    }

    private func modelField(_ json: JSONValue) throws -> String? {
        guard let value = json["model"], !value.isNull else { return nil }
        guard let name = value.string else {
            throw RequestError.invalid("`model` is \(value.kind); it must be a string")
        }
        return name
    }
}

extension ResponseBody {
    /// A large answer of which the client takes nothing for so long is thrown away with its connection.
    fileprivate func closing(
        _ channel: any Channel, unlessWrittenIn duration: Duration, space: AnswerSpace.Share?
    ) -> ResponseBody {
        ResponseBody(contentLength: contentLength) { [self] writer in
            let timer = channel.eventLoop.scheduleTask(in: TimeAmount(duration)) { channel.close(promise: nil) }
            defer {
                timer.cancel()
                withExtendedLifetime(space) {}
            }
            try await write(writer)
        }
    }
}

extension Response {
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func failure(
        _ error: RequestError, _ json: JSONValue, _ channel: any Channel, _ connections: Connections
    ) -> Response {
        var response = Response.json(json.text(.line), status: error.status)
        response.headers.append(contentsOf: error.headers)
        if let seconds = error.retryAfter { response.headers[.retryAfter] = String(seconds) }
        guard error.closes else { return response }
        // What is left of the body is read and thrown away for a moment, so that a client that writes before it reads
        // gets the answer; after that the connection is closed under it.
        response.headers[.connection] = "close"
        connections[channel]?.announceEnd()
        channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        return response
    }

    /// What the answer took, under the names that text-embeddings-inference has for it; times in milliseconds.
    fileprivate mutating func addTimes(_ begin: ContinuousClock.Instant, _ figures: InferenceFigures) {
        let total = (ContinuousClock.now - begin).milliseconds
        for (name, value) in [
            ("x-compute-time", total), ("x-total-time", total), ("x-compute-tokens", Int64(figures.tokenCount)),
            ("x-queue-time", figures.waited.milliseconds), ("x-inference-time", figures.ran.milliseconds),
        ] {
            if let name = HTTPField.Name(name) { headers[name] = String(value) }
        }
    }
}
