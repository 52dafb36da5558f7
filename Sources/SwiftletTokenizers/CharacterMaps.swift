/// From characters to tokens and words, and back.
///
/// Characters are Unicode scalars of a text as in Python, or of a word if the text was given as words. `sequence` is 0
/// for the first text and 1 for the second.
extension Encoding {
    /// The token that covers a character; `nil` for spaces, and for what truncation cut.
    public func charToToken(_ character: Int, sequence: Int = 0) -> Int? {
        let details = row.details
        return range(of: sequence).first { details[$0].scalars.contains(character) }
    }

    /// The characters that a token covers; `nil` for special tokens.
    public func tokenToChars(_ token: Int) -> Range<Int>? {
        tokenToSequence(token).map { _ in row.details[token].scalars }
    }

    /// The word that a character belongs to.
    public func charToWord(_ character: Int, sequence: Int = 0) -> Int? {
        charToToken(character, sequence: sequence).flatMap(tokenToWord)
    }

    /// The tokens of a word.
    public func wordToTokens(_ word: Int, sequence: Int = 0) -> Range<Int>? {
        let details = row.details
        let range = range(of: sequence)
        let isOf = { (token: Int) in details[token].word == word }
        guard let first = range.first(where: isOf), let last = range.last(where: isOf) else { return nil }
        return first..<last + 1
    }

    /// The characters of a word.
    public func wordToChars(_ word: Int, sequence: Int = 0) -> Range<Int>? {
        guard let tokens = wordToTokens(word, sequence: sequence) else { return nil }
        let start = row.details[tokens.lowerBound].scalars.lowerBound
        return start..<max(start, row.details[tokens.upperBound - 1].scalars.upperBound)
    }

    /// The word of a token; `nil` for special tokens.
    public func tokenToWord(_ token: Int) -> Int? {
        tokenToSequence(token).flatMap { _ in row.details[token].word }
    }

    /// 0 if a token is of the first text, 1 if it is of the second; `nil` for special tokens.
    public func tokenToSequence(_ token: Int) -> Int? {
        row.sequences.firstIndex { $0?.contains(token) ?? false }
    }

    /// Where a token lies in the text that it is of, for `text[range]`.
    ///
    /// - Parameter text: the text, or the word, that the token was made of.
    /// - Returns: `nil` for special tokens, and if `text` is too short to be that text.
    public func stringRange(ofToken token: Int, in text: String) -> Range<String.Index>? {
        guard tokenToSequence(token) != nil else { return nil }
        let bytes = row.details[token].bytes
        let utf8 = text.utf8
        guard let start = utf8.index(utf8.startIndex, offsetBy: bytes.lowerBound, limitedBy: utf8.endIndex),
            let end = utf8.index(start, offsetBy: bytes.count, limitedBy: utf8.endIndex)
        else { return nil }
        return start..<end
    }

    /// The tokens of a text; all tokens if there is no such text, as in the Rust library.
    private func range(of sequence: Int) -> Range<Int> {
        guard row.sequences.indices.contains(sequence), let range = row.sequences[sequence] else {
            return row.details.indices
        }
        return range
    }
}
