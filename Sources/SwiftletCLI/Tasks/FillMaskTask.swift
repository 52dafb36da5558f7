import Logging
import Swiftlet
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Filling in hidden tokens: training on running text goes on where pretraining ended.
struct FillMaskTask: CommandTask {
    let tokenizer: Tokenizer
    let data: DatasetOptions
    let options: TaskOptions
    private let column: String

    init(tokenizer: Tokenizer, sample: Dataset, data: DatasetOptions, options: TaskOptions) throws {
        self.tokenizer = tokenizer
        self.data = data
        self.options = options
        guard let found = data.textColumn ?? ["text", "sentence", "context", "content"].first(where: sample.columnNames.contains),
            sample.columnNames.contains(found)
        else { throw DatasetColumnError(column: data.textColumn, columns: sample.columnNames) }
        column = found
    }

    func model(_ path: String, for rows: Dataset, logger: Logger) throws -> any PretrainedModel {
        try AutoModelForMaskedLM.fromPretrained(folder: path, options: LoadOptions(logger: logger))
    }

    func collator(_ args: TrainingArguments) throws -> (any DataCollator)? {
        try DataCollatorForLanguageModeling(
            tokenizer: tokenizer, mlmProbability: options.mlmProbability ?? 0.15, wholeWordMask: options.wholeWordMask)
    }

    /// Texts joined and cut into blocks of `--max-length` tokens, or of the model's limit, 1024 at most.
    func prepare(_ rows: Dataset) throws -> PreparedRows {
        let size = min(data.maxLength ?? 1024, tokenizer.modelMaxLength)
        let tokenized = try rows.map(batched: true, removeColumns: rows.columnNames) { batch -> Columns in
            let encoding = try tokenizer(try batch.strings(column))
            var columns = Columns(encoding)
            columns["special_tokens_mask"] = .intLists(encoding.specialTokensMask)
            if options.wholeWordMask { columns["offset_mapping"] = .values(encoding.offsetValues) }
            return columns
        }
        let blocks = try tokenized.map(batched: true, removeColumns: tokenized.columnNames) {
            try groupTexts($0, blockSize: size)
        }
        guard blocks.numRows > 0 else {
            throw TrainingError(
                "the texts of '\(column)' are shorter than one block of \(size) tokens",
                remedy: "Give a smaller --max-length.")
        }
        return PreparedRows(dataset: blocks)
    }

    func completed(_ metrics: [(name: String, value: Double)]) -> [(name: String, value: Double)] {
        metrics.flatMap { metric -> [(name: String, value: Double)] in
            guard metric.name.hasSuffix("_loss"), metric.name != "train_loss" else { return [metric] }
            return [metric, ("\(metric.name.dropLast(5))_perplexity", exp(metric.value))]
        }
    }

    func lines(_ output: PredictionOutput, _ rows: PreparedRows, _ model: any PretrainedModel) throws -> [JSONObject] { [] }

    /// The five most likely tokens for each mask of a text.
    func fill(_ texts: [String], with model: any PretrainedModel) throws -> [JSONObject] {
        guard let model = model as? MaskedLM, let mask = tokenizer.maskTokenID else { return [] }
        return try texts.enumerated().map { index, text in
            let encoding = try tokenizer([text], truncation: true)
            let places = encoding.inputIDs[0].indices.filter { Int(encoding.inputIDs[0][$0]) == mask }
            guard !places.isEmpty else {
                throw TrainingError(
                    "text \(index) has no \(tokenizer.maskToken ?? "mask") to fill in", remedy: "Put one where a word is wanted.")
            }
            let inputs = try ModelInputs(encoding).to(model.state.device)
            let logits = try model.state.evaluating { try noGrad { try model(inputs) } }.logits
            let scores = logits.softmax(-1)
            let filled = places.map { place -> JSONValue in
                let row = scores.select(0, 0).select(0, place).floats()
                let best = row.indices.sorted { row[$0] > row[$1] }.prefix(5)
                return .array(best.map { id in
                    [
                        "token": .string(tokenizer.convertIDToToken(id) ?? ""), "score": .double(Double("\(row[id])") ?? 0),
                    ]
                })
            }
            return ["index": .int(index), "prediction": .array(filled)]
        }
    }
}
