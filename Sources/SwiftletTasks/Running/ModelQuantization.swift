public import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTokenizers
import SwiftletTraining

/// Saves a trained model with weights in 8 bits, once it is known what that costs on rows with labels.
///
///     let quantization = ModelQuantization(model: "out", output: "out-int8")
///     let report = try quantization.run(rows: rows["validation"])
public struct ModelQuantization {
    /// Folder of a trained model.
    public var model: String
    /// The folder to write: `config.json`, weights and tokenizer.
    public var output: String
    /// How much a metric may lose before nothing is saved, where 1 is the best there is: 0.005 is half a point of accuracy,
    /// or of a metric in percent. `nil` saves whatever it costs.
    public var tolerance: Double?
    /// Whether tables of embeddings are in 8 bits too. Without them the folder is larger, and Python's transformers reads it
    /// where compressed-tensors is installed.
    public var embeddings = true
    /// Columns, labels and metrics of the rows.
    public var options: TaskOptions
    /// Rows at a time.
    public var batchSize: Int

    /// - Parameters: each sets the property of its name.
    public init(
        model: String, output: String, tolerance: Double? = nil, options: TaskOptions = TaskOptions(),
        batchSize: Int = 32
    ) {
        self.model = model
        self.output = output
        self.tolerance = tolerance
        self.options = options
        self.batchSize = batchSize
    }

    /// What 8 bits cost.
    public struct Report: Sendable {
        /// A metric of the rows, with weights and activations in float32 and in 8 bits.
        public struct Metric: Sendable {
            /// As an evaluation calls it, such as `eval_accuracy` or `eval_loss`.
            public let name: String
            /// The metric of the model as it was, in the metric's own unit.
            public let float32: Double
            /// The metric of the model in 8 bits, on the same rows.
            public let int8: Double

            /// One metric before and after. Whether a smaller value is better is known by its name.
            public init(name: String, float32: Double, int8: Double) {
                (self.name, self.float32, self.int8) = (name, float32, int8)
            }
        }

        /// Without rows, none.
        public let metrics: [Metric]
        /// Bytes of the folder's weights, before and after.
        public let byteCounts: (float32: Int, int8: Int)

        /// A report of metrics and sizes that were measured elsewhere, such as for `worst`.
        ///
        /// - Parameters:
        ///   - metrics: of the same rows before and after; none where no rows were evaluated.
        ///   - byteCounts: sizes of the weights before and after, in bytes.
        public init(metrics: [Metric], byteCounts: (float32: Int, int8: Int)) {
            (self.metrics, self.byteCounts) = (metrics, byteCounts)
        }

        /// The metric that loses most, and how much, where 1 is the best there is. Where there are none that are better when
        /// greater, the loss, and by what share it grows.
        public var worst: (name: String, lost: Double)? { Self.worst(metrics) }

        static func worst(_ metrics: [Metric]) -> (name: String, lost: Double)? {
            let losses = metrics.filter { !isLowerBetter($0.name) }.map { metric in
                // Those in percent say so by their size.
                let unit = max(abs(metric.float32), abs(metric.int8)) > 1.5 ? 100.0 : 1
                return (metric.name, (metric.float32 - metric.int8) / unit)
            }
            if let most = losses.max(by: { $0.1 < $1.1 }) { return (most.0, most.1) }
            guard let loss = metrics.first(where: { $0.name.hasSuffix("loss") }), loss.float32 > 0 else { return nil }
            return (loss.name, loss.int8 / loss.float32 - 1)
        }

        private static func isLowerBetter(_ name: String) -> Bool {
            ["loss", "mse", "mae", "rmse", "perplexity", "mape", "smape"].contains { name.hasSuffix($0) }
        }
    }

