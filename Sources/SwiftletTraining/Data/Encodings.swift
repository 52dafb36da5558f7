public import SwiftletDatasets
import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
public import SwiftletTensor
public import SwiftletTokenizers

// What joins modules that don't know each other: texts from a dataset into a tokenizer, its encodings into datasets
// and models, and a model's answers into metrics.

extension Tokenizer {
    /// Encodes a column of texts, or two columns as pairs.
    ///
    /// - Throws: `DatasetError` for a column of another type or a missing value, else as with arrays of texts.
    public func callAsFunction(
        _ texts: Column, _ pairs: Column? = nil, addSpecialTokens: Bool = true, padding: Padding = .none,
        truncation: Truncation = .none, maxLength: Int? = nil, padToMultipleOf: Int? = nil
    ) throws -> BatchEncoding {
        try self(
            try texts.strings(), try pairs?.strings(), addSpecialTokens: addSpecialTokens, padding: padding,
            truncation: truncation, maxLength: maxLength, padToMultipleOf: padToMultipleOf)
    }
}

extension Columns {
    /// The lists of an encoding that the model takes, in the tokenizer's order.
    public init(_ encoding: BatchEncoding) {
        self.init(
            encoding.keys.compactMap { key in encoding.list(key).map { (key, ColumnData.intLists($0)) } })
    }
}

extension BatchEncoding {
    fileprivate func list(_ key: String) -> [[Int32]]? {
        switch key {
        case "input_ids": inputIDs
        case "token_type_ids": tokenTypeIDs
        case "attention_mask": attentionMask
        default: nil
        }
    }
}

extension Dataset {
    /// Tokenizes the rows in batches: the lists of the encoding that the model takes become columns, beside those there
    /// are.
    ///
    ///     let tokenized = try dataset.map(batched: true) { batch in
    ///         try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
    ///     }
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out.
    ///   - cacheKey: name and version of `transform`; with it, the result is kept in a file and found there again. See
    ///     `CacheKey`.
    /// - Throws: `DatasetError` for columns that don't fit, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> BatchEncoding
    ) throws -> Dataset {
        try map(batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey) {
            batch -> Columns in Columns(try transform(batch))
        }
    }

    /// Tokenizes the rows in batches: the lists of the encoding that the model takes become columns, beside those there
    /// are.
    ///
    ///     let tokenized = try dataset.map(batched: true) { batch in
    ///         try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
    ///     }
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out.
    ///   - cacheKey: name and version of `transform`; with it, the result is kept in a file and found there again. See
    ///     `CacheKey`.
    ///   - numProc: how many threads call `transform`. The result is the same for any number.
    /// - Throws: `DatasetError` for columns that don't fit, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil, numProc: Int,
        _ transform: @Sendable (Batch) throws -> BatchEncoding
    ) throws -> Dataset {
        try map(
            batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, numProc: numProc
        ) { batch -> Columns in Columns(try transform(batch)) }
    }
}

extension DatasetDict {
    /// Tokenizes every split in batches: the lists of the encoding that the model takes become columns, beside those
    /// there are.
    ///
    ///     let tokenized = try raw.map(batched: true) { batch in
    ///         try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
    ///     }
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out.
    ///   - cacheKey: name and version of `transform`; with it, the result is kept in a file and found there again. See
    ///     `CacheKey`.
    /// - Throws: `DatasetError` for columns that don't fit, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil,
        _ transform: (Batch) throws -> BatchEncoding
    ) throws -> DatasetDict {
        try map(batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey) {
            batch -> Columns in Columns(try transform(batch))
        }
    }

    /// Tokenizes every split in batches: the lists of the encoding that the model takes become columns, beside those
    /// there are.
    ///
    ///     let tokenized = try raw.map(batched: true) { batch in
    ///         try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
    ///     }
    ///
    /// - Parameters:
    ///   - batched: `false` calls with one row at a time.
    ///   - batchSize: rows a call; `nil` takes all at once.
    ///   - removeColumns: columns of the input that are left out.
    ///   - cacheKey: name and version of `transform`; with it, the result is kept in a file and found there again. See
    ///     `CacheKey`.
    ///   - numProc: how many threads call `transform`. The result is the same for any number.
    /// - Throws: `DatasetError` for columns that don't fit, and what `transform` throws.
    public func map(
        batched: Bool, batchSize: Int? = 1000, removeColumns: [String] = [], cacheKey: CacheKey? = nil, numProc: Int,
        _ transform: @Sendable (Batch) throws -> BatchEncoding
    ) throws -> DatasetDict {
        try map(
            batched: batched, batchSize: batchSize, removeColumns: removeColumns, cacheKey: cacheKey, numProc: numProc
        ) { batch -> Columns in Columns(try transform(batch)) }
    }
}

