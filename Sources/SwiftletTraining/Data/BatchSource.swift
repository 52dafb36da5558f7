import Dispatch
import SwiftletModels
import SwiftletTensor
import Synchronization

/// Makes batches in order: when they are asked for, one ahead of that, or ahead on another thread.
///
/// One ahead is what accelerate's loaders are: a collator that draws random numbers draws those of the next batch before
/// the model draws its dropout for this one.
struct BatchSource {
    private let batches: [[Int]]
    private let rows: [TokenizedExample]
    private let collator: any DataCollator
    private var position = 0
    private let isOneAhead: Bool
    private let ahead: Prefetcher?
    /// The batch at `position`, where it is made already.
    private var made: ModelInputs?
    /// Of libtorch's default generator, before the batch at `position` was made ahead.
    private(set) var stateBeforeAhead: [UInt8]?

    /// - Parameters:
    ///   - depth: batches to keep ready on another thread; 0 makes them on this one, where those of a collator that
    ///     draws random numbers are made in any case
    ///   - isOneAhead: whether one is made ahead on this thread
    init(
        _ batches: [[Int]], rows: [TokenizedExample], _ collator: any DataCollator, ahead depth: Int,
        isOneAhead: Bool = false
    ) {
        self.batches = batches
        self.rows = rows
        self.collator = collator
        self.isOneAhead = isOneAhead
        ahead =
            depth > 0 && !collator.drawsRandomNumbers ? Prefetcher(batches, rows: rows, collator, depth: depth) : nil
    }

    /// As the Trainer's arguments say.
    init(_ batches: [[Int]], rows: [TokenizedExample], _ collator: any DataCollator, _ args: TrainingArguments) {
        let factor = args.dataloaderPrefetchFactor ?? 2
        let (depth, isTooMuch) = args.dataloaderNumWorkers.multipliedReportingOverflow(by: factor)
        self.init(
            batches, rows: rows, collator, ahead: isTooMuch ? batches.count : min(depth, batches.count),
            isOneAhead: true)
    }

    var isAtEnd: Bool { position == batches.count }

    mutating func next() throws -> ModelInputs {
        defer { position += 1 }
        if let ahead { return try ahead.next() }
        let batch = try made ?? make(position)
        (made, stateBeforeAhead) = (nil, nil)
        if isOneAhead, position + 1 < batches.count {
            stateBeforeAhead = Generator.default.state
            made = try make(position + 1)
        }
        return batch
    }

    /// Makes the first batch as a run made it ahead before it was interrupted: with the draws that follow `state`. What
    /// is drawn later is as if this had not happened.
    mutating func makeFirst(drawingFrom state: [UInt8]) throws {
        guard ahead == nil, !batches.isEmpty else { return }
        let now = Generator.default.state
        Generator.default.state = state
        defer { Generator.default.state = now }
        made = try make(0)
    }

    private func make(_ index: Int) throws -> ModelInputs { try collator(batches[index].map { rows[$0] }) }

    /// Ends the thread. What it has made ahead is dropped.
    func cancel() { ahead?.cancel() }
}

/// One thread that keeps up to `depth` batches ready. One is enough to keep their order, and a batch is made far
/// faster than it is used.
private final class Prefetcher: @unchecked Sendable {
    // Sendable: `ready` and `isCancelled` are touched under the lock only; the rest never changes.
    private let lock = Mutex(())
    private var ready: [Result<ModelInputs, any Error>] = []
    private var isCancelled = false
    private let free: DispatchSemaphore
    private let filled = DispatchSemaphore(value: 0)

    init(_ batches: [[Int]], rows: [TokenizedExample], _ collator: any DataCollator, depth: Int) {
        // Made at 0 and raised: a semaphore must not end below the value it was made with.
        free = DispatchSemaphore(value: 0)
        for _ in 0..<depth { free.signal() }
        let work = Work(batches: batches, rows: rows, collator: collator)
        DispatchQueue(label: "swiftlet.batches").async { [self] in
            for batch in work.batches {
                free.wait()
                if lock.withLock({ _ in isCancelled }) { return }
                let result = Result { try withTensorErrors { try work.collator(batch.map { work.rows[$0] }) } }
                lock.withLock { _ in ready.append(result) }
                filled.signal()
            }
        }
    }

    func next() throws -> ModelInputs {
        filled.wait()
        let result = lock.withLock { _ in ready.removeFirst() }
        free.signal()
        return try result.get()
    }

    func cancel() {
        lock.withLock { _ in isCancelled = true }
        free.signal()
    }

    // Sendable: handed to one thread, which is its only user from then on.
    private struct Work: @unchecked Sendable {
        let batches: [[Int]]
        let rows: [TokenizedExample]
        let collator: any DataCollator
    }
}
