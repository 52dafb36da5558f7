import HTTPTypes
import SwiftletIO
import SwiftletTasks
import Synchronization

/// The models of a server, each loading, or ready.
final class ServedModels: Sendable {
    private struct State {
        var ready: [String: ServedModel] = [:]
        var hasBegunToStop = false
    }

    let sources: [ModelSource]
    private let state = Mutex(State())

    init(_ sources: [ModelSource]) { self.sources = sources }

    /// Loads one after the other, the first first.
    ///
    /// - Throws: what loading throws.
    func load(
        onBatch: @escaping @Sendable (_ model: String, BatchFigures) -> Void, onReady: (ServedModel) -> Void
    ) async throws {
        for source in sources {
            let model = try await ServedModel.load(source) { onBatch(source.name, $0) }
            state.withLock { $0.ready[source.name] = model }
            onReady(model)
        }
    }

    func stop() { state.withLock { $0.hasBegunToStop = true } }

    var isStopping: Bool { state.withLock { $0.hasBegunToStop } }

    /// In the order in which they were given.
    var ready: [ServedModel] {
        state.withLock { state in sources.compactMap { state.ready[$0.name] } }
    }

    func isReady(_ source: ModelSource) -> Bool { state.withLock { $0.ready[source.name] != nil } }

    /// The model of a name; the first of the server for none.
    ///
    /// - Throws: `RequestError` with status 404 for a name that no model has, 503 for one that is not loaded yet.
    func model(_ name: String?) throws -> ServedModel {
        let source = try source(name)
        guard let model = state.withLock({ $0.ready[source.name] }) else {
            throw RequestError(
                .serviceUnavailable, .unhealthy, cause: "loading", "model '\(source.name)' is not loaded yet",
                retryAfter: 2)
        }
        return model
    }

    private func source(_ name: String?) throws -> ModelSource {
        guard let name else { return sources[0] }
        guard let source = sources.first(where: { $0.name.isSame(as: name) || $0.model.isSame(as: name) }) else {
            throw RequestError(
                .notFound, .validation, cause: "model_not_found",
                "there is no model '\(name)'; there is \(sources.map { "'\($0.name)'" }.joined(separator: ", "))")
        }
        return source
    }

    /// The model that the field `model` of a request names. A server of one model answers for any name, as clients
    /// have names of other services in their settings.
    func model(asked name: String?) throws -> ServedModel {
        try model(sources.count == 1 || name?.isEmpty == true ? nil : name)
    }
}
