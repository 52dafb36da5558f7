import SwiftletIO
public import SwiftletNN

extension AttentionImplementation {
    /// Reads a value of Python's `attn_implementation`.
    ///
    /// - Throws: `ModelError` for those that are not implemented.
    public init(parsing name: String) throws {
        guard let known = AttentionImplementation(rawValue: name) else {
            let isKnownToPython = ["flash_attention_2", "flash_attention_3", "flash_attention_4", "flex_attention"]
                .contains(name)
            throw ModelError(
                "'attn_implementation' is '\(name)', which \(isKnownToPython ? "is not implemented" : "is no way to compute attention")",
                remedy:
                    "Give eager or sdpa, or nothing for the fastest; load with attentionImplementation to overrule config.json.",
                kind: .configuration, at: ErrorLocation(option: "attn_implementation"))
        }
        self = known
    }
}

extension ModelConfig {
    /// `attn_implementation`; `nil` where the configuration leaves the choice open.
    ///
    /// - Throws: `ModelError` for one that is not implemented.
    public var attentionImplementation: AttentionImplementation? {
        get throws {
            for key in ["attn_implementation", "_attn_implementation"] {
                guard let value = json[key], !value.isNull else { continue }
                guard let name = value.string else {
                    throw ModelError(
                        "'\(key)' in '\(path)' is \(value.kind), not a string", remedy: ModelError.correctConfiguration,
                        kind: .configuration, at: location(key))
                }
                return try AttentionImplementation(parsing: name)
            }
            return nil
        }
    }
}

extension PretrainedModel {
    /// Chooses how attention is computed, as Python's `set_attn_implementation`.
    ///
    /// - Parameter implementation: `nil` is the default: the fused kernels where they run, else what Python takes
    /// - Throws: `ModelError` where the family has no such attention.
    public func setAttentionImplementation(_ implementation: AttentionImplementation?) throws {
        let known = Swift.type(of: encoder).attentionImplementations
        if let implementation, !known.contains(implementation) {
            throw ModelError(
                "\(architecture) can't compute its attention with '\(implementation.rawValue)'",
                remedy: "Its attn_implementation is \(known.map(\.rawValue).joined(separator: " or ")).",
                kind: .configuration, at: ErrorLocation(option: "attn_implementation"))
        }
        state.execution.attention = implementation
    }

    /// Runs the model and keeps what Python's `output_hidden_states` and `output_attentions` keep.
    ///
    /// - Parameters:
    ///   - inputs: padded, if attention weights are wanted
    ///   - outputHiddenStates: keep the embeddings and each layer's output
    ///   - outputAttentions: keep each layer's attention weights, `[batch, heads, queries, keys]`. Attention is then
    ///     computed eagerly: slower, the same to rounding.
    /// - Throws: `ModelError` for inputs that the model can't take.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool = false, outputAttentions: Bool
    ) throws -> Output {
        try state.executing({ $0.outputsAttentions = outputAttentions }) {
            try self(inputs, outputHiddenStates: outputHiddenStates)
        }
    }
}
