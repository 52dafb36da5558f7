/// A normalized text on its way to words: pre-tokenizers split it, and some change it.
///
/// Words are ranges of one text, so that splitting copies nothing.
struct Words {
    struct Word {
        /// In bytes of the normalized text.
        var range: Range<Int>
        /// Where it lies in the original text. That of a part that was never split is all that the part was made of.
        var origin: Range<Int>
    }

    private(set) var text: AlignedText
    private(set) var words: [Word]

    /// One word: `range` of a text.
    init(_ text: AlignedText, _ range: Range<Int>, origin: Range<Int>) {
        self.text = text
        words = range.isEmpty ? [] : [Word(range: range, origin: origin)]
    }

    /// From the first word to the end of the last.
    var byteCount: Int {
        guard let first = words.first, let last = words.last else { return 0 }
        return last.range.upperBound - first.range.lowerBound
    }

    /// Puts parts of each word in its place.
    ///
    /// - Parameter body: gets the bytes of a word, and appends the parts; empty ones are left out. After its error
    ///   the words are as before.
    mutating func split<Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>, inout [Range<Int>]) throws(Failure) -> Void
    ) throws(Failure) {
        var result: [Word] = []
        result.reserveCapacity(words.count)
        var parts: [Range<Int>] = []
        let failure = text.bytes.withUnsafeBufferPointer { bytes -> Failure? in
            for word in words {
                parts.removeAll(keepingCapacity: true)
                do throws(Failure) {
                    try body(UnsafeBufferPointer(rebasing: bytes[word.range]), &parts)
                } catch { return error }
                for part in parts where !part.isEmpty {
                    let range = word.range.lowerBound + part.lowerBound..<word.range.lowerBound + part.upperBound
                    result.append(Word(range: range, origin: text.original(range)))
                }
            }
            return nil
        }
        if let failure { throw failure }
        words = result
    }

    /// Splits at each scalar of a kind.
    mutating func split(at isDelimiter: (UInt32) -> Bool, _ behavior: SplitBehavior) {
        var matches: [Range<Int>] = []
        split { bytes, parts in
            matches.removeAll(keepingCapacity: true)
            guard let base = bytes.baseAddress else { return }
            var position = 0
            while position < bytes.count {
                let (scalar, count) = UTF8Bytes.scalar(base, at: position)
                if isDelimiter(scalar) { matches.append(position..<position + count) }
                position += count
            }
            behavior.split(bytes.count, at: matches, into: &parts)
        }
    }

    /// Writes each word anew.
    ///
    /// - Parameter body: appends what a word becomes to the text.
    /// - Throws: `TokenizerError` if the text becomes too long.
    mutating func rewrite(
        _ limits: TextLimits, _ body: (Word, AlignedText, inout AlignedText) -> Void
    ) throws(TokenizerError) {
        var result = AlignedText(origin: text.origin, capacity: byteCount * 2)
        var rewritten: [Word] = []
        rewritten.reserveCapacity(words.count)
        for word in words {
            let start = result.bytes.count
            body(word, text, &result)
            try limits.check(result.bytes.count, .preTokenizer)
            if start < result.bytes.count {
                rewritten.append(Word(range: start..<result.bytes.count, origin: word.origin))
            }
        }
        (text, words) = (result, rewritten)
    }
}

/// What becomes of delimiters when a text is split at them.
enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    /// Delimiters side by side are one part.
    case contiguous = "Contiguous"

    /// Appends the parts of a text of `count` bytes.
    ///
    /// - Parameter inverted: whether what lies between the matches are the delimiters.
    func split(
        _ count: Int, at matches: [Range<Int>], inverted: Bool = false, into parts: inout [Range<Int>]
    ) {
        var segments: [(range: Range<Int>, isDelimiter: Bool)] = []
        segments.reserveCapacity(matches.count * 2 + 1)
        var position = 0
        for match in matches {
            if position != match.lowerBound { segments.append((position..<match.lowerBound, inverted)) }
            segments.append((match, !inverted))
            position = match.upperBound
        }
        if position != count { segments.append((position..<count, inverted)) }
        switch self {
        case .removed: for segment in segments where !segment.isDelimiter { parts.append(segment.range) }
        case .isolated: for segment in segments { parts.append(segment.range) }
        case .contiguous, .mergedWithPrevious:
            var wasDelimiter = false
            let first = parts.count
            for (range, isDelimiter) in segments {
                let joins = self == .contiguous ? isDelimiter == wasDelimiter : isDelimiter && !wasDelimiter
                if joins, parts.count > first {
                    parts[parts.count - 1] = parts[parts.count - 1].lowerBound..<range.upperBound
                } else {
                    parts.append(range)
                }
                wasDelimiter = isDelimiter
            }
        case .mergedWithNext:
            var wasDelimiter = false
            var reversed: [Range<Int>] = []
            for (range, isDelimiter) in segments.reversed() {
                if isDelimiter, !wasDelimiter, let last = reversed.last {
                    reversed[reversed.count - 1] = range.lowerBound..<last.upperBound
                } else {
                    reversed.append(range)
                }
                wasDelimiter = isDelimiter
            }
            parts += reversed.reversed()
        }
    }
}
