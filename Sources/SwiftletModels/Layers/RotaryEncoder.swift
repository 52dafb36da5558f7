public import SwiftletNN

/// A family whose network is one `RotaryStack`. The stack says how it is called, which table its tokens have, and how
/// wide their states are; the family adds its configuration, the names of its parameters, and its heads.
public protocol RotaryEncoder: Encoder {
    /// Embeddings, layers and the norm at the end.
    var stack: RotaryStack { get }
}

extension RotaryEncoder {
    public var tokenEmbeddings: Embedding { stack.embeddings.words }

    public var hiddenSize: Int { stack.embeddings.words.weight.shape[1] }

    /// True: attention without a window runs in one pass on a GPU.
    public var attendsToPackedOnGPU: Bool { true }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool, needs: EncoderNeeds
    ) throws -> EncoderOutput {
        try stack(inputs, outputHiddenStates: outputHiddenStates, needs: needs)
    }
}
