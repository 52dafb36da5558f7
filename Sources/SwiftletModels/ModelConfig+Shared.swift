import SwiftletIO
public import SwiftletNN

// Fields that several families read, by the same rules.
extension ModelConfig {
    /// The activation that a field names.
    public func activation(_ key: String, default fallback: Activation) throws -> Activation {
        let name = try string(key, default: fallback.rawValue)
        guard let activation = Activation(rawValue: name) else {
            throw ModelError(
                "'\(key)' in '\(path)' is '\(name)', which is not implemented",
                remedy: "Known are \(Activation.allCases.map(\.rawValue).joined(separator: ", ")).", kind: .unsupported,
                at: location(key))
        }
        return activation
    }

    /// `classifier_dropout`, and without it `hidden_dropout_prob`.
    public var classifierDropout: Double {
        get throws {
            try probability("classifier_dropout", default: try probability("hidden_dropout_prob", default: 0.1))
        }
    }

    /// `pad_token_id`; `nil` where it is null: then no embedding is padding's.
    public func padTokenID(default fallback: Int, rows: Int) throws -> Int? {
        if json["pad_token_id"]?.isNull == true { return nil }
        let id = try int("pad_token_id", default: fallback)
        guard id < rows else {
            throw ModelError(
                "'pad_token_id' in '\(path)' is \(id); the vocabulary has \(rows) entries",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: location("pad_token_id"))
        }
        return id
    }

    /// `initializer_range`, the standard deviation of fresh weights; 0 or more.
    public var initializerRange: Double {
        get throws { try double("initializer_range", default: 0.02, in: 0 ... .greatestFiniteMagnitude) }
    }

    /// `tie_word_embeddings`: the output of a masked language model is the embedding table.
    public var tiesEmbeddings: Bool {
        get throws { try bool("tie_word_embeddings", default: true) }
    }

    /// Refuses what models before 2022 had in place of absolute positions.
    public func requireAbsolutePositions() throws {
        let positions = try string("position_embedding_type", default: "absolute")
        guard positions == "absolute" else {
            throw ModelError(
                "'position_embedding_type' '\(positions)' in '\(path)' is not implemented",
                remedy: "Take another checkpoint: this one can't be computed as it was trained.", kind: .unsupported,
                at: location("position_embedding_type"))
        }
    }

    /// Refuses configurations of decoders.
    public func refuseDecoders() throws {
        for key in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] where try bool(key, default: false) {
            throw ModelError(
                "'\(key)' in '\(path)' makes this a decoder; only encoders are implemented",
                remedy: "Take another checkpoint: this one can't be computed as it was trained.", kind: .unsupported,
                at: location(key))
        }
    }

    /// What a family without a head says.
    func lacksHead(_ task: String) -> ModelError {
        let type = (try? modelType) ?? ""
        return ModelError(
            "the 'model_type' \(type) in '\(path)' has no \(task), in Python neither",
            remedy: ModelError.correctConfiguration, kind: .configuration, at: location("model_type"))
    }

    /// Heads share a token's state evenly.
    public func requireHeads(hiddenSize: Int, headCount: Int) throws {
        guard hiddenSize % headCount == 0 else {
            throw ModelError(
                "'hidden_size' (\(hiddenSize)) in '\(path)' is not a multiple of 'num_attention_heads' (\(headCount))",
                remedy: ModelError.correctConfiguration, kind: .configuration, at: location("hidden_size"))
        }
    }

    /// Question answering has one output for an answer's begin and one for its end.
    public func requireTwoLabels() throws {
        let count = try labelCount
        guard count == 2 else {
            throw ModelError(
                "'\(path)' has \(count) labels; question answering has 2, an answer's begin and end",
                remedy: "Load with numLabels: 2.",
                commandLine: "Take a model for question answering, or one without a head.", kind: .configuration,
                at: location("id2label"))
        }
    }
}
