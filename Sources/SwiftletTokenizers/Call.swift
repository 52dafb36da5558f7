/// What a tokenizer was asked to do. Ids are computed when it is, the rest again from the same texts when it is needed.
struct Call: Sendable {
    let tokenizer: Tokenizer
    let texts: Texts
    let pairs: Texts?
    let addSpecialTokens: Bool
    let limits: Limits

    private func assembler() throws(TokenizerError) -> Assembler {
        try Assembler(tokenizer, isPair: pairs != nil, addSpecialTokens: addSpecialTokens, limits)
    }

    /// The rows of one text: one, and more if overflowing parts are asked for.
    func rows(_ sample: Int) -> [Encoding.Row] {
        // What could fail has not failed when the ids were computed from the same texts.
        (try? throwingRows(sample)) ?? []
    }

    private func throwingRows(_ sample: Int) throws -> [Encoding.Row] {
        let pipeline = tokenizer.pipeline
        let assembler = try assembler()
        let first = try texts.details(sample, 0, pipeline)
        let second = try pairs?.details(sample, 1, pipeline)
        let kept = try assembler.kept(first.count, second?.count)
        let parts = (
            try assembler.parts(first.count, kept.0), try assembler.parts(second?.count ?? 0, kept.1)
        )
        let choices = limits.returnsOverflow ? try assembler.rows(parts.0.count, parts.1.count) : [[0, 0]]
        return choices.map { choice in
            var row = Encoding.Row()
            var number = 0
            for piece in assembler.pieces {
                switch piece {
                case .special(_, let tokens, _): row.details += tokens.map { Encoding.Detail(token: $0) }
                case .sequence(let index, _):
                    let part = number < choice.count ? choice[number] : 0
                    number += 1
                    let tokens = index == 0 ? first[parts.0[part]] : (second ?? [])[parts.1[part]]
                    row.sequences[index] = row.details.count..<row.details.count + tokens.count
                    // Trimming looks at the tokens that are left.
                    if pipeline.postProcessor.trimsOffsets {
                        row.details += tokens.enumerated().map { trimmed($1, isFirst: $0 == 0) }
                    } else {
                        row.details += tokens
                    }
                }
            }
            return row
        }
    }

    /// A token without the spaces at its ends.
    private func trimmed(_ detail: Encoding.Detail, isFirst: Bool) -> Encoding.Detail {
        var detail = detail
        for trimming in tokenizer.pipeline.postProcessor.trimmings {
            (detail.bytes, detail.scalars) = trimming.trim(
                detail.token, isFirst: isFirst, bytes: detail.bytes, scalars: detail.scalars)
        }
        return detail
    }
}
