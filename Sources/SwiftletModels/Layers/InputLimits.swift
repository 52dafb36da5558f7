import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// The sizes of a model's tables, which inputs must not lead out of.
public struct InputLimits: Sendable {
    /// Rows of the table of token embeddings.
    public var vocabularySize: Int
    /// Width of the table of token embeddings.
    public var embeddingWidth: Int
    /// Rows of the table of segments; `nil` where the model knows none and leaves them unread.
    public var typeVocabularySize: Int?
    /// Longest sequence; `Int.max` where nothing ends.
    public var maximumLength: Int
    /// Rows of the position table; `Int.max` where there is none.
    public var positionCount: Int

    /// - Parameters:
    ///   - vocabularySize: rows of the table of token embeddings.
    ///   - embeddingWidth: width of that table.
    ///   - typeVocabularySize: rows of the table of segments; `nil` where the model knows none.
    ///   - maximumLength: tokens of the longest sequence.
    ///   - positionCount: rows of the position table.
    public init(
        vocabularySize: Int, embeddingWidth: Int, typeVocabularySize: Int? = nil, maximumLength: Int = .max,
        positionCount: Int = .max
    ) {
        self.vocabularySize = vocabularySize
        self.embeddingWidth = embeddingWidth
        self.typeVocabularySize = typeVocabularySize
        self.maximumLength = maximumLength
        self.positionCount = positionCount
    }

    /// Checks what a model is called with: types, devices and shapes of all tensors, and that no id leads out of its table.
    ///
    /// - Returns: the inputs with segments and positions for every token, `[batch, sequence]`, where the same ones were given
    ///   for all rows, `[1, sequence]`, or for all tokens of a row, `[batch, 1]`.
    /// - Throws: `ModelError` naming what was given and what the model takes.
    public func check(_ inputs: ModelInputs, for state: ModelState) throws -> ModelInputs {
        try inputs.check()
        try inputs.checkTensors(for: state)
        guard !state.execution.outputsAttentions || inputs.cumulativeLengths == nil else {
            throw ModelError(
                "attention weights of packed inputs are not implemented", remedy: "Give a padded batch.", kind: .inputs,
                at: ErrorLocation(option: "output_attentions"))
        }
        let length = try inputs.cumulativeLengths.map { try Self.checkPacked(inputs, $0) } ?? Self.checkPadded(inputs)
        guard length <= maximumLength || inputs.positionIDs != nil else {
            throw ModelError(
                "a sequence of \(length) tokens is longer than the model's \(maximumLength) positions",
                remedy: "Tokenize with truncation: true.", commandLine: "Give --max-length \(maximumLength) or less.",
                kind: .inputs, at: ErrorLocation(option: "input_ids"))
        }
        if let embeds = inputs.inputsEmbeds, embeds.shape != inputs.inputIDs.shape + [embeddingWidth] {
            throw ModelError(
                "input embeddings of shape \(embeds.shape); the model takes \(inputs.inputIDs.shape + [embeddingWidth])",
                remedy: "Give one vector of \(embeddingWidth) numbers for each token.", kind: .inputs,
                at: ErrorLocation(option: "inputs_embeds"))
        }
        let tables = [
            ("input_ids", inputs.inputsEmbeds == nil ? inputs.inputIDs : nil, vocabularySize),
            ("token_type_ids", inputs.tokenTypeIDs, typeVocabularySize),
            ("position_ids", inputs.positionIDs, positionCount),
        ].compactMap { (argument: String, ids: Tensor?, limit: Int?) in
            ids.flatMap { ids in limit.map { (argument: argument, ids: ids, limit: $0) } }
        }
        for (table, (least, most)) in zip(tables, Self.extremes(tables.map(\.ids)))
        where least < 0 || most >= table.limit {
            let name = table.argument.dropLast().map { $0 == "_" ? " " : $0 }
            throw ModelError(
                "\(String(name)) \(least < 0 ? least : most) is outside the model's 0 to \(table.limit - 1)",
                remedy: "Is this tokenizer the model's own?", kind: .inputs, at: ErrorLocation(option: table.argument))
        }
        var inputs = inputs
        let shape = inputs.inputIDs.shape
        func broadcast(_ ids: Tensor) -> Tensor { ids.shape == shape ? ids : ids.expand(shape).contiguous() }
        inputs.tokenTypeIDs = inputs.tokenTypeIDs.map(broadcast)
        inputs.positionIDs = inputs.positionIDs.map(broadcast)
        return inputs
    }

