import SwiftletIO
public import SwiftletTensor
public import SwiftletTokenizers

/// Hides spans of tokens and draws an order in which they are to be predicted, as
/// `transformers.DataCollatorForPermutationLanguageModeling` does for XLNet. The draws are PyTorch's, in its order, so that
/// a generator with the same seed gives the same batches.
///
/// It is no `DataCollator`: no model of this library takes such batches. They are for a model and a loop of one's own.
public struct DataCollatorForPermutationLanguageModeling {
    /// One batch of rows of an even length.
    public struct Batch {
        /// Token ids with the hidden ones masked, int64 `[batch, sequence]`.
        public let inputIDs: Tensor
        /// 1 where a token must not see another one, float32 `[batch, sequence, sequence]`: the second axis sees the third.
        public let permMask: Tensor
        /// Which token each prediction is for: the identity for each row, float32 `[batch, sequence, sequence]`.
        public let targetMapping: Tensor
        /// What the hidden tokens were, -100 for the others, int64 `[batch, sequence]`.
        public let labels: Tensor
    }

    /// The share of tokens to predict: each hidden span has so much context around it.
    public let plmProbability: Double
    /// The longest span of hidden tokens.
    public let maxSpanLength: Int
    private let maskTokenID: Int
    private let padTokenID: Int
    private let padsLeft: Bool
    private let specialIDs: Set<Int>
    private let generator: SwiftletTensor.Generator?

    /// - Parameter seed: of a generator of its own, which goes on from batch to batch; libtorch's default one if `nil`.
    /// - Throws: `TrainingError` for a tokenizer without a mask or a padding token, and numbers that make no sense.
    public init(
        tokenizer: Tokenizer, plmProbability: Double = 1.0 / 6, maxSpanLength: Int = 5, seed: UInt64? = nil
    ) throws {
        guard let mask = tokenizer.maskTokenID else {
            throw TrainingError(
                "the tokenizer has no mask token, which hiding tokens needs",
                remedy: "Set mask_token in tokenizer_config.json, or take a tokenizer that has one.",
                kind: .invalidArgument, at: ErrorLocation(option: "tokenizer"))
        }
        guard let pad = tokenizer.padTokenID else {
            throw TrainingError(
                "the tokenizer has no padding token", remedy: "Set pad_token in tokenizer_config.json.",
                kind: .invalidArgument, at: ErrorLocation(option: "tokenizer"))
        }
        guard plmProbability > 1e-6, plmProbability <= 1 else {
            throw TrainingError(
                "plmProbability is \(plmProbability); it must be above 0.000001 and at most 1",
                remedy: "Give a share, such as 1/6.", kind: .invalidArgument,
                at: ErrorLocation(option: "plm_probability"))
        }
        guard (1...1_000_000).contains(maxSpanLength) else {
            throw TrainingError(
                "maxSpanLength is \(maxSpanLength); it must be from 1 to 1000000",
                remedy: "Give a number of tokens, such as 5.", kind: .invalidArgument,
                at: ErrorLocation(option: "max_span_length"))
        }
        (maskTokenID, padTokenID) = (mask, pad)
        padsLeft = tokenizer.paddingSide == .left
        specialIDs = Set(tokenizer.allSpecialIDs)
        self.plmProbability = plmProbability
        self.maxSpanLength = maxSpanLength
        generator = seed.map { SwiftletTensor.Generator(seed: $0) }
    }

    /// - Throws: `TrainingError` for rows whose longest has an odd number of tokens: half of a sequence is taken for what
    ///   was seen before, so that nothing leaks.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> Batch {
        let lengths = examples.map(\.inputIDs.count)
        guard let length = lengths.max(), length > 0 else {
            throw TrainingError("a batch without tokens can't be padded", kind: .invalidData)
        }
        guard length % 2 == 0 else {
            throw TrainingError(
                "the longest row has \(length) tokens; permutations need an even number",
                remedy: "Cut or pad the rows to an even length.", kind: .invalidData)
        }
        let padded = RowPadding(length: length, padsLeft: padsLeft)
            .values(examples.map { $0.inputIDs.map(Int.init) }, filler: padTokenID)
        var hidden = examples.indices.flatMap { _ in hiddenSpans(length) }
        for place in hidden.indices where isFunctional(padded[place]) { hidden[place] = false }
        let masks = examples.indices.flatMap { row in
            permutation(padded[row * length..<(row + 1) * length], hidden[row * length..<(row + 1) * length])
        }
        let shape = [examples.count, length]
        let identity = (0..<length * length).map { Float($0 / length == $0 % length ? 1 : 0) }
        return Batch(
            inputIDs: Tensor(zip(padded, hidden).map { $1 ? maskTokenID : $0 }, shape: shape),
            permMask: Tensor(masks, shape: shape + [length]),
            targetMapping: Tensor(examples.indices.flatMap { _ in identity }, shape: shape + [length]),
            labels: Tensor(zip(padded, hidden).map { $1 ? $0 : -100 }, shape: shape))
    }

    /// Tokens with a part in the form of a sequence, which are never hidden.
    private func isFunctional(_ id: Int) -> Bool { id == padTokenID || specialIDs.contains(id) }

    private func random(below end: Int) -> Int { Tensor.randint(end, [1], generator: generator).ints()[0] }

    /// Spans of random lengths at random places, each with context around it.
    private func hiddenSpans(_ length: Int) -> [Bool] {
        var hidden = [Bool](repeating: false, count: length)
        var position = 0
        while position < length {
            let span = random(below: maxSpanLength) + 1
            let context = Int(Double(span) / plmProbability)
            let start = position + random(below: context - span + 1)
            for place in start..<start + span where place < length { hidden[place] = true }
            position += context
        }
        return hidden
    }

    /// The rows of a sequence's mask. Both halves have the same random order; what is not hidden comes before all.
    private func permutation(_ ids: ArraySlice<Int>, _ hidden: ArraySlice<Bool>) -> [Float] {
        let half = ids.count / 2
        let order = Tensor.randperm(half, generator: generator).ints()
        var ranks = order + order.map { $0 + half }
        let hidden = Array(hidden)
        for (place, id) in ids.enumerated() where !hidden[place] && !isFunctional(id) { ranks[place] = -1 }
        return ranks.flatMap { rank in
            ranks.indices.map { other in hidden[other] && rank <= ranks[other] ? Float(1) : 0 }
        }
    }
}
