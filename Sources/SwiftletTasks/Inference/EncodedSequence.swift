public import SwiftletTokenizers
public import SwiftletTraining

/// One sequence of tokens that a model is to answer for.
public struct EncodedSequence: Sendable {
    /// The tokens, not padded.
    public var example: TokenizedExample
    /// The tokens whose outputs are wanted, where the model answers for each token; all of them if `nil`. Filling in,
    /// where each token has an output for each entry of the vocabulary, asks for its masks alone.
    public var positions: [Int]?
    /// Whether the answer is the last layer's state of each token in place of what the model's head makes of them.
    public var wantsTokenStates: Bool

    public init(_ example: TokenizedExample, positions: [Int]? = nil, wantsTokenStates: Bool = false) {
        self.example = example
        self.positions = positions
        self.wantsTokenStates = wantsTokenStates
    }

    /// The sequence of an encoding that was made without padding.
    public init(_ encoding: Encoding, keys: [String], positions: [Int]? = nil) {
        self.init(
            TokenizedExample(
                inputIDs: encoding.inputIDs,
                tokenTypeIDs: keys.contains("token_type_ids") ? encoding.tokenTypeIDs : nil),
            positions: positions)
    }

    var count: Int { example.inputIDs.count }
}

/// What a model answers for one sequence.
public struct SequenceOutput: Sendable {
    /// One array for each output of the model: for whole sequences float32 `[labels]` or `[hidden]`; for tokens
    /// `[tokens, labels]`, or `[positions, labels]` where positions were asked for; for answers two, the logits of
    /// first and of last tokens, `[tokens]` each. Where the tokens' states were asked for, `[tokens, hidden]`.
    public let arrays: [NumberArray]

    /// The first array.
    public var values: [Float] { arrays.first?.values ?? [] }

    /// Rows of the first array, one for each token or position that was asked for.
    public var rows: [ArraySlice<Float>] {
        guard let array = arrays.first, let count = array.shape.first else { return [] }
        return (0..<count).map { array[row: $0] }
    }
}
