import Dispatch
import Synchronization

/// Requests that wait for a model, in the order in which they came. Any task adds to it; one thread takes from it.
final class InferenceQueue: Sendable {
    /// A request's number, unique for the queue's lifetime.
    typealias ID = UInt64

    struct Request: Sendable {
        let id: ID
        let sequences: [EncodedSequence]
        let continuation: CheckedContinuation<[SequenceOutput], any Error>

        var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }
    }

    private struct State {
        var nextID: ID = 0
        var waiting: [Request] = []
        /// Requests that were cancelled before they were added.
        var cancelled: Set<ID> = []
        var isClosed = false
    }

    private let state = Mutex(State())
    // One signal for each request that was added, and one for the end.
    private let changed = DispatchSemaphore(value: 0)

    /// How many requests wait; those that are being answered are not counted.
    var count: Int { state.withLock { $0.waiting.count } }

    func makeID() -> ID {
        state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
    }

    func add(_ request: Request) {
        let refusal: (any Error)? = state.withLock { state in
            if state.cancelled.remove(request.id) != nil { return CancellationError() }
            if state.isClosed { return InferenceError.closed }
            state.waiting.append(request)
            return nil
        }
        if let refusal { request.continuation.resume(throwing: refusal) } else { changed.signal() }
    }

    /// Takes a request out. One that is being answered already goes on, and its answer is dropped.
    func cancel(_ id: ID) {
        let request: Request? = state.withLock { state in
            guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.waiting.remove(at: place)
        }
        request?.continuation.resume(throwing: CancellationError())
    }

    /// Forgets a request whose answer has come.
    func finish(_ id: ID) { state.withLock { _ = $0.cancelled.remove(id) } }

    /// Waits for requests, and takes those that came first: as many as have at most `tokens` tokens together, and one at
    /// least.
    ///
    /// - Returns: `nil` once the queue is closed.
    func next(tokens budget: Int) -> [Request]? {
        while true {
            let (taken, isClosed) = state.withLock { state in
                var count = 0
                var tokens = 0
                for request in state.waiting {
                    tokens += request.tokenCount
                    if count > 0, tokens > budget { break }
                    count += 1
                }
                let taken = Array(state.waiting.prefix(count))
                state.waiting.removeFirst(count)
                return (taken, state.isClosed)
            }
            if !taken.isEmpty { return taken }
            if isClosed { return nil }
            changed.wait()
        }
    }

    /// Refuses what comes from now on. What waits already is answered.
    func close() {
        state.withLock { $0.isClosed = true }
        changed.signal()
    }
}
