import Synchronization

/// The answers for a sequence of inputs, in its order. Each comes as soon as it is known; inputs are taken ahead of it,
/// so that they are answered in batches.
///
/// The first error, of the inputs or of an answer, ends the sequence, and so does cancellation, with
/// `CancellationError`. What is under way is cancelled when the iterator goes.
public struct PipelineResults<Output: Sendable>: AsyncSequence, Sendable {
    /// One answer of the pipeline, for one input.
    public typealias Element = Output
    private let start: @Sendable () -> Iterator

    init<Inputs: AsyncSequence & Sendable>(
        _ inputs: Inputs, ahead: Int, answer: @escaping @Sendable (Inputs.Element) async throws -> Output
    ) where Inputs.Element: Sendable {
        start = {
            let work = AnswersUnderWay<Output>(slots: Swift.max(ahead, 1))
            let (stream, continuation) = AsyncThrowingStream<Task<Output, any Error>, any Error>.makeStream()
            work.begin(
                Task {
                    do {
                        for try await input in inputs {
                            guard await work.enter(), let task = work.add({ try await answer(input) }) else { break }
                            continuation.yield(task)
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

    /// Gives the answers one by one. For one task.
    public struct Iterator: AsyncIteratorProtocol {
        private var answers: AsyncThrowingStream<Task<Output, any Error>, any Error>.Iterator
        private let work: AnswersUnderWay<Output>
        private let ending: Ending

        fileprivate init(
            answers: AsyncThrowingStream<Task<Output, any Error>, any Error>.Iterator, work: AnswersUnderWay<Output>
        ) {
            self.answers = answers
            self.work = work
            ending = Ending { work.end() }
        }

        /// - Returns: `nil` after the last answer, and after an error.
        public mutating func next() async throws -> Output? {
            guard !work.hasEnded else { return nil }
            do {
                guard let task = try await answers.next() else {
                    work.end()
                    // A stream of a cancelled task ends without an error.
                    try Task.checkCancellation()
                    return nil
                }
                let answer = try await withTaskCancellationHandler {
                    try await task.value
                } onCancel: {
                    task.cancel()
                }
                work.leave()
                return answer
            } catch {
                work.end()
                throw error
            }
        }
    }
}

/// Does something when the last one who holds it lets go.
private final class Ending: Sendable {
    private let action: @Sendable () -> Void

    init(_ action: @escaping @Sendable () -> Void) { self.action = action }

    deinit { action() }
}

/// The tasks behind one iterator: the one that takes inputs, and one for each input that has no answer yet, of which
/// there are at most as many as there are slots.
///
/// The task that takes inputs holds it, so it is the iterator that has to `end` it.
private final class AnswersUnderWay<Output: Sendable>: Sendable {
    private struct State {
        var free: Int
        /// The task that takes inputs, while it waits for a slot.
        var waiting: CheckedContinuation<Bool, Never>?
        var reader: Task<Void, Never>?
        var answers: [Int: Task<Output, any Error>] = [:]
        var finished: Set<Int> = []
        var nextID = 0
        var hasEnded = false
    }

    private let state: Mutex<State>

    init(slots: Int) { state = Mutex(State(free: slots)) }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func begin(_ reader: Task<Void, Never>) { state.withLock { $0.reader = reader } }

    /// Cancels all tasks. Once is enough; more does nothing.
    func end() {
        let before = state.withLock { state in
            let before = state
            state.hasEnded = true
            (state.reader, state.waiting, state.answers) = (nil, nil, [:])
            return before
        }
        before.reader?.cancel()
        for task in before.answers.values { task.cancel() }
        before.waiting?.resume(returning: false)
    }

    /// - Returns: `nil` after the end.
    func add(_ answer: @escaping @Sendable () async throws -> Output) -> Task<Output, any Error>? {
        let id: Int? = state.withLock { state in
            if state.hasEnded { return nil }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return nil }
        let task = Task { [weak self] in
            defer { self?.forget(id) }
            return try await answer()
        }
        let isTooLate = state.withLock { state in
            if state.finished.remove(id) == nil, !state.hasEnded { state.answers[id] = task }
            return state.hasEnded
        }
        if isTooLate { task.cancel() }
        return task
    }

    // The answer may come before its task was kept.
    private func forget(_ id: Int) {
        state.withLock { state in
            if state.answers.removeValue(forKey: id) == nil, !state.hasEnded { state.finished.insert(id) }
        }
    }

    /// Waits for a slot. Only the task that takes inputs calls it.
    ///
    /// - Returns: false after the end.
    func enter() async -> Bool {
        await withCheckedContinuation { continuation in
            let enters: Bool? = state.withLock { state in
                if state.hasEnded { return false }
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting = continuation
                return nil
            }
            if let enters { continuation.resume(returning: enters) }
        }
    }

    /// Gives a slot back.
    func leave() {
        let next = state.withLock { state in
            let waiting = state.waiting
            if waiting == nil { state.free += 1 }
            state.waiting = nil
            return waiting
        }
        next?.resume(returning: true)
    }
}
