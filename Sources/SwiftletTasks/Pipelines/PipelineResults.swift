import Synchronization

/// The answers for a sequence of inputs, in its order. Each comes as soon as it is known; inputs are taken ahead of it, so
/// that they are answered in batches.
///
/// The first error, of the inputs or of an answer, ends the sequence. What is under way is cancelled when its iterator goes.
public struct PipelineResults<Output: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Output
    private let start: @Sendable () -> Iterator

    init<Inputs: AsyncSequence & Sendable>(
        _ inputs: Inputs, ahead: Int, answer: @escaping @Sendable (Inputs.Element) async throws -> Output
    ) where Inputs.Element: Sendable {
        start = {
            let work = AnswersUnderWay<Output>(places: Swift.max(ahead, 1))
            let (stream, continuation) = AsyncThrowingStream<Task<Output, any Error>, any Error>.makeStream()
            work.begin(
                Task { [weak work] in
                    do {
                        for try await input in inputs {
                            guard let work else { break }
                            await work.enter()
                            try Task.checkCancellation()
                            continuation.yield(work.add { try await answer(input) })
                        }
                        continuation.finish()
                    } catch {
                        continuation.finish(throwing: error)
                    }
                })
            return Iterator(answers: stream.makeAsyncIterator(), work: work)
        }
    }

    public func makeAsyncIterator() -> Iterator { start() }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var answers: AsyncThrowingStream<Task<Output, any Error>, any Error>.Iterator
        fileprivate let work: AnswersUnderWay<Output>

        public mutating func next() async throws -> Output? {
            guard let task = try await answers.next() else { return nil }
            defer { work.leave() }
            return try await withTaskCancellationHandler { try await task.value } onCancel: { task.cancel() }
        }
    }
}

/// The tasks behind one iterator: the one that takes inputs, and one for each input that has no answer yet, of which there
/// are at most as many as there are places. They are cancelled with the iterator.
private final class AnswersUnderWay<Output: Sendable>: Sendable {
    private struct State {
        var free: Int
        var waiting: CheckedContinuation<Void, Never>?
        var reader: Task<Void, Never>?
        var answers: [Int: Task<Output, any Error>] = [:]
        var nextID = 0
    }

    private let state: Mutex<State>

    init(places: Int) { state = Mutex(State(free: places)) }

    deinit {
        let (reader, answers, waiting) = state.withLock { ($0.reader, $0.answers, $0.waiting) }
        reader?.cancel()
        for task in answers.values { task.cancel() }
        waiting?.resume()
    }

    func begin(_ reader: Task<Void, Never>) { state.withLock { $0.reader = reader } }

    func add(_ answer: @escaping @Sendable () async throws -> Output) -> Task<Output, any Error> {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let task = Task { [weak self] in
            defer { self?.forget(id) }
            return try await answer()
        }
        state.withLock { $0.answers[id] = task }
        return task
    }

    // May come before the task was kept: then it is kept until the iterator goes, and cancelling it does nothing.
    private func forget(_ id: Int) { state.withLock { _ = $0.answers.removeValue(forKey: id) } }

    /// Waits for a place. Only the task that takes inputs calls it.
    func enter() async {
        await withCheckedContinuation { continuation in
            let enters = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting = continuation
                return false
            }
            if enters { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state in
            let waiting = state.waiting
            if waiting == nil { state.free += 1 }
            state.waiting = nil
            return waiting
        }
        next?.resume()
    }
}