    /// Measures, where there are rows, and saves.
    ///
    /// - Parameter rows: with labels, such as the validation split.
    /// - Returns: what it cost, also where that is much and `tolerance` is `nil`.
    /// - Throws: `TaskError` where a metric loses more than `tolerance`: then nothing is written; for an output that is the
    ///   model itself, and for a tolerance without rows; what loading and evaluating throw.
    public func run(rows: Dataset? = nil, split: String = "validation") throws -> Report {
        try check(rows)
        let metrics = try rows.map { try measure($0, split) } ?? []
        if let tolerance, let worst = Report.worst(metrics), !(worst.lost <= tolerance) {
            throw TaskError(
                .metric,
                "in 8 bits \(worst.name) loses \(worst.lost), which is more than \(argumentName("tolerance")) \(tolerance)",
                remedy: "Nothing was saved. Allow more with {tolerance|--tolerance}, or stay with float32.")
        }
        let (model, tokenizer) = try load()
        try FileSystem.createDirectory(output)
        try model.savePretrained(output, quantization: .int8, embeddings: embeddings)
        try tokenizer.save(to: output)
        return Report(
            metrics: metrics, byteCounts: (try Self.weightByteCount(self.model), try Self.weightByteCount(output)))
    }

    private func measure(_ rows: Dataset, _ split: String) throws -> [Report.Metric] {
        var args = TrainingArguments()
        args.perDeviceEvalBatchSize = batchSize
        args.useCPU = true
        let saved = try FineTunedModel(folder: model, splits: [(split, rows)], options: options, args: args)
        func evaluate(_ quantization: Quantization?) throws -> [(name: String, value: Double)] {
            saved.model.state.execution.quantization = quantization
            return try saved.evaluate(rows, split: split).metrics
        }
        let (before, after) = (try evaluate(nil), try evaluate(.int8))
        return before.compactMap { name, value in
            guard !Self.isSpeed(name), let other = after.first(where: { $0.name == name }) else { return nil }
            return Report.Metric(name: name, float32: value, int8: other.value)
        }
    }

    /// The model as it was saved, whatever its task.
    private func load() throws -> (any PretrainedModel, Tokenizer) {
        let loading = LoadOptions()
        let network: any PretrainedModel =
            switch try ModelTask(ofModel: model) {
            case .sequenceClassification:
                try AutoModelForSequenceClassification.fromPretrained(folder: model, options: loading)
            case .tokenClassification:
                try AutoModelForTokenClassification.fromPretrained(folder: model, options: loading)
            case .questionAnswering: try AutoModelForQuestionAnswering.fromPretrained(folder: model, options: loading)
            case .multipleChoice: try AutoModelForMultipleChoice.fromPretrained(folder: model, options: loading)
            case .maskedLM: try AutoModelForMaskedLM.fromPretrained(folder: model, options: loading)
            case .sentenceEmbeddings, .featureExtraction:
                try SentenceEmbeddingModel.fromPretrained(folder: model, options: loading)
            }
        let tokenizer =
            network.task == .sentenceEmbeddings
            ? try SentenceEmbeddingModel.tokenizer(model) : try AutoTokenizer.fromPretrained(folder: model)
        return (network, tokenizer)
    }

    private func check(_ rows: Dataset?) throws {
        if let tolerance {
            guard tolerance >= 0, tolerance.isFinite else {
                throw TaskError(
                    .option, "\(argumentName("tolerance")) is \(tolerance)",
                    remedy: "Give {tolerance|--tolerance} 0 or more, such as 0.005.")
            }
            guard rows != nil else {
                throw TaskError(
                    .option, "\(argumentName("tolerance")) needs rows to measure by",
                    remedy: "Give {rows: with labels|--validation-file or --dataset}.")
            }
        }
        // Also the model itself, by whatever path.
        let config = FileSystem.join(output, "config.json")
        guard try !FileSystem.exists(config) || JSONValue(contentsOf: config)["quantization_config"]?.object != nil
        else {
            throw TaskError(
                .option, "\(argumentName("output")) is '\(output)', where a model in float32 lies",
                remedy: "Give another folder: weights in 8 bits would take the place of those.")
        }
    }

    private static func weightByteCount(_ folder: String) throws -> Int {
        try FileSystem.names(in: folder).filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".bin") }
            .reduce(0) { try $0 + FileSystem.size(of: FileSystem.join(folder, $1)) }
    }

    private static func isSpeed(_ name: String) -> Bool {
        ["runtime", "samples_per_second", "steps_per_second", "epoch", "model_preparation_time"].contains {
            name.hasSuffix($0)
        }
    }
}
