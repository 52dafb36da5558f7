import SwiftletIO

/// Everything that makes a tokenizer what it is, whether it comes from files, from another tokenizer, or from training.
struct TokenizerSettings: Sendable {
    var pipeline: Pipeline
    /// `tokenizer_class` of `tokenizer_config.json`.
    var className: String
    /// `tokenizer_config.json` as it was read.
    var config: JSONObject
    /// By the name in the configuration, such as `cls_token`.
    var special: [(name: String, token: AddedToken)]
    var extraSpecial: [AddedToken]
    /// The added tokens that the tokenizer's files name, by their ids.
    var declared: [AddedToken]
    var modelInputNames: [String]
    var modelMaxLength: Int
    var paddingSide: Tokenizer.Side
    var truncationSide: Tokenizer.Side

    init(_ files: TokenizerFiles) {
        pipeline = files.pipeline
        className = files.family.rawValue
        config = files.config
        special = files.special
        extraSpecial = files.extraSpecial
        declared = files.declared
        modelInputNames = files.modelInputNames
        modelMaxLength = files.modelMaxLength
        paddingSide = files.padsLeft ? .left : .right
        truncationSide = files.truncatesLeft ? .left : .right
    }

    /// Of no class in particular: the parts are taken as they are.
    init(_ pipeline: Pipeline) {
        self.pipeline = pipeline
        className = TokenizerFamily.generic.rawValue
        config = [:]
        special = []
        extraSpecial = []
        declared = []
        modelInputNames = ["input_ids", "attention_mask"]
        modelMaxLength = Int.max
        paddingSide = .right
        truncationSide = .right
    }
}

/// The special tokens that have a name of their own.
public enum SpecialTokenName: String, Sendable, CaseIterable {
    /// The beginning of a sequence.
    case bos = "bos_token"
    /// The end of a sequence.
    case eos = "eos_token"
    /// Text that no token covers.
    case unk = "unk_token"
    /// Between two texts, and at the end.
    case sep = "sep_token"
    /// What rows are filled up with.
    case pad = "pad_token"
    /// Before a sequence; what classifiers read.
    case cls = "cls_token"
    /// What is to be filled in.
    case mask = "mask_token"
}
