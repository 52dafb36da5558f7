import HTTPTypes
import Hummingbird
import SwiftletIO
import SwiftletTasks

/// All addresses of a server, and what answers there.
enum Routes {
    /// Addresses that the first model answers at; others answer at the same behind `/models/NAME`.
    static let inference: [(path: String, handler: Endpoint.Handler)] = [
        ("/embed", { try await TextEmbeddings.embed($0) }),
        ("/embed_all", { try await TextEmbeddings.embedAll($0) }),
        ("/predict", { try await TextEmbeddings.predict($0) }),
        ("/rerank", { try await TextEmbeddings.rerank($0) }),
        ("/similarity", { try await TextEmbeddings.similarity($0) }),
        ("/tokenize", { try await TextEmbeddings.tokenize($0) }),
        ("/decode", { try await TextEmbeddings.decode($0) }),
        ("/pipeline/:task", { try await InferenceAPI.answer($0) }),
    ]

    static let openAI = ["/v1/embeddings", "/embeddings"]

    /// Which method an address takes; `nil` for none of the server's. `/` takes two.
    static func method(ofPath path: String) -> HTTPRequest.Method? {
        var parts = path.split(separator: "/")
        if parts.count >= 2, parts[0] == "models" {
            parts.removeFirst(2)
            if parts.isEmpty { return .post }
        }
        switch parts.count {
        case 1 where ["info", "health", "ping", "metrics", "openapi.json"].contains(parts[0]): return .get
        case 2...3 where parts[0] == "v1" && parts[1] == "models": return .get
        case 2 where parts[0] == "pipeline": return .post
        default:
            let path = "/" + parts.joined(separator: "/")
            return inference.contains { $0.path == path } || openAI.contains(path) ? .post : nil
        }
    }

    static func add<Context: ServingRequestContext>(_ server: SwiftletServer, to router: some RouterMethods<Context>) {
        func post(_ path: String, _ endpoint: Endpoint) {
            router.post(RouterPath(path)) { try await endpoint.respond(to: $0, $1) }
        }
        func get(
            _ path: String, needsKey: Bool = false, _ answer: @escaping @Sendable (Context) throws -> Response
        ) {
            router.get(RouterPath(path)) { request, context in
                context.serving.record.change { $0.route = path }
                if needsKey { try server.keys.check(request.headers) }
                return try answer(context)
            }
        }

        for prefix in ["", "/models/:model"] {
            for (path, handler) in inference {
                post(prefix + path, Endpoint(server: server, route: prefix + path, handler: handler))
            }
            get(prefix + "/info", needsKey: true) { context in
                let model = try server.models.model(context.parameter("model"))
                return .json(model.info(server.options).text(.line))
            }
        }
        let inferenceAPI: Endpoint.Handler = { try await InferenceAPI.answer($0) }
        post("/", Endpoint(server: server, route: "/", handler: inferenceAPI))
        post("/models/:model", Endpoint(server: server, route: "/models/:model", handler: inferenceAPI))
        for path in openAI {
            post(
                path,
                Endpoint(server: server, route: path, style: .openAI, readsModel: true) {
                    try await OpenAI.embeddings($0)
                })
        }
        get("/v1/models", needsKey: true) { _ in .json(OpenAI.models(server.models).text(.line)) }
        get("/v1/models/:model", needsKey: true) { context in
            let name = context.parameter("model")
            guard let source = server.models.sources.first(where: { $0.name == name }) else {
                throw RequestError(
                    .notFound, .validation, cause: "model_not_found", "there is no model '\(name ?? "")'")
            }
            return .json(OpenAI.json(source).text(.line))
        }

        for path in ["/health", "/ping"] { get(path) { _ in health(server, server.models.sources) } }
        get("/models/:model/health") { context in
            let name = context.parameter("model")
            let sources = server.models.sources.filter { $0.name == name }
            guard !sources.isEmpty else {
                throw RequestError(
                    .notFound, .validation, cause: "model_not_found", "there is no model '\(name ?? "")'")
            }
            return health(server, sources)
        }
        get("/metrics") { _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: .init(string: server.metrics.text(server.gauges))))
        }
        for path in ["/openapi.json", "/api-doc/openapi.json"] { get(path) { _ in .json(OpenAPIDocument.text) } }
        guard server.options.servesPage else { return }
        get("/") { _ in
            Response(
                status: .ok,
                headers: [
                    .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: Page.policy,
                    .xContentTypeOptions: "nosniff", .cacheControl: "no-cache",
                ], body: ResponseBody(byteBuffer: .init(string: Page.html)))
        }
    }

    private static func health(_ server: SwiftletServer, _ sources: [ModelSource]) -> Response {
        let models = JSONObject(sources.map { ($0.name, server.models.isReady($0) ? "ready" : "loading") })
        let isReady = sources.allSatisfy { server.models.isReady($0) }
        if isReady, !server.models.isStopping {
            return .json(JSONValue.object(["status": "ready", "models": .object(models)]).text(.line))
        }
        var response = Response.json(
            JSONValue.object([
                "error": server.models.isStopping ? "the server stops" : "models are loading",
                "error_type": "Unhealthy",
                "status": server.models.isStopping ? "stopping" : "loading", "models": .object(models),
            ]).text(.line), status: .serviceUnavailable)
        response.headers[.retryAfter] = "2"
        return response
    }
}
