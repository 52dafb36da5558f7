import Synchronization

/// Ids of several sequences in one list.
public struct FlatEncoding: Sendable {
    public internal(set) var ids: [Int32] = []
    public internal(set) var typeIDs: [Int32] = []
    /// Where each sequence begins in `ids`, and at last where the last one ends.
    public internal(set) var rowOffsets: [Int] = [0]

    public var count: Int { rowOffsets.count - 1 }

    /// The ids of one sequence.
    public subscript(row: Int) -> ArraySlice<Int32> { ids[rowOffsets[row]..<rowOffsets[row + 1]] }

    var longestRow: Int? { zip(rowOffsets, rowOffsets.dropFirst()).map { $1 - $0 }.max() }

    mutating func append(_ other: FlatEncoding) {
        let start = ids.count
        ids += other.ids
        typeIDs += other.typeIDs
        rowOffsets += other.rowOffsets.dropFirst().map { $0 + start }
    }
}

/// What one text, or a pair of texts, became.
///
/// Ids are computed when it is made; tokens, offsets and word numbers when they are first asked for.
public struct Encoding: Sendable {
    public let inputIDs: [Int32]
    public let tokenTypeIDs: [Int32]
    /// 1 for tokens, 0 for padding.
    public let attentionMask: [Int32]
    private let details: Details

    /// Number of tokens, padding included.
    public var count: Int { inputIDs.count }
    /// 1 for special tokens and padding, 0 for tokens of the texts.
    public var specialTokensMask: [Int32] { details.value.map { $0.sequence == nil ? 1 : 0 } }
    public var tokens: [String] { details.value.map(\.token) }
    /// Where each token lies in its text, in Unicode scalars as in Python; `0..<0` for special tokens.
    public var offsets: [Range<Int>] { details.value.map(\.scalars) }
    /// Where each token lies in its text, in UTF-8 bytes.
    public var byteOffsets: [Range<Int>] { details.value.map(\.bytes) }
    /// The number of each token's word in its text; `nil` for special tokens.
    public var wordIDs: [Int?] { details.value.map(\.word) }
    /// 0 for tokens of the first text, 1 for those of the second, `nil` for special tokens.
    public var sequenceIDs: [Int?] { details.value.map(\.sequence) }

    init(
        inputIDs: [Int32], tokenTypeIDs: [Int32], attentionMask: [Int32], details: @escaping @Sendable () -> [Detail]
    ) {
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
        self.details = Details(details)
    }

    struct Detail: Sendable {
        var token: String
        var bytes: Range<Int> = 0..<0
        var scalars: Range<Int> = 0..<0
        var word: Int?
        var sequence: Int?
    }

    /// Computed once, on demand.
    private final class Details: Sendable {
        private let state = Mutex<[Detail]?>(nil)
        private let compute: @Sendable () -> [Detail]

        init(_ compute: @escaping @Sendable () -> [Detail]) { self.compute = compute }

        var value: [Detail] {
            state.withLock { state in
                if let state { return state }
                let value = compute()
                state = value
                return value
            }
        }
    }
}

/// What a list of texts became. Padding, if any, is part of the lists.
public struct BatchEncoding: Sendable {
    let tokenizer: Tokenizer
    let texts: [String]
    let pairs: [String]?
    let addSpecialTokens: Bool
    let limits: Limits
    let flat: FlatEncoding
    /// `nil` for no padding.
    let paddedLength: Int?

    init(
        tokenizer: Tokenizer, texts: [String], pairs: [String]?, addSpecialTokens: Bool, limits: Limits,
        flat: FlatEncoding
    ) {
        self.tokenizer = tokenizer
        self.texts = texts
        self.pairs = pairs
        self.addSpecialTokens = addSpecialTokens
        self.limits = limits
        self.flat = flat
        paddedLength = limits.paddedLength(longest: flat.longestRow ?? 0)
    }

    /// Number of sequences.
    public var count: Int { flat.count }
    /// The names of the lists that the model takes, in order.
    public var keys: [String] { tokenizer.modelInputNames }
    public var rows: [Encoding] { (0..<count).map { self[$0] } }

    /// The lists of ids; made on each access.
    public var inputIDs: [[Int32]] {
        let pad = Int32(tokenizer.padTokenID ?? 0)
        return lists { Array(flat.ids[$0]) } padding: { pad }
    }

    public var tokenTypeIDs: [[Int32]] {
        let pad = Int32(tokenizer.padTokenTypeID)
        return lists { Array(flat.typeIDs[$0]) } padding: { pad }
    }

    public var attentionMask: [[Int32]] {
        lists { Array(repeating: 1, count: $0.count) } padding: { 0 }
    }