    /// The least and the most of each tensor. A GPU is waited for once.
    private static func extremes(_ tensors: [Tensor]) -> [(least: Int, most: Int)] {
        guard let first = tensors.first, first.device != .cpu else {
            // A few hundred numbers are read sooner than an operation is found.
            return tensors.map {
                $0.ints().reduce(into: (least: 0, most: 0)) { $0 = (min($0.least, $1), max($0.most, $1)) }
            }
        }
        let all = Tensor.cat(tensors.flatMap { [$0.min(), $0.max()] }.map { $0.to(.int64).reshape([1]) }, 0).ints()
        return stride(from: 0, to: all.count, by: 2).map { (all[$0], all[$0 + 1]) }
    }

    /// - Returns: the longest sequence's length.
    private static func checkPadded(_ inputs: ModelInputs) throws -> Int {
        let shape = inputs.inputIDs.shape
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw ModelError(
                "input ids of shape \(shape); the model takes [batch, sequence], neither of them 0",
                remedy: "Give both of at least 1.", kind: .inputs, at: ErrorLocation(option: "input_ids"))
        }
        for (name, argument, tensor, broadcasts) in [
            // Python refuses one mask for several rows too.
            ("an attention mask", "attention_mask", inputs.attentionMask, false),
            ("token type ids", "token_type_ids", inputs.tokenTypeIDs, true),
            ("position ids", "position_ids", inputs.positionIDs, true),
        ] {
            guard let given = tensor?.shape, given != shape else { continue }
            if broadcasts, given.count == 2, zip(given, shape).allSatisfy({ $0 == 1 || $0 == $1 }) { continue }
            throw ModelError(
                "\(name) of shape \(given) for input ids of shape \(shape)",
                remedy: "Give all of one shape, as the collator does.", kind: .inputs,
                at: ErrorLocation(option: argument))
        }
        return shape[1]
    }

    private static func checkPacked(_ inputs: ModelInputs, _ cumulativeLengths: [Int]) throws -> Int {
        let shape = inputs.inputIDs.shape
        guard shape.count == 1, cumulativeLengths.count > 1, cumulativeLengths.first == 0,
            cumulativeLengths.last == shape[0], zip(cumulativeLengths, cumulativeLengths.dropFirst()).allSatisfy(<)
        else {
            throw ModelError(
                "packed input ids of shape \(shape) with cumulative lengths \(cumulativeLengths.prefix(8))",
                remedy: "Give [tokens], and cumulative lengths that rise from 0 to the number of tokens.",
                kind: .inputs, at: ErrorLocation(option: "cu_seq_lens_q"))
        }
        for (name, argument, tensor) in [
            ("token type ids", "token_type_ids", inputs.tokenTypeIDs),
            ("position ids", "position_ids", inputs.positionIDs),
        ] {
            guard let tensor, tensor.shape != shape else { continue }
            throw ModelError(
                "packed \(name) of shape \(tensor.shape) for input ids of shape \(shape)",
                remedy: "Give one for each token, [\(shape[0])].", kind: .inputs, at: ErrorLocation(option: argument))
        }
        guard inputs.attentionMask == nil else {
            throw ModelError(
                "packed input ids with an attention mask", remedy: "Leave masked tokens out when packing.",
                kind: .inputs, at: ErrorLocation(option: "attention_mask"))
        }
        return longest(cumulativeLengths)
    }
}
