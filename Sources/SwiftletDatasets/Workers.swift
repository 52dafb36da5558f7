internal import Dispatch
internal import SwiftletIO
internal import Synchronization

/// Several threads on the pieces of one job, whose results come in order.
struct Workers {
    let count: Int

    init(_ count: Int) { self.count = max(1, count) }

    /// Calls `work` for every input, on all threads, and `use` with its result on this one, in the order of the inputs.
    /// Only a few results are held at a time.
    func map<Input: Sendable, Output>(
        _ inputs: some Sequence<Input>, _ work: @Sendable (Input) throws -> Output,
        _ use: (Input, Output) throws -> Void
    ) throws {
        var iterator = inputs.makeIterator()
        while true {
            var wave: [Input] = []
            while wave.count < 4 * count, let input = iterator.next() { wave.append(input) }
            if wave.isEmpty { return }
            let inputs = wave
            let results = Results<Output>(count: inputs.count)
            let next = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: min(count, inputs.count)) { _ in
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < inputs.count else { return }
                    let result = Result { try work(inputs[index]) }
                    results.set(result, at: index)
                }
            }
            for (index, input) in inputs.enumerated() { try use(input, try results.take(index).get()) }
        }
    }
}

/// Results on their way from one thread to another.
// Sendable: each place is written once, under the lock, and read after all writers are done.
private final class Results<Output>: @unchecked Sendable {
    private let lock = Mutex(())
    private var results: [Result<Output, any Error>?]

    init(count: Int) { results = Array(repeating: nil, count: count) }

    func set(_ result: Result<Output, any Error>, at index: Int) { lock.withLock { _ in results[index] = result } }

    func take(_ index: Int) -> Result<Output, any Error> {
        defer { results[index] = nil }
        return results[index]
            ?? .failure(
                DatasetError(
                    "a worker gave no result", remedy: "Map again with numProc: 1.",
                    commandLine: "Give --preprocessing-num-workers 1.", kind: .invalidArgument,
                    at: ErrorLocation(option: "num_proc")))
    }
}
