public import SwiftletIO
import SwiftletModels
import SwiftletTokenizers
import SwiftletTraining

/// A token for the place of a mask.
public struct MaskFilling: Sendable, Equatable, Codable, JSONRepresentable {
    /// Its probability among all tokens of the vocabulary.
    public var score: Float
    /// Its id.
    public var token: Int
    /// The text that it stands for.
    public var tokenString: String
    /// The whole text with it. Where a text has several masks, with special tokens, the other masks among them.
    public var sequence: String

    private enum CodingKeys: String, CodingKey {
        case score, token, sequence
        case tokenString = "token_str"
    }

    /// `score`, `token`, `token_str` and `sequence`.
    public var json: JSONValue {
        [
            "score": .number(score), "token": .int(token), "token_str": .string(tokenString),
            "sequence": .string(sequence),
        ]
    }
}

/// What a fill-mask pipeline answers for one text.
public struct MaskFillings: Sendable, Equatable, JSONRepresentable {
    /// For each mask of the text the best tokens, the best first. Each mask is filled in for itself.
    public var masks: [[MaskFilling]]

    /// The best token for the first mask.
    public var best: MaskFilling? { masks.first?.first }

    /// A list of tokens; of several masks a list of such lists.
    public var json: JSONValue {
        let lists = masks.map { JSONValue.array($0.map(\.json)) }
        return lists.count == 1 ? lists[0] : .array(lists)
    }
}

/// How a fill-mask pipeline answers. The defaults are those of `transformers`' pipeline.
public struct FillMaskOptions: Sendable {
    /// How many tokens are answered for each mask, or all targets if those are fewer.
    public var topK: Int
    /// The only words to choose from. Scores stay those among the whole vocabulary. Of a word that is no token of the
    /// vocabulary the first token counts.
    public var targets: [String]?
    /// What becomes of texts with more tokens than the model takes.
    public var longInputs: LongInputs

    /// - Parameters:
    ///   - topK: how many tokens are answered for each mask.
    ///   - targets: the only words to choose from.
    ///   - longInputs: what becomes of texts with more tokens than the model takes.
    public init(topK: Int = 5, targets: [String]? = nil, longInputs: LongInputs = .truncated) {
        self.topK = topK
        self.targets = targets
        self.longInputs = longInputs
    }
}

/// Fills in what masks hide.
///
///     let fill = try await pipeline(.fillMask, model: "out/field")
///     let answer = try await fill("The ship was sold in [MASK].")
///     for filling in answer.masks[0] { print(filling.tokenString, filling.score) }
public struct FillMaskPipeline: DynamicPipeline {
    /// Owns the model; pipelines may share it.
    public let engine: InferenceEngine
    /// How calls answer that bring no options of their own.
    public var options: FillMaskOptions
    private let maskID: Int

    /// - Throws: `InferenceError` for a tokenizer without a mask token.
    public init(engine: InferenceEngine, options: FillMaskOptions = FillMaskOptions()) throws {
        guard let maskID = engine.tokenizer.maskTokenID else {
            throw InferenceError(
                .wrongTask, "the tokenizer has no mask token", remedy: "Set mask_token in tokenizer_config.json.")
        }
        self.engine = engine
        self.options = options
        self.maskID = maskID
    }

    /// What stands for a hidden word, such as `[MASK]` or `<mask>`.
    public var maskToken: String { engine.tokenizer.maskToken ?? "" }

    /// Fills in the masks of one text.
    ///
    /// - Throws: `InferenceError` for a text without a mask, `CancellationError`.
    public func callAsFunction(_ text: String, options: FillMaskOptions? = nil) async throws -> MaskFillings {
        try await answer([text], options: options ?? self.options)[0]
    }

