import HTTPTypes
import Synchronization

/// Lets in as many requests at a time as there are places. No one waits here: who finds none is told so.
final class Admission: Sendable {
    private struct State {
        var count = 0
        /// Seconds that requests took lately.
        var usual = 0.0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Requests that are worked on or wait for a model.
    var count: Int { state.withLock { $0.count } }

    /// - Throws: `RequestError` with status 429 when all places are taken.
    func enter() throws {
        let usual: Double? = state.withLock { state in
            guard state.count < limit else { return state.usual }
            state.count += 1
            return nil
        }
        guard let usual else { return }
        throw RequestError(
            .tooManyRequests, .overloaded, cause: "overloaded", "Model is overloaded",
            retryAfter: Int(min(max(usual.rounded(.up), 1), 60)))
    }

    func leave(after duration: Duration) {
        state.withLock { state in
            state.count -= 1
            state.usual += (duration.seconds - state.usual) / 16
        }
    }
}
