public import SwiftletDatasets
public import SwiftletIO
public import SwiftletModels
import SwiftletTokenizers
public import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Filling in hidden tokens: training on running text goes on where pretraining ended.
public struct FillMaskTask: FineTuningTask {
    private let context: TaskContext
    private let column: String
    private let blockSize: Int

    /// - Throws: `TaskError` for rows without texts.
    public init(_ context: TaskContext) throws {
        self.context = context
        column = try Self.textColumn(of: try context.sample, options: context.options, config: context.config)
        blockSize = try context.maxLength(default: 1024)
    }

    /// The column with the texts: that of the options, else that of the model's training, one with a usual name, or the
    /// only column of texts.
    ///
    /// - Throws: `TaskError` that lists the columns.
    public static func textColumn(of rows: Dataset, options: TaskOptions, config: ModelConfig) throws -> String {
        try TaskColumns(rows, options.filled(from: config, rows: rows), naming: ["textColumn"])
            .text(["text", "sentence", "context", "content"])
    }

    public var textColumns: [String]? { [column] }
    public var savedOptions: JSONObject { context.options.saved(text: context.options.textColumn) }

    public func loadModel(_ folder: String, options: LoadOptions) throws -> any PretrainedModel {
        try AutoModelForMaskedLM.fromPretrained(folder: folder, options: options)
    }

    public func collator() throws -> (any DataCollator)? {
        try DataCollatorForLanguageModeling(
            tokenizer: context.tokenizer, mlmProbability: context.options.mlmProbability,
            wholeWordMask: context.options.wholeWordMask)
    }

    /// Texts joined and cut into blocks of `maxLength` tokens, or of the model's limit, 1024 at most.
    public func prepare(_ rows: Dataset, split: String, for use: RowUse) throws -> PreparedRows {
        let tokenized = try rows.map(batched: true, removeColumns: rows.columnNames) { batch -> Columns in
            let encoding = try context.tokenizer(try batch.strings(column))
            var columns = Columns(encoding)
            columns["special_tokens_mask"] = .intLists(encoding.specialTokensMask)
            if context.options.wholeWordMask { columns["offset_mapping"] = .values(encoding.offsetValues) }
            return columns
        }
        let blocks = try tokenized.map(batched: true, removeColumns: tokenized.columnNames) {
            try groupTexts($0, blockSize: blockSize)
        }
        guard blocks.numRows > 0 else {
            throw TaskError(
                .split,
                "the texts of column '\(column)' in split '\(split)' are shorter than one block of \(blockSize) tokens",
                remedy: "Give a smaller \(optionName("maxLength")).")
        }
        return PreparedRows(blocks)
    }

    public func completed(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)] {
        metrics.flatMap { metric -> [(name: String, value: Double)] in
            guard metric.name.hasSuffix("_loss"), metric.name != "train_loss" else { return [metric] }
            return [metric, ("\(metric.name.dropLast(5))_perplexity", exp(metric.value))]
        }
    }

    /// None: blocks of joined texts are no rows that a person asked about. Texts with masks are the fill-mask pipeline's.
    public func answers(
        _ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel
    ) throws -> [JSONObject] { [] }
}
