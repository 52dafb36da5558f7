/// Leaves spaces at the ends of a token out of its offsets, as byte-level post-processors do.
struct OffsetTrimming: Sendable {
    /// Whether the first space of a text is taken for one that the pre-tokenizer put there.
    var addsPrefixSpace: Bool

    /// The places of a token in bytes and in scalars of its text, without spaces.
    ///
    /// - Parameter isFirst: whether the token is the first of its text.
    func trim(
        _ token: String, isFirst: Bool, bytes: Range<Int>, scalars: Range<Int>
    ) -> (bytes: Range<Int>, scalars: Range<Int>) {
        var leading = token.unicodeScalars.prefix(while: Self.isSpace)
        let trailing = token.unicodeScalars.reversed().prefix(while: Self.isSpace)
        guard !leading.isEmpty || !trailing.isEmpty else { return (bytes, scalars) }
        // A space that is not of the text takes no room there.
        if addsPrefixSpace, isFirst || scalars.lowerBound == 0, leading.count == 1 { leading = leading.prefix(0) }
        return (
            Self.cut(bytes, Self.width(leading), Self.width(trailing)), Self.cut(scalars, leading.count, trailing.count)
        )
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == space || UnicodeTable.shared[scalar.value].has(UnicodeTable.Entry.whitespace)
    }

    /// What stands for a space in byte-level tokens.
    private static let space: UInt32 = 0x120

    private static func width(_ scalars: some Sequence<Unicode.Scalar>) -> Int {
        scalars.reduce(0) { $0 + ($1.value == space ? 1 : UTF8.width($1)) }
    }

    private static func cut(_ range: Range<Int>, _ leading: Int, _ trailing: Int) -> Range<Int> {
        let lower = min(range.lowerBound + leading, range.upperBound)
        guard trailing > 0, range.upperBound >= trailing else { return lower..<range.upperBound }
        return lower..<max(range.upperBound - trailing, lower)
    }
}
