import Synchronization

/// What one text, or a pair of texts, became.
///
/// Ids are computed when it is made; tokens, offsets and word numbers when they are first asked for.
public struct Encoding: Sendable {
    /// Ids of the tokens, special ones and padding included.
    public let inputIDs: [Int32]
    /// Segments of the tokens, 0 and 1.
    public let tokenTypeIDs: [Int32]
    /// 1 for tokens, 0 for padding.
    public let attentionMask: [Int32]
    /// The other parts of texts that were cut, if the call asked for them.
    public internal(set) var overflowing: [Encoding] = []
    private let lazy: Lazy

    /// Number of tokens, padding included.
    public var count: Int { inputIDs.count }
    /// 1 for special tokens and padding, 0 for tokens of the texts.
    public var specialTokensMask: [Int32] { row.details.map { $0.sequence == nil ? 1 : 0 } }
    /// The tokens as texts of the vocabulary.
    public var tokens: [String] { row.details.map(\.token) }
    /// Where each token lies in its text, or in its word if the text was given as words, in Unicode scalars as in
    /// Python; `0..<0` for special tokens.
    public var offsets: [Range<Int>] { row.details.map(\.scalars) }
    /// Where each token lies in its text, or in its word if the text was given as words, in UTF-8 bytes.
    public var byteOffsets: [Range<Int>] { row.details.map(\.bytes) }
    /// The number of each token's word in its text; `nil` for special tokens.
    public var wordIDs: [Int?] { row.details.map(\.word) }
    /// 0 for tokens of the first text, 1 for those of the second, `nil` for special tokens.
    public var sequenceIDs: [Int?] { row.details.map(\.sequence) }

    var row: Row { lazy.value }

    init(
        inputIDs: [Int32], tokenTypeIDs: [Int32], attentionMask: [Int32], row: @escaping @Sendable () -> Row
    ) {
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
        lazy = Lazy(row)
    }

    /// What is known about one token.
    struct Detail: Sendable {
        var token: String
        var bytes: Range<Int> = 0..<0
        var scalars: Range<Int> = 0..<0
        var word: Int?
        var sequence: Int?
    }

    /// What is known about all tokens.
    struct Row: Sendable {
        var details: [Detail] = []
        /// Which tokens are of the first and of the second text.
        var sequences: [Range<Int>?] = [nil, nil]
    }

    /// Computed once, on demand.
    private final class Lazy: Sendable {
        private let state = Mutex<Row?>(nil)
        private let compute: @Sendable () -> Row

        init(_ compute: @escaping @Sendable () -> Row) { self.compute = compute }

        var value: Row {
            state.withLock { state in
                if let state { return state }
                let value = compute()
                state = value
                return value
            }
        }
    }
}
