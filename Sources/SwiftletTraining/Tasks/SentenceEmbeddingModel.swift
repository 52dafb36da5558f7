import SwiftletIO
public import SwiftletModels
public import SwiftletNN
public import SwiftletTensor
public import SwiftletTokenizers

/// What a model for sentence embeddings answers.
public struct SentenceEmbeddingOutput: ModelOutput {
    /// The contrastive loss of a batch of pairs; `nil` for single sentences.
    public var loss: Tensor?
    /// `[batch, hidden]`; of pairs `[batch, 2, hidden]`
    public var embeddings: Tensor
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [embeddings] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (loss, embeddings) = (loss.map(change), change(embeddings))
    }
}

/// An encoder whose sentence vectors are the means of its tokens' states. Trained on pairs of sentences that mean the
/// same, or a question and its answer: each is to be nearest to its own partner among those of the batch.
public final class SentenceEmbeddingModel: PretrainedModel {
    public let state: ModelState
    public var config: ModelConfig
    public let encoder: any Encoder
    public let task: ModelTask? = nil
    /// Of the cosines in the loss.
    public let scale: Double

    public init(_ backbone: Backbone, scale: Double = 20) {
        state = backbone.state
        config = backbone.config
        encoder = backbone.encoder
        self.scale = scale
    }

    /// Loads the encoder of a folder.
    ///
    /// - Throws: `ModelError`, `FileError`, or an error of the weight file, each naming file and key.
    public static func fromPretrained(
        _ path: String, scale: Double = 20, options: LoadOptions = LoadOptions()
    ) throws -> SentenceEmbeddingModel {
        SentenceEmbeddingModel(try AutoModel.fromPretrained(path, options: options), scale: scale)
    }

    /// Ids, mask and segments are `[batch, sequence]`, or `[batch, 2, sequence]` for pairs.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> SentenceEmbeddingOutput {
        let shape = inputs.inputIDs.shape
        guard shape.count == 3 else {
            let states = try encoder(inputs, outputHiddenStates: outputHiddenStates)
            return SentenceEmbeddingOutput(
                embeddings: states.meanOfTokens(inputs), hiddenStates: states.hiddenStates,
                attentions: states.attentions)
        }
        guard shape[1] == 2 else {
            throw TrainingError("input ids of shape \(shape); pairs of sentences are [batch, 2, sequence]")
        }
        guard [inputs.attentionMask, inputs.tokenTypeIDs].allSatisfy({ $0.map { $0.shape == shape } ?? true }),
            shape.allSatisfy({ $0 > 0 }), inputs.inputsEmbeds == nil, inputs.positionIDs == nil
        else {
            throw TrainingError(
                "pairs of sentences of shape \(shape) with other tensors than a mask and segments of that shape, or of no tokens",
                remedy: "Give ids, mask and segments of one shape, [batch, 2, sequence].")
        }
        var flat = inputs
        func rows(_ tensor: Tensor) -> Tensor { tensor.reshape([-1, shape[2]]) }
        flat.inputIDs = rows(inputs.inputIDs)
        flat.attentionMask = inputs.attentionMask.map(rows)
        flat.tokenTypeIDs = inputs.tokenTypeIDs.map(rows)
        let states = try encoder(flat, outputHiddenStates: outputHiddenStates)
        let pairs = states.meanOfTokens(flat).reshape([shape[0], 2, -1])
        return SentenceEmbeddingOutput(
            loss: SentenceEmbeddings.contrastiveLoss(pairs.select(1, 0), pairs.select(1, 1), scale: scale),
            embeddings: pairs, hiddenStates: states.hiddenStates, attentions: states.attentions)
    }

    /// Writes the files by which Python's `SentenceTransformer(folder)` knows how to pool, beside those of
    /// `savePretrained`.
    public func saveModules(_ folder: String) throws {
        let pooling = FileSystem.join(folder, "1_Pooling")
        try FileSystem.createDirectory(pooling)
        try AtomicFile.write(
            JSONValue.object([
                "word_embedding_dimension": .int(encoder.hiddenSize), "pooling_mode_cls_token": false,
                "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false,
                "pooling_mode_mean_sqrt_len_tokens": false,
            ]).text(.config) + "\n", to: FileSystem.join(pooling, "config.json"))
        func module(_ index: Int, _ path: String, _ type: String) -> JSONValue {
            [
                "idx": .int(index), "name": .string(String(index)), "path": .string(path),
                "type": .string("sentence_transformers.models.\(type)"),
            ]
        }
        try AtomicFile.write(
            JSONValue.array([module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")]).text(.config) + "\n",
            to: FileSystem.join(folder, "modules.json"))
    }
}

/// Pads both sentences of all rows to one length.
public struct DataCollatorForSentencePairs: DataCollator {
    public var makesLabels: Bool { true }
    private let choices: DataCollatorForMultipleChoice

    /// - Throws: `TrainingError` if the tokenizer has no padding token.
    public init(tokenizer: Tokenizer, padToMultipleOf: Int? = nil) throws {
        choices = try DataCollatorForMultipleChoice(tokenizer: tokenizer, padToMultipleOf: padToMultipleOf)
    }

    /// - Returns: tensors of shape `[batch, 2, sequence]`, without labels: a sentence's partner is its own.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        guard examples.allSatisfy({ $0.choices.count == 2 }) else {
            throw TrainingError(
                "a row of this batch is no pair of sentences",
                remedy: "Encode both with tokenizer.encodeSeparately(...).")
        }
        return try choices(examples.map { example in
            var example = example
            example.label = nil
            return example
        })
    }
}
