import Dispatch
import SwiftletModels
import Synchronization

/// Makes batches in order: when they are asked for, or ahead on another thread.
struct BatchSource {
    private let batches: [[Int]]
    private let rows: [TokenizedExample]
    private let collator: any DataCollator
    private var position = 0
    private let ahead: Prefetcher?

    /// - Parameter depth: batches to keep ready on another thread; 0 makes each when it is asked for.
    init(_ batches: [[Int]], rows: [TokenizedExample], _ collator: any DataCollator, ahead depth: Int) {
        self.batches = batches
        self.rows = rows
        self.collator = collator
        ahead = depth > 0 ? Prefetcher(batches, rows: rows, collator, depth: depth) : nil
    }

    init(_ batches: [[Int]], rows: [TokenizedExample], _ collator: any DataCollator, _ args: TrainingArguments) {
        let depth = args.dataloaderNumWorkers * (args.dataloaderPrefetchFactor ?? 2)
        self.init(batches, rows: rows, collator, ahead: depth)
    }

    var isAtEnd: Bool { position == batches.count }

    mutating func next() throws -> ModelInputs {
        defer { position += 1 }
        return try ahead?.next() ?? collator(batches[position].map { rows[$0] })
    }

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
                let result = Result { try work.collator(batch.map { work.rows[$0] }) }
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
