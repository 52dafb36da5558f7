public import SwiftletNN
public import SwiftletTensor

/// A family's network without a head, and those of its heads that differ between families.
///
/// A family is one class of this kind: one of this package is listed in `Families`, one of another registered with
/// `AutoModel.register`. It reads its own configuration and names its parameters as
/// the Python library does; what happens with the result of a head is written once, for all families.
public protocol Encoder: AnyObject {
    /// For each `model_type` that this class runs, what Python's class names begin with: `["bert": "Bert"]`.
    static var classNames: [String: String] { get }
    /// What the parameters' names begin with where a head is present, such as `bert`.
    static var baseModelPrefix: String { get }
    /// What some files have in place of `baseModelPrefix`, such as `new`; none in most families.
    static var otherPrefixes: [String] { get }
    /// The ways in which this family can compute attention; all of them in most families.
    static var attentionImplementations: [AttentionImplementation] { get }
    /// How Python's class computes the loss of sequence classification.
    static var lossRule: ClassificationLossRule { get }

    /// - Parameter task: what the model is made for; some tasks have a pooler and some none. `nil` is the encoder alone.
    /// - Throws: `ModelError` naming the key that is missing, wrong, or of a value that is not implemented.
    init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws

    /// Parameters and execution of the model that the network is part of.
    var state: ModelState { get }
    /// The table of token embeddings, which `resizeTokenEmbeddings` changes.
    var tokenEmbeddings: Embedding { get }
    /// Width of a token's state.
    var hiddenSize: Int { get }
    /// Whether packed tokens are attended to in one pass on a GPU too, by `F.packedAttention`. Where not, that happens
    /// sequence by sequence, and padded batches are faster there.
    var attendsToPackedOnGPU: Bool { get }

    /// - Parameters:
    ///   - outputHiddenStates: keep the embeddings and each layer's output.
    ///   - needs: what will be read; what is not may be left out.
    /// - Throws: `ModelError` for inputs outside what the model takes.
    func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput

    /// What Python's model gives as `pooler_output`; `nil` where there is no pooler.
    func pooled(_ output: EncoderOutput) -> Tensor?

    // In the scope of the whole model. `tokenHead` and `spanHead` have the form that most families share; the others are
    // refused where a family does not say what they are.

    /// The head of sequence classification, `labelCount` outputs.
    func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead
    /// The head of multiple choice, one output.
    func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead
    /// The head of token classification, `labelCount` outputs.
    func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead
    /// The head of question answering, two outputs.
    func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead
    /// The head of masked language modelling, as many outputs as the vocabulary has entries.
    func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead
}

extension Encoder {
    /// Runs the network, with every token's state computed.
    ///
    /// - Parameters:
    ///   - inputs: padded `[batch, sequence]` or packed `[tokens]`.
    ///   - outputHiddenStates: keep the embeddings and each layer's output.
    /// - Throws: `ModelError` for inputs outside what the model takes.
    public func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool = false) throws -> EncoderOutput {
        try self(inputs, outputHiddenStates: outputHiddenStates, needs: .allTokens)
    }

    public static var otherPrefixes: [String] { [] }

    public static var attentionImplementations: [AttentionImplementation] { AttentionImplementation.allCases }

    public static var lossRule: ClassificationLossRule { .standard }

    public var attendsToPackedOnGPU: Bool { false }

    public func pooled(_ output: EncoderOutput) -> Tensor? { nil }

    /// Refused: not every family classifies whole sequences.
    public func sequenceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        throw config.lacksHead("sequence classification")
    }

    /// Refused: not every family has multiple choice.
    public func choiceHead(_ config: ModelConfig, in scope: Scope) throws -> any SequenceHead {
        throw config.lacksHead("multiple choice")
    }

    /// Refused: not every family is a masked language model.
    public func maskedHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        throw config.lacksHead("masked language modelling")
    }

    /// Dropout and a linear layer `classifier`.
    public func tokenHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        let dropout = try config.classifierDropout
        return LinearTokenHead(hiddenSize, try config.labelCount, dropout: dropout, in: scope, name: "classifier")
    }

    /// A linear layer `qa_outputs`.
    public func spanHead(_ config: ModelConfig, in scope: Scope) throws -> any TokenHead {
        try config.requireTwoLabels()
        return LinearTokenHead(hiddenSize, 2, dropout: 0, in: scope, name: "qa_outputs")
    }
}

