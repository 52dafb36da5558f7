public import SwiftletNN
public import SwiftletTensor

/// A family's network without a head, and those of its heads that differ between families.
///
/// A family is one class of this kind, listed in `Families`. It reads its own configuration and names its parameters as
/// the Python library does; what happens with the result of a head is written once, for all families.
public protocol Encoder: AnyObject {
    /// For each `model_type` that this class runs, what Python's class names begin with: `["bert": "Bert"]`.
    static var classNames: [String: String] { get }
    /// What the parameters' names begin with where a head is present, such as `bert`.
    static var baseModelPrefix: String { get }
    /// How Python's class computes the loss of sequence classification.
    static var lossRule: ClassificationLossRule { get }

    /// - Parameter task: what the model is made for; some tasks have a pooler and some none. `nil` is the encoder alone.
    /// - Throws: `ModelError` naming the key that is missing, wrong, or of a value that is not implemented.
    init(_ config: ModelConfig, for task: ModelTask?, in scope: Scope) throws

    var state: ModelState { get }
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

    // In the scope of the whole model. `tokenHead` and `spanHead` have the form that most families share.

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
    public func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool = false) throws -> EncoderOutput {
        try self(inputs, outputHiddenStates: outputHiddenStates, needs: .allTokens)
    }

    public static var lossRule: ClassificationLossRule { .standard }

    public var attendsToPackedOnGPU: Bool { false }

    public func pooled(_ output: EncoderOutput) -> Tensor? { nil }

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
    /// All places of a padded batch, padding included, with the values that Python's models give there.
    case allPlaces
}

/// What an encoder answers.
public struct EncoderOutput {
    /// The last layer's states, `[batch, sequence, hidden]`; packed `[tokens, hidden]`; with `.firstTokens` only those,
    /// `[batch, hidden]`.
    public let lastHiddenState: Tensor
    /// The embeddings and each layer's output, `[batch, sequence, hidden]` or `[tokens, hidden]` each, if asked for.
    public let hiddenStates: [Tensor]?
    /// Packed: where each sequence begins, and at the end the number of tokens.
    private let sequenceStarts: [Int]?

    /// - Parameter sequenceStarts: if `lastHiddenState` holds packed tokens.
    public init(lastHiddenState: Tensor, hiddenStates: [Tensor]? = nil, sequenceStarts: [Int]? = nil) {
        self.lastHiddenState = lastHiddenState
        self.hiddenStates = hiddenStates
        self.sequenceStarts = sequenceStarts
    }

    /// State of each sequence's first token, `[batch, hidden]`.
    public var firstTokens: Tensor {
        if lastHiddenState.rank == 3 { return lastHiddenState.select(1, 0) }
        guard let sequenceStarts else { return lastHiddenState }
        return lastHiddenState.indexSelect(0, SwiftletModels.firstTokens(sequenceStarts, lastHiddenState.device))
    }

    /// State of each sequence's last place, in a padded batch that of the last column, `[batch, hidden]`. Not after
    /// `.firstTokens`.
    public var lastPlaces: Tensor {
        guard let sequenceStarts else { return lastHiddenState.select(1, lastHiddenState.shape[1] - 1) }
        let places = sequenceStarts.dropFirst().map { $0 - 1 }
        return lastHiddenState.indexSelect(0, Tensor(places, shape: [places.count]).to(lastHiddenState.device))
    }

    /// Mean over each sequence's places, padding included, `[batch, hidden]`. Not after `.firstTokens`.
    public var meanOfPlaces: Tensor {
        packedSequences.map { Tensor.stack($0.map { $0.mean(0) }) } ?? lastHiddenState.mean(1)
    }

    /// Mean over each sequence's tokens, without padding, `[batch, hidden]`. Not after `.firstTokens`.
    ///
    /// - Parameter inputs: what the encoder was called with.
    public func meanOfTokens(_ inputs: ModelInputs) -> Tensor { pooled([.mean], inputs) }

    /// Packed: the states of each sequence, `[tokens, hidden]`; `nil` for padded batches and after `.firstTokens`.
    var packedSequences: [Tensor]? {
        guard let sequenceStarts, let count = sequenceStarts.last, lastHiddenState.shape[0] == count else { return nil }
        return zip(sequenceStarts, sequenceStarts.dropFirst()).map { lastHiddenState.narrow(0, $0, $1 - $0) }
    }
}

/// int64 `[batch]`: where each sequence's first token lies.
func firstTokens(_ starts: [Int], _ device: Device) -> Tensor {
    Tensor(Array(starts.dropLast()), shape: [starts.count - 1]).to(device)
}
