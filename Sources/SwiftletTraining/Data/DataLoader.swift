public import SwiftletDatasets
import SwiftletIO
public import SwiftletModels
public import SwiftletTensor

/// Batches of a tokenized dataset for a training loop written by hand, as `torch.utils.data.DataLoader`.
///
///     let loader = try DataLoader(train, batchSize: 8, shuffle: true, collate: collator)
///     for batch in progress(loader) {
///         let loss = try model(batch.to(device)).loss
///         ...
///     }
///
/// Each pass is a new epoch, with a new order if `shuffle` is on.
///
/// A `for` loop can't throw what goes wrong in making a batch. What can be known of a row is therefore checked when the
/// loader is made. What shows only later, such as an error of a collate function, comes with the batch: calling a model
/// with it throws that error, so a mistake can't pass for the end of the epoch. A loop that calls no model asks
/// `batch.check()`.
public struct DataLoader: Sequence {
    /// One batch: token ids, mask and labels, as the collate function made them. On the CPU, or on the device of the
    /// `Accelerator` that prepared the loader.
    public typealias Element = ModelInputs

    /// Rows a batch; the last one of an epoch may have fewer.
    public let batchSize: Int
    /// Whether each epoch has an order of its own.
    public let shuffle: Bool
    /// Whether a last batch that is not full is left out.
    public let dropLast: Bool
    /// Batches kept ready on another thread; 0 makes each when it is asked for.
    public let prefetchDepth: Int
    private let rows: [TokenizedExample]
    private let collator: any DataCollator
    // With its module: sequences have a `Generator` of their own, an old name of `Iterator`.
    private let generator: SwiftletTensor.Generator?
    /// Set by `Accelerator.prepare`.
    var preparation: LoaderPreparation?

    /// - Parameters:
    ///   - dataset: tokenized rows; columns that no model takes are left aside.
    ///   - collate: makes one batch of rows, usually `DataCollatorWithPadding`.
    ///   - dropLast: leaves out the last batch of an epoch if it is not full.
    ///   - numWorkers: above 0, batches are made ahead on another thread, `prefetchFactor` for each worker.
    ///   - generator: draws the order; by default libtorch's, so that `manualSeed` decides it.
    /// - Throws: `TrainingError` for sizes that make no batches, without `input_ids`, and for a row that `collate`
    ///   refuses in any batch, which it names.
    public init(
        _ dataset: Dataset, batchSize: Int = 1, shuffle: Bool = false, collate: any DataCollator,
        dropLast: Bool = false, numWorkers: Int = 0, prefetchFactor: Int = 2, generator: SwiftletTensor.Generator? = nil
    ) throws {
        guard batchSize > 0 else {
            throw TrainingError(
                "batchSize is \(batchSize); it must be at least 1", remedy: "Give the number of rows of a batch.",
                commandLine: "Give a batch size of 1 or more.", kind: .invalidArgument,
                at: ErrorLocation(option: "batch_size"))
        }
        guard numWorkers >= 0 else {
            throw TrainingError(
                "numWorkers is \(numWorkers); it must be at least 0",
                remedy: "Give 0 to make each batch when it is asked for.", kind: .invalidArgument,
                at: ErrorLocation(option: "num_workers"))
        }
        guard prefetchFactor > 0 else {
            throw TrainingError(
                "prefetchFactor is \(prefetchFactor); it must be at least 1",
                remedy: "Give 1 or more, or numWorkers: 0 to prefetch nothing.", kind: .invalidArgument,
                at: ErrorLocation(option: "prefetch_factor"))
        }
        rows = try TokenizedExamples(dataset).rows
        try collate.check(rows)
        if shuffle, rows.isEmpty {
            throw TrainingError(
                "the dataset is empty; there is nothing to shuffle", remedy: "Give rows, or leave shuffle out.",
                kind: .invalidData, at: ErrorLocation(option: "shuffle"))
        }
        self.batchSize = batchSize
        self.shuffle = shuffle
        self.dropLast = dropLast
        prefetchDepth = numWorkers * prefetchFactor
        collator = collate
        self.generator = generator
    }

    /// A loader whose batches a function makes. What the function throws, the model throws that is called with the
    /// batch.
    ///
    /// - Parameters:
    ///   - dataset: tokenized rows; columns that no model takes are left aside.
    ///   - dropLast: leaves out the last batch of an epoch if it is not full.
    ///   - numWorkers: above 0, batches are made ahead on another thread, `prefetchFactor` for each worker.
    ///   - generator: draws the order; by default libtorch's, so that `manualSeed` decides it.
    ///   - collate: makes one batch of rows.
    /// - Throws: `TrainingError` for sizes that make no batches, and without `input_ids`.
    public init(
        _ dataset: Dataset, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false, numWorkers: Int = 0,
        prefetchFactor: Int = 2, generator: SwiftletTensor.Generator? = nil,
        collate: @escaping ([TokenizedExample]) throws -> ModelInputs
    ) throws {
        try self.init(
            dataset, batchSize: batchSize, shuffle: shuffle, collate: CollateFunction(function: collate),
            dropLast: dropLast, numWorkers: numWorkers, prefetchFactor: prefetchFactor, generator: generator)
    }

