import SwiftletIO

/// The parts of a tokenizer in the order in which they work.
struct Pipeline: Sendable {
    var normalizer: Normalizer?
    var preTokenizer: PreTokenizer?
    var model: Model
    var postProcessor: PostProcessor
    var decoder: Decoder?
    var added = AddedVocabulary()

    /// A token of one text with its origin.
    struct Token {
        var id: Int32
        /// In bytes of the text.
        var range: Range<Int>
        var word: Int
        /// What an added token stood for in the text; `nil` for tokens of the model.
        var text: String?
    }

    /// Tokens with everything that is known about them. Slower than what `FastEncoder` does for ids only.
    func tokens(_ text: UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> [Token] {
        guard let base = text.baseAddress, !text.isEmpty else { return [] }
        var tokens: [Token] = []
        var pieces = PieceBuffer()
        var word = 0
        var limits = TextLimits(text.count)
        for part in added.plain.split(base, 0..<text.count) {
            if let id = part.id {
                // An added token of no bytes is none.
                if part.range.isEmpty { continue }
                tokens.append(Token(id: id, range: part.range, word: word, text: Self.text(base, part.range)))
                word += 1
                continue
            }
            var aligned = AlignedText(base, part.range)
            try normalizer?.normalize(&aligned, &limits)
            let bytes = aligned.bytes
            for inner in try added.normalized.split(normalized: bytes, &limits) where !inner.range.isEmpty {
                if let id = inner.id {
                    tokens.append(
                        Token(
                            id: id, range: aligned.original(inner.range), word: word,
                            text: String(decoding: bytes[inner.range], as: UTF8.self)))
                    word += 1
                    continue
                }
                var words = Words(aligned, inner.range, origin: aligned.original(inner.range))
                try preTokenizer?.split(&words, &limits)
                try append(words, firstWord: &word, to: &tokens, &pieces, limits)
            }
            limits.finish(bytes.count)
        }
        return tokens
    }

    /// Appends the tokens of words.
    private func append(
        _ words: Words, firstWord word: inout Int, to tokens: inout [Token], _ pieces: inout PieceBuffer,
        _ limits: TextLimits
    ) throws(TokenizerError) {
        let text = words.text
        for item in words.words {
            pieces.removeAll()
            var failure: TokenizerError?
            text.bytes.withUnsafeBufferPointer { buffer in
                do throws(TokenizerError) {
                    try model.tokenize(UnsafeBufferPointer(rebasing: buffer[item.range]), into: &pieces)
                } catch { failure = error }
            }
            if let failure { throw failure }
            try limits.check(tokens: tokens.count + pieces.ids.count)
            let first = item.range.lowerBound
            for index in pieces.ids.indices {
                let piece = first + pieces.starts[index]..<first + pieces.ends[index]
                var token = Token(id: pieces.ids[index], range: text.original(piece), word: word)
                if pieces.texts.contains(index) { token.text = String(decoding: text.bytes[piece], as: UTF8.self) }
                tokens.append(token)
            }
            word += 1
        }
    }

    private static func text(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(start: bytes + range.lowerBound, count: range.count), as: UTF8.self)
    }

    /// The token of an id; added tokens come first.
    func token(of id: Int) -> String? {
        if let key = Int32(exactly: id), let token = added.tokens[key] { return token.content }
        return model.vocabulary.token(of: id)
    }

    func id(of token: String) -> Int32? { added.id(of: token) ?? model.vocabulary.id(of: token) }

    /// Text of tokens that are known; others are left out.
    func decode(_ ids: some Sequence<Int>, skipsSpecialTokens: Bool) -> String {
        var tokens: [String] = []
        for id in ids {
            let addedToken = Int32(exactly: id).flatMap { added.decodedToken(of: $0) }
            guard let token = addedToken ?? model.vocabulary.token(of: id) else { continue }
            if skipsSpecialTokens, added.isSpecial(token) { continue }
            tokens.append(token)
        }
        return decoder?.decode(tokens) ?? tokens.joined(separator: " ")
    }
}