    public func answer(_ inputs: [String], options: FillMaskOptions) async throws -> [MaskFillings] {
        try checkTopK(options.topK, all: "tokens")
        let targets = try options.targets.map { try targetIDs($0) }
        let encoded = try engine.encode(inputs.map { TextInput($0) }, longInputs: options.longInputs)
        let sequences = try encoded.enumerated().map { number, sequence in
            var sequence = sequence
            let ids = sequence.example.inputIDs
            let masks = ids.indices.filter { Int(ids[$0]) == maskID }
            guard !masks.isEmpty else {
                throw InferenceError(
                    .badInput, "text \(number) has no \(maskToken) to fill in",
                    remedy: "Put one where a word is wanted, among the first \(engine.maxLength) tokens.")
            }
            sequence.positions = masks
            return sequence
        }
        let outputs = try await engine.outputs(for: sequences)
        return zip(sequences, outputs).map { sequence, output in
            let masks = sequence.positions ?? []
            return MaskFillings(
                masks: zip(masks, output.rows).map { place, logits in
                    fillings(sequence.example.inputIDs, place, softmax(logits), targets, options.topK, masks.count > 1)
                })
        }
    }

    /// - Throws: `InferenceError` if none is left.
    private func targetIDs(_ targets: [String]) throws -> [Int] {
        let ids = try targets.compactMap { target in
            try engine.tokenizer.convertTokenToID(target)
                ?? engine.tokenizer(target, addSpecialTokens: false).inputIDs.first.map { Int($0) }
        }
        guard !ids.isEmpty else {
            throw InferenceError(
                .badOption, "targets has no word that the tokenizer knows", remedy: "Give one at least.")
        }
        return Set(ids).sorted()
    }

    private func fillings(
        _ ids: [Int32], _ place: Int, _ scores: [Float], _ targets: [Int]?, _ topK: Int, _ hasMore: Bool
    ) -> [MaskFilling] {
        let choices = targets?.filter(scores.indices.contains) ?? Array(scores.indices)
        return largest(topK, of: choices, scores).map { token in
            var filled = ids
            filled[place] = Int32(token)
            let text = filled.filter { Int($0) != engine.tokenizer.padTokenID }
            return MaskFilling(
                score: scores[token], token: token, tokenString: engine.tokenizer.decode([token]),
                sequence: engine.tokenizer.decode(text, skipSpecialTokens: !hasMore))
        }
    }

    /// The places with the largest scores, the largest first; of equal ones the earlier. A vocabulary is not sorted for
    /// five of its entries.
    private func largest(_ count: Int, of places: [Int], _ scores: [Float]) -> [Int] {
        guard count < places.count / 8 else {
            return Array(places.sorted { scores[$0] > scores[$1] }.prefix(count))
        }
        var best: [Int] = []
        for place in places {
            if best.count == count, scores[place] <= scores[best[count - 1]] { continue }
            let index = best.firstIndex { scores[$0] < scores[place] } ?? best.count
            best.insert(place, at: index)
            if best.count > count { best.removeLast() }
        }
        return best
    }

    public static func input(_ json: JSONValue) throws -> String {
        try InputReader(json, "a text with masks, or an object with text", keys: ["text"]).text("text")
    }

    /// `top_k`, `targets`; `truncation`, false to refuse long texts.
    public static func change(_ options: inout FillMaskOptions, by parameters: inout PipelineParameters) throws {
        if let topK = try parameters.int("top_k") { options.topK = topK }
        if let targets = try parameters.strings("targets") { options.targets = targets }
        try parameters.longInputs(&options.longInputs)
    }

    public static func answer(_ output: MaskFillings) -> PipelineAnswer { .fillMask(output) }
}

extension PipelineKind where Made == FillMaskPipeline {
    /// Words for masks: `FillMaskPipeline`.
    public static var fillMask: Self {
        Self("fill-mask") { folder, options in
            try FillMaskPipeline(
                engine: try await InferenceEngine(folder: folder, options: options) {
                    try AutoModelForMaskedLM.fromPretrained(folder: $0)
                })
        }
    }
}
