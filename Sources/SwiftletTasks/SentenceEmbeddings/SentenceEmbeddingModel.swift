import SwiftletCheckpoints
import SwiftletIO
public import SwiftletModels
public import SwiftletNN
public import SwiftletTensor
public import SwiftletTokenizers
import SwiftletTraining

/// What a model for sentence embeddings answers.
public struct SentenceEmbeddingOutput: ModelOutput {
    /// The contrastive loss of a batch of pairs; `nil` for single sentences.
    public var optionalLoss: Tensor?
    /// `[batch, dimension]`; of pairs `[batch, 2, dimension]`
    public var embeddings: Tensor
    /// The embeddings and each layer's output, `[rows, sequence, hidden]`, if they were asked for.
    public var hiddenStates: [Tensor]?
    /// The attention weights of every layer, if they were asked for.
    public var attentions: [Tensor]?

    public var predictions: [Tensor] { [embeddings] }

    public mutating func convert(_ change: (Tensor) -> Tensor) {
        (optionalLoss, embeddings) = (optionalLoss.map(change), change(embeddings))
    }
}

/// An encoder whose tokens' states become one vector for each sentence, in the way that the folder's own files say; the
/// mean of the states where they say nothing. Trained on pairs of sentences that mean the same, or a question and its
/// answer: each is to be nearest to its own partner among those of the batch.
public final class SentenceEmbeddingModel: PretrainedModel {
    public let state: ModelState
    /// The encoder's configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `sentenceEmbeddings`: a vector for each text.
    public let task: ModelTask = .sentenceEmbeddings
    /// How vectors are made. Saving writes it back.
    public let modules: SentenceModules
    /// Of the cosines in the loss.
    public let scale: Double
    private let steps: [EmbeddingStep]

    /// A model that pools by the mean.
    public convenience init(_ backbone: Backbone, scale: Double = 20) {
        // Without modules that have weights nothing can fail.
        self.init(backbone, SentenceModules(hiddenSize: backbone.encoder.hiddenSize), steps: [], scale: scale)
    }

    private init(_ backbone: Backbone, _ modules: SentenceModules, steps: [EmbeddingStep], scale: Double) {
        state = backbone.state
        config = backbone.config
        encoder = backbone.encoder
        self.modules = modules
        self.steps = steps
        self.scale = scale
    }

    /// Loads the encoder of a folder, with what `modules.json` puts behind it.
    ///
    /// - Throws: `ModelError`, `FileError`, or an error of a weight file, each naming file and key.
    public static func fromPretrained(
        folder path: String, scale: Double = 20, options: LoadOptions = LoadOptions()
    ) throws -> SentenceEmbeddingModel {
        guard let modules = try SentenceModules(folder: path) else {
            return SentenceEmbeddingModel(try AutoModel.fromPretrained(folder: path, options: options), scale: scale)
        }
        let backbone = try AutoModel.fromPretrained(
            folder: FileSystem.join(path, modules.encoderPath), options: options)
        var width = backbone.encoder.hiddenSize * modules.poolingModes.count
        let steps = try modules.steps.map { step in
            switch step {
            case .normalize: return EmbeddingStep.normalize
            case .dense(let module):
                guard module.inputs == width else {
                    throw ModelError(
                        "'in_features' in '\(FileSystem.join(path, module.path))/config.json' is \(module.inputs), and "
                            + "what comes before gives \(width)",
                        remedy: "Get the model's files again.", kind: .configuration,
                        at: ErrorLocation(path: FileSystem.join(path, "\(module.path)/config.json"), key: "in_features")
                    )
                }
                width = module.outputs
                return .dense(try DenseLayer(module, folder: path, in: Scope(backbone.state)))
            }
        }
        return SentenceEmbeddingModel(backbone, modules, steps: steps, scale: scale)
    }

    /// The tokenizer of a folder, for sequences as long as `modules.json` and its files say, and in lower case where
    /// they ask for it.
    ///
    /// - Throws: `ModelError` or `TokenizerError`, naming file and key.
    public static func tokenizer(_ path: String) throws -> Tokenizer {
        guard let modules = try SentenceModules(folder: path) else {
            return try AutoTokenizer.fromPretrained(folder: path)
        }
        var tokenizer = try AutoTokenizer.fromPretrained(folder: FileSystem.join(path, modules.encoderPath))
        if let length = modules.maxSequenceLength { tokenizer = tokenizer.with(modelMaxLength: length) }
        return modules.lowercases ? tokenizer.lowercasing : tokenizer
    }

