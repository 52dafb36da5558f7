import Dispatch
import Synchronization

/// Requests that wait for a model. Any task adds to it; one thread takes sequences from it and delivers outputs.
///
/// A request with more tokens than a batch has is taken in parts. What is left of it goes behind the requests that came
/// meanwhile, so that a few texts don't wait for a thousand.
final class InferenceQueue: Sendable {
    /// A request's number, unique for the queue's lifetime.
    typealias ID = UInt64
    typealias Reply = CheckedContinuation<(outputs: [SequenceOutput], figures: InferenceFigures), any Error>

    /// Sequences of one request that are to run in one batch.
    struct Part: Sendable {
        let id: ID
        /// Their places in the request.
        let places: [Int]
        let sequences: [EncodedSequence]
        /// How long the request waited before it was begun with; `nil` for a later part.
        let waited: Duration?

        var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }
    }

    private struct Request {
        let id: ID
        let sequences: [EncodedSequence]
        /// The order in which they are taken, by length: padded batches have less padding then.
        let order: [Int]
        let arrival = ContinuousClock.now
        var takenCount = 0

        init(_ id: ID, _ sequences: [EncodedSequence]) {
            self.id = id
            self.sequences = sequences
            order = sequences.indices.sorted { sequences[$0].count < sequences[$1].count }
        }
    }

    /// What a request's task waits for.
    private struct Answer {
        let reply: Reply
        var outputs: [SequenceOutput?]
        var missingCount: Int
        var figures: InferenceFigures
    }

    private struct State {
        var nextID: ID = 0
        var waiting: [Request] = []
        var answers: [ID: Answer] = [:]
        /// Requests that were cancelled before they were added.
        var cancelled: Set<ID> = []
        var isClosed = false
    }

    private let state = Mutex(State())
    // One signal for each request that was added, and one for the end.
    private let changed = DispatchSemaphore(value: 0)

    /// How many requests have sequences that the model has not begun with.
    var count: Int { state.withLock { $0.waiting.count } }
    /// How many requests have no answer yet.
    var unansweredCount: Int { state.withLock { $0.answers.count } }

    func makeID() -> ID {
        state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
    }

    func add(_ id: ID, _ sequences: [EncodedSequence], reply: Reply) {
        let request = Request(id, sequences)
        let refusal: (any Error)? = state.withLock { state in
            if state.cancelled.remove(id) != nil { return CancellationError() }
            if state.isClosed { return InferenceError.closed }
            state.waiting.append(request)
            state.answers[id] = Answer(
                reply: reply, outputs: [SequenceOutput?](repeating: nil, count: sequences.count),
                missingCount: sequences.count,
                figures: InferenceFigures(
                    sequenceCount: sequences.count, tokenCount: sequences.reduce(0) { $0 + $1.count }))
            return nil
        }
        if let refusal { reply.resume(throwing: refusal) } else { changed.signal() }
    }

    /// Takes a request out and ends the wait for it. Sequences that the model has begun with run to their end for
    /// nothing.
    func cancel(_ id: ID) {
        let reply: Reply? = state.withLock { state in
            guard let answer = state.answers.removeValue(forKey: id) else {
                state.cancelled.insert(id)
                return nil
            }
            state.waiting.removeAll { $0.id == id }
            return answer.reply
        }
        reply?.resume(throwing: CancellationError())
    }

    /// Forgets a request whose answer has come.
    func finish(_ id: ID) { state.withLock { _ = $0.cancelled.remove(id) } }

    /// Waits for requests, and takes sequences of those that came first: as many as have at most `budget` tokens
    /// together, and one at least.
    ///
    /// - Returns: `nil` once the queue is closed and empty.
    func next(tokens budget: Int) -> [Part]? {
        while true {
            let (parts, isClosed) = state.withLock { state in (Self.take(&state.waiting, budget), state.isClosed) }
            if !parts.isEmpty { return parts }
            if isClosed { return nil }
            changed.wait()
        }
    }

    private static func take(_ waiting: inout [Request], _ budget: Int) -> [Part] {
        var parts: [Part] = []
        var tokens = 0
        var emptied = 0
        while emptied < waiting.count {
            var request = waiting[emptied]
            let first = request.takenCount
            while request.takenCount < request.order.count {
                let more = request.sequences[request.order[request.takenCount]].count
                if !(parts.isEmpty && request.takenCount == first), more > budget - tokens { break }
                tokens += min(more, budget)
                request.takenCount += 1
            }
            let places = Array(request.order[first..<request.takenCount])
            if !places.isEmpty {
                parts.append(
                    Part(
                        id: request.id, places: places, sequences: places.map { request.sequences[$0] },
                        waited: first == 0 ? ContinuousClock.now - request.arrival : nil))
            }
            guard request.takenCount == request.order.count else {
                waiting.removeFirst(emptied)
                // Its turn comes again after the others'.
                if !places.isEmpty {
                    waiting.removeFirst()
                    waiting.append(request)
                }
                return parts
            }
            emptied += 1
        }
        waiting.removeFirst(emptied)
        return parts
    }

    /// Hands in what the model answered for a part, in its order. The request is answered with its last part.
    ///
    /// - Parameter duration: how long the batch ran that the part was in.
    func deliver(_ outputs: ArraySlice<SequenceOutput>, for part: Part, duration: Duration) {
        let done: Answer? = state.withLock { state in
            guard var answer = state.answers.removeValue(forKey: part.id) else { return nil }
            for (place, output) in zip(part.places, outputs) { answer.outputs[place] = output }
            answer.missingCount -= part.places.count
            answer.figures.waited += part.waited ?? .zero
            answer.figures.ran += duration
            if answer.missingCount == 0 { return answer }
            state.answers[part.id] = answer
            return nil
        }
        if let done { done.reply.resume(returning: (done.outputs.compactMap(\.self), done.figures)) }
    }

    /// Ends a request with an error. What is left of it is not run.
    func fail(_ error: any Error, for part: Part) {
        let reply: Reply? = state.withLock { state in
            state.waiting.removeAll { $0.id == part.id }
            return state.answers.removeValue(forKey: part.id)?.reply
        }
        reply?.resume(throwing: error)
    }

    /// Refuses what comes from now on. What waits already is answered.
    func close() {
        state.withLock { $0.isClosed = true }
        changed.signal()
    }
}