    /// Batches an epoch; Python's `len(loader)`.
    public var count: Int {
        let all = dropLast ? rows.count / batchSize : (rows.count + batchSize - 1) / batchSize
        guard let preparation else { return all }
        return preparation.shards.count(all, dropLast: dropLast, of: preparation.process)
    }

    var rowCount: Int { rows.count }
    var ownGenerator: SwiftletTensor.Generator? { generator }
    /// `count`, which is exact.
    public var underestimatedCount: Int { count }

    /// The first batch of a new epoch, to look at.
    ///
    /// - Throws: `TrainingError` if there is no batch, else what the collate function does.
    public func first() throws -> ModelInputs {
        guard let batch = makeIterator().next() else {
            throw TrainingError(
                "\(rows.count) rows give no batch of \(batchSize)",
                remedy: "Give a smaller batchSize, or leave dropLast out.", kind: .invalidData,
                at: ErrorLocation(option: "batch_size"))
        }
        try batch.check()
        return batch
    }

    /// Begins an epoch. The draws are those of PyTorch, in its order: one here, which its workers would be seeded
    /// with, and with `shuffle` another for the order when the first batch is asked for.
    public func makeIterator() -> Iterator {
        let failure = preparation.flatMap { preparation in
            do { return try preparation.synchronize() } catch { return error }
        }
        _ = (generator ?? .default).randomInt64()
        return Iterator(self, failure)
    }

    fileprivate func source() -> BatchSource {
        let order = shuffle ? permutation() : Array(rows.indices)
        var all = batches(of: order, size: batchSize, dropLast: dropLast)
        if let preparation {
            all = preparation.shards.batches(all, batchSize: batchSize, dropLast: dropLast, of: preparation.process)
            all = Array(all.dropFirst(preparation.skip))
            preparation.skip = 0
        }
        return BatchSource(all, rows: rows, collator, ahead: prefetchDepth, isOneAhead: preparation != nil)
    }

    /// A generator of one's own is drawn from directly; libtorch's gives the seed of a fresh one, so that the number
    /// of rows does not change what dropout draws afterwards.
    private func permutation() -> [Int] {
        if let seed = preparation?.seed {
            let source = SwiftletTensor.Generator(seed: seed &+ UInt64(preparation?.epoch ?? 0))
            return Tensor.randperm(rows.count, generator: source).ints()
        }
        let source =
            preparation?.generator ?? generator
            ?? SwiftletTensor.Generator(seed: UInt64(bitPattern: randomInt64()))
        return Tensor.randperm(rows.count, generator: source).ints()
    }

    /// PyTorch's sampler draws a second order when the first is used up, and takes nothing from it.
    fileprivate func end() {
        preparation?.epoch += 1
        if shuffle, preparation?.seed == nil, let generator = preparation?.generator ?? generator {
            _ = Tensor.randperm(rows.count, generator: generator)
        }
    }

    /// One epoch. A class, so that leaving a loop early ends the thread that makes batches ahead.
    public final class Iterator: IteratorProtocol {
        private let loader: DataLoader
        private var source: BatchSource?
        private var hasEnded = false
        private var failure: (any Error)?
        private let position: LoaderPosition?

        fileprivate init(_ loader: DataLoader, _ failure: (any Error)?) {
            self.loader = loader
            self.failure = failure
            position = loader.preparation?.begin(loader)
        }

        deinit {
            source?.cancel()
            if let position { loader.preparation?.gradientState.end(position) }
        }

        /// The next batch; `nil` at the end of the epoch.
        public func next() -> ModelInputs? {
            if let failure {
                self.failure = nil
                hasEnded = true
                return ModelInputs(failure: failure)
            }
            if hasEnded { return nil }
            var source = self.source ?? loader.source()
            defer { self.source = source }
            guard source.isAtEnd else {
                let batch: ModelInputs
                do { batch = try source.next() } catch { batch = ModelInputs(failure: error) }
                position?.isAtEnd = source.isAtEnd
                return loader.preparation?.device.map { batch.to($0) } ?? batch
            }
            loader.end()
            hasEnded = true
            if let position { loader.preparation?.gradientState.end(position) }
            return nil
        }
    }
}

private struct CollateFunction: DataCollator {
    let function: ([TokenizedExample]) throws -> ModelInputs
    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs { try function(examples) }
}