/// What will be read of an encoder's last layer.
public enum EncoderNeeds: Sendable {
    /// The first token of each sequence.
    case firstTokens
    /// All tokens. Where a batch is padded, the states of padding may be anything.
    case allTokens
    /// All positions of a padded batch, padding included, with the values that Python's models give there.
    case allPositions
}

/// What an encoder answers.
public struct EncoderOutput {
    /// The last layer's states, `[batch, sequence, hidden]`; packed `[tokens, hidden]`; with `.firstTokens` only those,
    /// `[batch, hidden]`.
    public let lastHiddenState: Tensor
    /// The embeddings and each layer's output, `[batch, sequence, hidden]` or `[tokens, hidden]` each, if asked for.
    public let hiddenStates: [Tensor]?
    /// Each layer's attention weights, `[batch, heads, queries, keys]`, if the model's policy asks for them.
    public let attentions: [Tensor]?
    /// Packed: 0, then each sequence's end.
    private let cumulativeLengths: [Int]?

    /// - Parameter cumulativeLengths: if `lastHiddenState` holds packed tokens.
    public init(
        lastHiddenState: Tensor, hiddenStates: [Tensor]? = nil, attentions: [Tensor]? = nil,
        cumulativeLengths: [Int]? = nil
    ) {
        self.lastHiddenState = lastHiddenState
        self.attentions = attentions
        self.hiddenStates = hiddenStates
        self.cumulativeLengths = cumulativeLengths
    }

    /// State of each sequence's first token, `[batch, hidden]`.
    public var firstTokens: Tensor {
        if lastHiddenState.rank == 3 { return lastHiddenState.select(1, 0) }
        guard let cumulativeLengths else { return lastHiddenState }
        return lastHiddenState.indexSelect(0, SwiftletModels.firstTokens(cumulativeLengths, lastHiddenState.device))
    }

    /// State of each sequence's last position, in a padded batch that of the last column, `[batch, hidden]`. Not after
    /// `.firstTokens`.
    public var lastPositions: Tensor {
        guard let cumulativeLengths else { return lastHiddenState.select(1, lastHiddenState.shape[1] - 1) }
        let positions = cumulativeLengths.dropFirst().map { $0 - 1 }
        return lastHiddenState.indexSelect(0, Tensor(positions, shape: [positions.count]).to(lastHiddenState.device))
    }

    /// Mean over each sequence's positions, padding included, `[batch, hidden]`. Not after `.firstTokens`.
    public var meanOfPositions: Tensor { packedMeans(of: lastHiddenState) ?? lastHiddenState.mean(1) }

    /// Mean over each sequence's tokens, without padding, `[batch, hidden]`. Not after `.firstTokens`.
    ///
    /// - Parameter inputs: what the encoder was called with.
    public func meanOfTokens(_ inputs: ModelInputs) -> Tensor { mean(of: lastHiddenState, inputs) }

    /// Mean over each sequence's tokens of what was computed from their states, `[batch, width]`. Not after `.firstTokens`.
    ///
    /// - Parameters:
    ///   - values: `[batch, sequence, width]` or, where the states are packed, `[tokens, width]`
    ///   - inputs: what the encoder was called with
    public func mean(of values: Tensor, _ inputs: ModelInputs) -> Tensor {
        if let means = packedMeans(of: values) { return means }
        guard let mask = inputs.attentionMask else { return values.mean(1) }
        return Self.mean(values, mask.ne(0))
    }

    private func packedMeans(of values: Tensor) -> Tensor? {
        packedSequences(of: values).map { Tensor.stack($0.map { $0.mean(0) }) }
    }

    /// Packed: the states of each sequence, `[tokens, hidden]`; `nil` for padded batches and after `.firstTokens`.
    var packedSequences: [Tensor]? { packedSequences(of: lastHiddenState) }

    private func packedSequences(of values: Tensor) -> [Tensor]? {
        guard let cumulativeLengths, let count = cumulativeLengths.last, values.shape[0] == count else { return nil }
        return zip(cumulativeLengths, cumulativeLengths.dropFirst()).map { values.narrow(0, $0, $1 - $0) }
    }
}

/// int64 `[batch]`: where each sequence's first token lies.
func firstTokens(_ cumulativeLengths: [Int], _ device: Device) -> Tensor {
    Tensor(Array(cumulativeLengths.dropLast()), shape: [cumulativeLengths.count - 1]).to(device)
}