    private func lists(_ list: (Range<Int>) -> [Int32], padding: () -> Int32) -> [[Int32]] {
        let pad = padding()
        return (0..<count).map { row in padded(list(flat.rowOffsets[row]..<flat.rowOffsets[row + 1]), pad) }
    }

    private func padded<Element>(_ list: [Element], _ pad: Element) -> [Element] {
        guard let paddedLength, paddedLength > list.count else { return list }
        let padding = Array(repeating: pad, count: paddedLength - list.count)
        return tokenizer.paddingSide == .left ? padding + list : list + padding
    }

    /// One sequence with all that is known about it.
    public subscript(row: Int) -> Encoding {
        let range = flat.rowOffsets[row]..<flat.rowOffsets[row + 1]
        let (tokenizer, text, pair) = (tokenizer, texts[row], pairs?[row])
        let (addSpecialTokens, limits) = (addSpecialTokens, limits)
        let length = max(paddedLength ?? 0, range.count)
        return Encoding(
            inputIDs: padded(Array(flat.ids[range]), Int32(tokenizer.padTokenID ?? 0)),
            tokenTypeIDs: padded(Array(flat.typeIDs[range]), Int32(tokenizer.padTokenTypeID)),
            attentionMask: padded(Array(repeating: 1, count: range.count), 0)
        ) {
            // What could fail has not failed when the ids were computed from the same texts.
            let details = (try? Self.details(tokenizer, text, pair, addSpecialTokens, limits)) ?? []
            let padding = Array(
                repeating: Encoding.Detail(token: tokenizer.padToken ?? ""), count: max(0, length - details.count))
            return tokenizer.paddingSide == .left ? padding + details : details + padding
        }
    }

    private static func details(
        _ tokenizer: Tokenizer, _ text: String, _ pair: String?, _ addSpecialTokens: Bool, _ limits: Limits
    ) throws -> [Encoding.Detail] {
        let pipeline = tokenizer.pipeline
        let assembler = try Assembler(tokenizer, isPair: pair != nil, addSpecialTokens: addSpecialTokens, limits)
        let sequences = try [text, pair].compactMap { $0 }.enumerated().map { index, text in
            try sequenceDetails(pipeline, text, index)
        }
        let kept = try assembler.kept(sequences[0].count, pair == nil ? nil : sequences[1].count)
        var details: [Encoding.Detail] = []
        for piece in assembler.pieces {
            switch piece {
            case .special(_, let tokens, _): details += tokens.map { Encoding.Detail(token: $0) }
            case .sequence(let index, _):
                let sequence = sequences[index]
                let range = assembler.range(sequence.count, index == 0 ? kept.0 : kept.1)
                // Trimming looks at the tokens that are left.
                details += pipeline.postProcessor.trimsOffsets ? sequence[range].map(trimmed) : Array(sequence[range])
            }
        }
        return details
    }

    private static func sequenceDetails(
        _ pipeline: Pipeline, _ text: String, _ sequence: Int
    ) throws -> [Encoding.Detail] {
        var text = text
        return try text.withUTF8 { bytes in
            // The number of the scalar that each byte belongs to, and at last how many there are.
            var scalars = [Int](repeating: 0, count: bytes.count + 1)
            var number = -1
            for (index, byte) in bytes.enumerated() {
                if byte & 0xC0 != 0x80 { number += 1 }
                scalars[index] = number
            }
            scalars[bytes.count] = number + 1
            return try pipeline.tokens(bytes).map { token in
                Encoding.Detail(
                    token: token.text ?? pipeline.token(of: Int(token.id)) ?? "", bytes: token.range,
                    scalars: scalars[token.range.lowerBound]..<scalars[token.range.upperBound], word: token.word,
                    sequence: sequence)
            }
        }
    }

    /// Without the spaces at the ends of the token.
    private static func trimmed(_ detail: Encoding.Detail) -> Encoding.Detail {
        let table = UnicodeTable.shared
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value == 0x120 || table[scalar.value].has(UnicodeTable.Entry.whitespace)
        }
        let leading = detail.token.unicodeScalars.prefix(while: isSpace)
        let trailing = detail.token.unicodeScalars.reversed().prefix(while: isSpace)
        guard !leading.isEmpty || !trailing.isEmpty else { return detail }
        func cut(_ range: Range<Int>, _ leading: Int, _ trailing: Int) -> Range<Int> {
            let lower = min(range.lowerBound + leading, range.upperBound)
            return lower..<(trailing > 0 && range.upperBound >= trailing ? max(range.upperBound - trailing, lower) : range.upperBound)
        }
        func bytes(_ scalars: some Sequence<Unicode.Scalar>) -> Int { scalars.reduce(0) { $0 + UTF8.width($1) } }
        var detail = detail
        detail.scalars = cut(detail.scalars, leading.count, trailing.count)
        detail.bytes = cut(detail.bytes, bytes(leading), bytes(trailing))
        return detail
    }
}
