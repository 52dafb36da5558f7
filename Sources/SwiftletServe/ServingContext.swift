public import Hummingbird
import NIOCore
import SwiftletTasks
import Synchronization

/// A request's context in a router that serves models: one of another package adds `serving` to its own context, and
/// mounts the routes with `SwiftletServer.addRoutes(to:)`.
public protocol ServingRequestContext: RequestContext {
    /// What the server keeps about the request.
    var serving: ServingContext { get }
}

/// What the server keeps about one request while it is worked on.
public struct ServingContext: Sendable {
    let channel: any Channel
    let record = RequestRecord()

    /// - Parameter source: what a context is made from.
    public init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// The context of a server that serves models and nothing else.
public struct ServeRequestContext: ServingRequestContext {
    /// Hummingbird's own part of the context, with the parameters of the route and the request's logger.
    public var coreContext: CoreRequestContextStorage
    /// What the server keeps about this request, for `/metrics` and the log.
    public let serving: ServingContext

    /// Made by Hummingbird for each request that arrives.
    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        serving = ServingContext(source: source)
    }
}

/// What metrics and the log tell about a request.
final class RequestRecord: Sendable {
    struct Content: Sendable {
        /// The route's pattern, such as `/embed`; never the address itself.
        var route = "unknown"
        var model: String?
        var figures: InferenceFigures?
        /// What went wrong, in a word.
        var failure: String?
        /// The body, where the log is to have it.
        var text: String?
        /// Whether someone tells about it already.
        var isObserved = false
    }

    private let content = Mutex(Content())

    var value: Content { content.withLock { $0 } }

    func change(_ body: (inout Content) -> Void) { content.withLock { body(&$0) } }

    /// - Returns: false where someone observes it already.
    func observe() -> Bool {
        content.withLock { content in
            defer { content.isObserved = true }
            return !content.isObserved
        }
    }
}