extension ModelInputs {
    /// A batch of texts that were encoded with `padding: true`.
    ///
    /// - Throws: `TrainingError` for rows of different lengths, or labels for another number of rows.
    public init(_ encoding: BatchEncoding, labels: [Int]? = nil) throws {
        func tensor(_ key: String) throws -> Tensor? {
            guard encoding.keys.contains(key), let rows = encoding.list(key) else { return nil }
            let length = rows.first?.count ?? 0
            guard length > 0, rows.allSatisfy({ $0.count == length }) else {
                throw TrainingError(
                    "the rows of '\(key)' are not all of one length above 0, so they make no tensor",
                    remedy: "Call the tokenizer with padding: true.", kind: .invalidData,
                    at: ErrorLocation(column: key))
            }
            return Tensor(rows.flatMap { $0.map(Int64.init) }, shape: [rows.count, length])
        }
        if let labels, labels.count != encoding.count {
            throw TrainingError(
                "there are \(labels.count) labels for \(encoding.count) texts", remedy: "Give one each.",
                kind: .invalidArgument, at: ErrorLocation(column: "labels"))
        }
        guard let ids = try tensor("input_ids") else {
            throw TrainingError(
                "the tokenizer's encoding has no 'input_ids'", remedy: "Give what a call of the tokenizer returns.",
                kind: .invalidArgument, at: ErrorLocation(column: "input_ids"))
        }
        self.init(
            inputIDs: ids, attentionMask: try tensor("attention_mask"), tokenTypeIDs: try tensor("token_type_ids"),
            labels: labels.map { Tensor($0.map(Int64.init), shape: [$0.count]) })
    }
}

extension ModelInputs {
    /// The shape of each tensor under Python's name for it, in the order of the parameters of Python's models.
    public var shapes: [(name: String, shape: [Int])] {
        [
            ("input_ids", inputIDs), ("attention_mask", attentionMask), ("token_type_ids", tokenTypeIDs),
            ("labels", labels),
        ].compactMap { name, tensor in tensor.map { (name, $0.shape) } }
    }
}

extension Metric {
    /// Takes a batch in as tensors: `[batch]`, or `[batch, labels]` for several labels a row.
    ///
    /// - Throws: `TrainingError` without references, else `MetricError`.
    public func addBatch(predictions: Tensor, references: Tensor?) throws {
        guard let references else {
            throw TrainingError(
                "the metric '\(name)' got predictions without references",
                remedy: "Does the dataset have a column 'label' or 'labels'?", kind: .noLabels,
                at: ErrorLocation(column: "labels"))
        }
        try addBatch(predictions: predictions.metricColumn, references: references.metricColumn)
    }
}

extension Tensor {
    fileprivate var metricColumn: MetricColumn {
        guard shape.count > 1, let width = shape.last, width > 0 else {
            return dtype.isFloatingPoint ? .doubles(doubles()) : .ints(ints())
        }
        return .lists((0..<count / width).map { reshape([-1, width]).select(0, $0).metricColumn })
    }
}
