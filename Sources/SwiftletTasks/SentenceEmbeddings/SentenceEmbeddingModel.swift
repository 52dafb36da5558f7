import SwiftletIO
public import SwiftletModels
public import SwiftletNN
public import SwiftletTensor
import SwiftletTraining

/// What a model for sentence embeddings answers.
public struct SentenceEmbeddingOutput: ModelOutput {
    /// The contrastive loss of a batch of pairs; `nil` for single sentences.
    public var optionalLoss: Tensor?
    /// `[batch, hidden]`; of pairs `[batch, 2, hidden]`
    public var embeddings: Tensor
    public var hiddenStates: [Tensor]?

    public var predictions: [Tensor] { [embeddings] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, embeddings) = (optionalLoss.map(change), change(embeddings))
    }
}

/// An encoder whose sentence vectors are the means of its tokens' states. Trained on pairs of sentences that mean the
/// same, or a question and its answer: each is to be nearest to its own partner among those of the batch.
public final class SentenceEmbeddingModel: PretrainedModel {
    public let state: ModelState
    public var config: ModelConfig
    public let encoder: any Encoder
    public let task: ModelTask = .sentenceEmbeddings
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
        folder path: String, scale: Double = 20, options: LoadOptions = LoadOptions()
    ) throws -> SentenceEmbeddingModel {
        SentenceEmbeddingModel(try AutoModel.fromPretrained(folder: path, options: options), scale: scale)
    }

    /// Ids, mask and segments are `[batch, sequence]`, or `[batch, 2, sequence]` for pairs.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> SentenceEmbeddingOutput {
        try inputs.check()
        let shape = inputs.inputIDs.shape
        guard shape.count == 3 else {
            let states = try encoder(inputs, outputHiddenStates: outputHiddenStates)
            return SentenceEmbeddingOutput(
                embeddings: states.meanOfTokens(inputs), hiddenStates: states.hiddenStates)
        }
        guard shape[1] == 2 else {
            throw TrainingError("input ids of shape \(shape); pairs of sentences are [batch, 2, sequence]")
        }
        var flat = inputs
        func rows(_ tensor: Tensor) -> Tensor { tensor.reshape([-1, shape[2]]) }
        flat.inputIDs = rows(inputs.inputIDs)
        flat.attentionMask = inputs.attentionMask.map(rows)
        flat.tokenTypeIDs = inputs.tokenTypeIDs.map(rows)
        let states = try encoder(flat, outputHiddenStates: outputHiddenStates)
        let pairs = states.meanOfTokens(flat).reshape([shape[0], 2, -1])
        return SentenceEmbeddingOutput(
            optionalLoss: SentenceEmbeddings.contrastiveLoss(pairs.select(1, 0), pairs.select(1, 1), scale: scale),
            embeddings: pairs, hiddenStates: states.hiddenStates)
    }

    /// Writes the files by which Python's `SentenceTransformer(folder)` knows how to pool.
    public func saveCompanionFiles(_ folder: String) throws {
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