    /// Ids, mask and segments are `[batch, sequence]`, or `[batch, 2, sequence]` for pairs; packed `[tokens]`.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> SentenceEmbeddingOutput {
        try inputs.check()
        let shape = inputs.inputIDs.shape
        guard shape.count == 3 else {
            // Packed, the last layer may leave out all but the first tokens.
            let needs: EncoderNeeds =
                inputs.cumulativeLengths != nil && modules.poolingModes == [.cls] ? .firstTokens : .allTokens
            let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
            return SentenceEmbeddingOutput(
                embeddings: vectors(states, inputs), hiddenStates: states.hiddenStates, attentions: states.attentions)
        }
        guard shape[1] == 2 else {
            throw TrainingError(
                "input ids of shape \(shape); pairs of sentences are [batch, 2, sequence]",
                remedy: "Encode pairs with tokenizer.encodeSeparately(...).", kind: .invalidData,
                at: ErrorLocation(option: "input_ids"))
        }
        guard [inputs.attentionMask, inputs.tokenTypeIDs].allSatisfy({ $0.map { $0.shape == shape } ?? true }),
            shape.allSatisfy({ $0 > 0 }), inputs.inputsEmbeds == nil, inputs.positionIDs == nil
        else {
            throw TrainingError(
                "pairs of sentences of shape \(shape) with other tensors than a mask and segments of that shape, or of no tokens",
                remedy: "Give ids, mask and segments of one shape, [batch, 2, sequence].", kind: .invalidData)
        }
        var flat = inputs
        func rows(_ tensor: Tensor) -> Tensor { tensor.reshape([-1, shape[2]]) }
        flat.inputIDs = rows(inputs.inputIDs)
        flat.attentionMask = inputs.attentionMask.map(rows)
        flat.tokenTypeIDs = inputs.tokenTypeIDs.map(rows)
        let states = try encoder(flat, outputHiddenStates: outputHiddenStates)
        let pairs = vectors(states, flat).reshape([shape[0], 2, -1])
        return SentenceEmbeddingOutput(
            optionalLoss: SentenceEmbeddings.contrastiveLoss(pairs.select(1, 0), pairs.select(1, 1), scale: scale),
            embeddings: pairs, hiddenStates: states.hiddenStates, attentions: states.attentions)
    }

    private func vectors(_ states: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        steps.reduce(states.pooled(modules.poolingModes, inputs)) { vectors, step in
            switch step {
            case .normalize: SentenceEmbeddings.normalized(vectors)
            case .dense(let layer): layer(vectors)
            }
        }
    }

    /// The encoder's weights, and a file for each module that has some.
    public var weightFiles: [WeightFile] {
        let denses = steps.compactMap { step -> DenseLayer? in if case .dense(let layer) = step { layer } else { nil } }
        let apart = Set(denses.flatMap { $0.parameters.map(\.parameter.name) })
        return [WeightFile(state.parameters.filter { !apart.contains($0.name) })]
            + denses.map { WeightFile(FileSystem.join($0.module.path, "model.safetensors"), $0.parameters) }
    }

    /// Writes the files by which `SentenceTransformer(folder)` in Python makes the same vectors: those that were
    /// loaded, or such as ask for the mean.
    public func saveCompanionFiles(_ folder: String) throws { try modules.save(folder) }
}

/// What is done with a vector after pooling.
private enum EmbeddingStep {
    case normalize
    case dense(DenseLayer)
}

/// A linear layer with an activation, and the way around it if it has one.
private struct DenseLayer {
    let module: SentenceModules.DenseModule
    /// With their names in the module's own file.
    let parameters: [(name: String, parameter: Parameter)]
    private let linear: Linear
    private let residual: Linear?

    /// Reads the module's weights.
    init(_ module: SentenceModules.DenseModule, folder: String, in scope: Scope) throws {
        self.module = module
        let scope = scope / module.path
        linear = Linear(module.inputs, module.outputs, hasBias: module.hasBias, in: scope / "linear")
        residual =
            module.isResidual && module.inputs != module.outputs
            ? Linear(module.inputs, module.outputs, hasBias: false, in: scope / "residual") : nil
        let layers = [("linear", linear)] + (residual.map { [("residual", $0)] } ?? [])
        parameters = layers.flatMap { name, layer in
            [("\(name).weight", layer.weight)] + (layer.bias.map { [("\(name).bias", $0)] } ?? [])
        }
        let path = FileSystem.join(folder, module.path)
        let file = try WeightFolder(path)
        for (name, parameter) in parameters {
            guard file.names.contains(name) else {
                throw ModelError(
                    "'\(path)' lacks the tensor '\(name)'", remedy: "Get its weights again.", kind: .weights,
                    at: ErrorLocation(path: path, tensor: name))
            }
            let shape = try file.shape(of: name)
            guard shape == parameter.shape else {
                throw ModelError(
                    "'\(name)' has shape \(shape) in '\(path)' and \(parameter.shape) by its config.json",
                    remedy: "Get the model's files again.", kind: .weights, at: ErrorLocation(path: path, tensor: name))
            }
            scope.state.assign(try file.tensor(name), to: parameter, takesOver: true)
        }
    }

    func callAsFunction(_ vectors: Tensor) -> Tensor {
        let output = linear(vectors)
        let active = module.activation?(output) ?? output
        return module.isResidual ? active + (residual?(vectors) ?? vectors) : active
    }
}
