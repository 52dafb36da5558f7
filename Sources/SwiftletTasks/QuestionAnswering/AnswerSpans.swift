import SwiftletTokenizers
import SwiftletTraining

/// Finds answers to one question in what a model answered for the parts of its context, by the rules of the
/// question-answering pipeline of `transformers` 4. Not those of `AnswerSearch`, which are of the example scripts: here
/// the score is a product of probabilities, and the same answer in two places counts once, with both scores.
struct AnswerSpans {
    let topK: Int
    /// In tokens.
    let maxAnswerLength: Int
    let allowsNoAnswer: Bool
    let alignsToWords: Bool
    let clsTokenID: Int?
    let scalars: ScalarOffsets

    private struct Span {
        var first: Int
        var last: Int
        var score: Float
    }

    private struct Found {
        var text: String
        var start: Int
        var end: Int
        var score: Double
    }

    /// - Parameters:
    ///   - rows: the question with each part of the context.
    ///   - outputs: the logits of first and of last tokens, for each row.
    func answers(_ rows: [Encoding], _ outputs: [SequenceOutput]) -> [ExtractedAnswer] {
        var found: [Found] = []
        // By the text in small letters, in bytes: Swift takes canonically equivalent strings for equal.
        var known: [[UInt8]: Int] = [:]
        var nullScore = Float.greatestFiniteMagnitude
        for (row, output) in zip(rows, outputs) where output.arrays.count == 2 {
            // Python has no token of the question, or around the texts, but the first kind be part of an answer.
            let allowed = zip(row.sequenceIDs, row.inputIDs).map { $0 == 1 || Int($1) == clsTokenID }
            var starts = Self.probabilities(output.arrays[0].values, allowed)
            var ends = Self.probabilities(output.arrays[1].values, allowed)
            guard !starts.isEmpty, starts.count == ends.count, starts.count == row.count else { continue }
            nullScore = min(nullScore, starts[0] * ends[0])
            (starts[0], ends[0]) = (0, 0)
            let words = alignsToWords ? Self.words(row) : [:]
            let wordIDs = row.wordIDs
            let offsets = row.offsets
            for span in best(starts, ends) {
                var (start, end) = (offsets[span.first].lowerBound, offsets[span.last].upperBound)
                let ends = (wordIDs[span.first].flatMap { words[$0] }, wordIDs[span.last].flatMap { words[$0] })
                if case (let first?, let last?) = ends { (start, end) = (first.lowerBound, last.upperBound) }
                let text = scalars.text(start, end)
                let key = Array(text.lowercased().utf8)
                if let place = known[key] {
                    found[place].score += Double(span.score)
                } else {
                    known[key] = found.count
                    found.append(Found(text: text, start: start, end: end, score: Double(span.score)))
                }
            }
        }
        if allowsNoAnswer { found.append(Found(text: "", start: 0, end: 0, score: Double(nullScore))) }
        return found.sorted { $0.score > $1.score }.prefix(topK).map { answer in
            ExtractedAnswer(
                answer: answer.text, score: Float(answer.score), start: answer.start, end: answer.end,
                range: scalars.range(answer.start, answer.end))
        }
    }

    /// The softmax over the tokens that are allowed; 0 for the others.
    private static func probabilities(_ logits: [Float], _ allowed: [Bool]) -> [Float] {
        softmax(zip(logits, allowed).map { $1 ? $0 : -10000 })
    }

    /// Where each word of the context lies that has a token in this row.
    private static func words(_ row: Encoding) -> [Int: Range<Int>] {
        var words: [Int: Range<Int>] = [:]
        for ((word, sequence), place) in zip(zip(row.wordIDs, row.sequenceIDs), row.offsets) where sequence == 1 {
            guard let word else { continue }
            let start = words[word]?.lowerBound ?? place.lowerBound
            words[word] = start..<max(start, place.upperBound)
        }
        return words
    }

    /// The likeliest spans, the likeliest first. With words, more of them, since some will be one.
    private func best(_ starts: [Float], _ ends: [Float]) -> [Span] {
        var spans: [Span] = []
        for first in starts.indices where starts[first] > 0 {
            let (last, isAll) = first.addingReportingOverflow(maxAnswerLength - 1)
            for last in first...(isAll ? ends.count - 1 : min(last, ends.count - 1)) where ends[last] > 0 {
                let score = starts[first] * ends[last]
                if score > 0 { spans.append(Span(first: first, last: last, score: score)) }
            }
        }
        let (more, overflows) = topK.multipliedReportingOverflow(by: 2)
        let count = alignsToWords ? (overflows ? Int.max : more.addingReportingOverflow(10).partialValue) : topK
        return Array(spans.sorted { $0.score > $1.score }.prefix(max(count, topK)))
    }
}
