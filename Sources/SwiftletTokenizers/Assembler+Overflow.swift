/// What truncation makes of a text that is too long: a first part, and overflowing ones that repeat `stride` tokens.
extension Assembler {
    /// The parts of a text; the first one is what stays.
    struct Parts {
        let count: Int
        private let total: Int
        private let kept: Int
        private let step: Int
        private let cutsLeft: Bool

        /// - Parameter kept: how many tokens of `total` a part may have.
        fileprivate init(_ total: Int, kept: Int, stride: Int, cutsLeft: Bool) {
            (self.total, self.kept, self.cutsLeft) = (total, kept, cutsLeft)
            step = kept - stride
            if kept >= total {
                count = 1
            } else if kept == 0 {
                // Nothing stays, and all of it overflows as one part.
                count = 2
            } else {
                count = 1 + (total - kept + step - 1) / step
            }
        }

        subscript(part: Int) -> Range<Int> {
            if kept >= total { return 0..<total }
            if kept == 0 { return part == 0 ? 0..<0 : 0..<total }
            let skipped = part * step
            if cutsLeft { return max(0, total - skipped - kept)..<total - skipped }
            return skipped..<min(total, skipped + kept)
        }
    }

    /// - Throws: `TokenizerError` if the parts would not move on.
    func parts(_ count: Int, _ kept: Int) throws(TokenizerError) -> Parts {
        if kept < count, kept > 0, stride >= kept {
            throw TokenizerError(
                "the stride of \(stride) tokens is not below the \(kept) tokens that a part of the text has",
                remedy: "Choose a smaller stride or a larger maxLength.",
                commandLine: "Choose a smaller --doc-stride or a larger --max-length.")
        }
        return Parts(count, kept: kept, stride: stride, cutsLeft: cutsLeft)
    }

    private static let mostRows = 1 << 16

    /// For each row of a sample, which part it has of the text of each piece; the first row has the first ones.
    ///
    /// Where both texts overflow, every part meets every part, in the order in which the Rust library merges them.
    ///
    /// - Throws: `TokenizerError` if that comes to more rows than anyone can want.
    func rows(_ first: Int, _ second: Int) throws(TokenizerError) -> [[Int]] {
        var count = 1
        for piece in pieces {
            guard case .sequence(let index, _) = piece else { continue }
            let parts = index == 0 ? first : second
            // One text alone has no more parts than tokens.
            if count > 1, parts > 1, count * parts > Self.mostRows {
                throw TokenizerError(
                    "the parts of two texts, each with each, come to more than \(Self.mostRows) rows",
                    remedy: "Let only one of the texts be cut, or give a larger maxLength.",
                    commandLine: "Give a larger --max-length.")
            }
            count *= parts
        }
        var main: [Int] = []
        var overflowing: [[Int]] = []
        for piece in pieces {
            guard case .sequence(let index, _) = piece else { continue }
            let parts = index == 0 ? first : second
            overflowing =
                overflowing.flatMap { row in (0..<parts).map { row + [$0] } } + (1..<parts).map { main + [$0] }
            main.append(0)
        }
        return [main] + overflowing
    }

    /// The type of the tokens of a part of a text.
    func type(_ type: Int32, _ sequence: Int, part: Int) -> Int32 {
        part == 0 ? type : overflowHasTypeZero ? 0 : Int32(sequence)
    }
}
