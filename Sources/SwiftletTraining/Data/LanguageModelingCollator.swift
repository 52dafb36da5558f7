import SwiftletIO
public import SwiftletModels
import SwiftletTensor
public import SwiftletTokenizers

/// Hides tokens for a model to fill in, as `transformers.DataCollatorForLanguageModeling` does: of those chosen, 80%
/// become the mask token, 10% a random one, and 10% stay. The draws are PyTorch's, in its order, so that a generator
/// with the same seed hides the same tokens.
public struct DataCollatorForLanguageModeling: DataCollator {
    public var makesLabels: Bool { true }
    public var drawsRandomNumbers: Bool { mlm && generator == nil }
    /// Whether tokens are hidden. Without it nothing is drawn, and the labels are the tokens themselves: for models that
    /// predict the next token.
    public let mlm: Bool
    /// The share of tokens to predict.
    public let mlmProbability: Double
    /// Whether all tokens of a word are hidden together. They then all become the mask token, as in Python.
    public let wholeWordMask: Bool
    /// The share of the chosen tokens that become the mask token.
    public let maskReplaceProbability: Double
    /// The share of the chosen tokens that become a random one.
    public let randomReplaceProbability: Double
    private let padding: DataCollatorWithPadding
    /// -1 where nothing is hidden.
    private let maskTokenID: Int
    private let vocabularySize: Int
    private let specialIDs: Set<Int32>
    // With its module: the standard library has generators too.
    private let generator: SwiftletTensor.Generator?

    /// - Parameter seed: of a generator of its own, which goes on from batch to batch and which a resumed run begins anew;
    ///   libtorch's default one, which checkpoints keep, if `nil`.
    /// - Throws: `TrainingError` for a tokenizer without a padding or a mask token, and shares that make no sense.
    public init(
        tokenizer: Tokenizer, mlm: Bool = true, mlmProbability: Double = 0.15, wholeWordMask: Bool = false,
        maskReplaceProbability: Double = 0.8, randomReplaceProbability: Double = 0.1, padToMultipleOf: Int? = nil,
        seed: UInt64? = nil
    ) throws {
        guard let mask = mlm ? tokenizer.maskTokenID : -1 else {
            throw TrainingError(
                "the tokenizer has no mask token, which filling in needs",
                remedy: "Set mask_token in tokenizer_config.json, or take a model that was trained with one.",
                kind: .invalidArgument, at: ErrorLocation(option: "mask_token"))
        }
        guard mlm || !wholeWordMask else {
            throw TrainingError(
                "wholeWordMask hides words, and mlm is off", remedy: "Leave one of the two out.",
                kind: .invalidArgument, at: ErrorLocation(option: "mlm"))
        }
        for (name, share) in [
            ("mlmProbability", mlmProbability), ("maskReplaceProbability", maskReplaceProbability),
            ("randomReplaceProbability", randomReplaceProbability),
        ] where !(0...1).contains(share) {
            throw TrainingError(
                "\(name) is \(share); it must be between 0 and 1", remedy: "Give a share, such as 0.15.",
                kind: .invalidArgument, at: ErrorLocation(option: name))
        }
        guard maskReplaceProbability + randomReplaceProbability <= 1 else {
            throw TrainingError(
                "maskReplaceProbability and randomReplaceProbability are more than 1 together",
                remedy: "Lower one: what is left over stays as it is.", kind: .invalidArgument,
                at: ErrorLocation(option: "mask_replace_prob"))
        }
        padding = try DataCollatorWithPadding(tokenizer: tokenizer, padToMultipleOf: padToMultipleOf)
        maskTokenID = mask
        vocabularySize = tokenizer.count
        specialIDs = Set(tokenizer.allSpecialIDs.map { Int32($0) })
        generator = seed.map { SwiftletTensor.Generator(seed: $0) }
        self.mlm = mlm
        self.mlmProbability = mlmProbability
        self.wholeWordMask = wholeWordMask
        self.maskReplaceProbability = wholeWordMask ? 1 : maskReplaceProbability
        self.randomReplaceProbability = wholeWordMask ? 0 : randomReplaceProbability
    }

    /// Checks that each row is one sequence, and has offsets where whole words are hidden.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws {
        try padding.check(examples)
        guard wholeWordMask else { return }
        try checkRows(examples) { row throws(TrainingError) in _ = try Self.offsets(row) }
    }

    /// - Returns: the batch with tokens hidden, and labels int64 `[batch, sequence]`: what the hidden tokens were, -100
    ///   for the others; without `mlm` all tokens, and -100 for padding tokens.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        var (inputs, rows) = try padding.pad(examples)
        let original = inputs.inputIDs.ints()
        let shape = inputs.inputIDs.shape
        guard mlm else {
            inputs.labels = Tensor(original.map { $0 == Int(padding.padTokenID) ? -100 : $0 }, shape: shape)
            return inputs
        }
        let special = rows.values(
            examples.map { example in
                example.specialTokensMask?.map { $0 != 0 } ?? example.inputIDs.map(specialIDs.contains)
            }, filler: true)
        var chosen: [Bool]
        if wholeWordMask {
            let starts = try wordStarts(examples, rows, special)
            chosen = draw(starts.map { $0 ? mlmProbability : 0 }, shape)
            for position in chosen.indices where position % rows.length > 0 && !special[position] && !starts[position] {
                chosen[position] = chosen[position - 1]
            }
        } else {
            chosen = draw(special.map { $0 ? 0 : mlmProbability }, shape)
        }
        let masked = draw([Double](repeating: maskReplaceProbability, count: original.count), shape)
        var ids = original
        for position in ids.indices where chosen[position] && masked[position] { ids[position] = maskTokenID }
        if maskReplaceProbability < 1, randomReplaceProbability > 0 {
            let share = randomReplaceProbability / (1 - maskReplaceProbability)
            let replaced = draw([Double](repeating: share, count: original.count), shape)
            let words = Tensor.randint(vocabularySize, shape, generator: generator).ints()
            for position in ids.indices where chosen[position] && !masked[position] && replaced[position] {
                ids[position] = words[position]
            }
        }
        inputs.inputIDs = Tensor(ids, shape: shape)
        inputs.labels = Tensor(zip(original, chosen).map { $1 ? $0 : -100 }, shape: shape)
        return inputs
    }

    /// What `torch.bernoulli` draws for these probabilities: a uniform number each, compared in float32.
    private func draw(_ probabilities: [Double], _ shape: [Int]) -> [Bool] {
        let uniform = Tensor.rand(shape, generator: generator).floats()
        return zip(uniform, probabilities).map { $0 < Float($1) }
    }

    /// A word begins where a token does not touch the one before, or where that one is special.
    private func wordStarts(
        _ examples: [TokenizedExample], _ rows: RowPadding, _ special: [Bool]
    ) throws(TrainingError) -> [Bool] {
        let offsets = try examples.map(Self.offsets)
        let spans = rows.values(offsets, filler: 0..<0)
        return spans.indices.map { position in
            guard !special[position] else { return false }
            if position % rows.length == 0 { return true }
            return spans[position].lowerBound != spans[position - 1].upperBound || special[position - 1]
        }
    }

    private static func offsets(_ example: TokenizedExample) throws(TrainingError) -> [Range<Int>] {
        guard let offsets = example.offsets, offsets.count == example.inputIDs.count else {
            throw TrainingError(
                "wholeWordMask needs the offsets of tokens in their texts",
                remedy: "Keep the column 'offset_mapping': \"offset_mapping\": .values(encoding.offsetValues).",
                kind: .invalidData, at: ErrorLocation(column: "offset_mapping"))
        }
        return offsets
    }
}
