import SwiftletIO
public import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One stretch of a context that may be the answer.
public struct AnswerCandidate: Sendable, Equatable {
    /// Empty for "no answer".
    public var text: String
    /// The model's score for its first token.
    public var startLogit: Float
    /// The model's score for its last token.
    public var endLogit: Float
    /// Among the candidates of the question.
    public var probability: Float
}

/// What a model answers a question with.
public struct PredictedAnswer: Sendable {
    /// The question's id.
    public var id: String
    /// Empty where the model finds no answer.
    public var text: String
    /// The best candidates, the best first.
    public var candidates: [AnswerCandidate]
    /// How much "no answer" scores above the best answer; only where no answer is allowed.
    public var nullScoreDifference: Float?
}

/// Finds answers in a model's scores for their first and last tokens, by the rules of Python's example scripts.
public struct AnswerSearch: Sendable {
    /// Candidates to keep, and first and last tokens to try.
    public var nBest: Int
    /// In tokens.
    public var maxAnswerLength: Int
    /// Whether a context may have no answer, as in SQuAD 2.
    public var allowsNoAnswer: Bool
    /// "No answer" wins where it scores more than this above the best answer.
    public var nullScoreThreshold: Float

    /// - Parameters:
    ///   - nBest: candidates to keep, and first and last tokens to try.
    ///   - maxAnswerLength: in tokens.
    ///   - allowsNoAnswer: whether a context may have no answer, as in SQuAD 2.
    ///   - nullScoreThreshold: "no answer" wins where it scores more than this above the best answer.
    public init(
        nBest: Int = 20, maxAnswerLength: Int = 30, allowsNoAnswer: Bool = false, nullScoreThreshold: Float = 0
    ) {
        self.nBest = nBest
        self.maxAnswerLength = maxAnswerLength
        self.allowsNoAnswer = allowsNoAnswer
        self.nullScoreThreshold = nullScoreThreshold
    }

    private struct Found {
        var range: Range<Int>
        var score: Float
        var start: Float
        var end: Float
    }

    /// - Parameters:
    ///   - starts: logits of each token being the first of the answer, `[features, tokens]`; rows may be longer than
    ///     their features.
    ///   - ends: the same of the last.
    /// - Returns: an answer for each question, in order.
    /// - Throws: `TrainingError` for logits that don't belong to these features.
    public func callAsFunction(
        _ rows: QuestionRows, _ features: QuestionFeatures, starts: NumberArray, ends: NumberArray
    ) throws -> [PredictedAnswer] {
        guard nBest > 0, maxAnswerLength > 0 else {
            throw TrainingError(
                "nBest is \(nBest) and maxAnswerLength \(maxAnswerLength); both must be at least 1",
                remedy: "Give 1 or more of both.",
                commandLine: "Give --n-best-size and --max-answer-length of 1 or more.", kind: .invalidArgument,
                at: ErrorLocation(option: nBest < 1 ? "n_best_size" : "max_answer_length"))
        }
        let longest = features.offsets.map(\.count).max() ?? 0
        guard starts.shape == ends.shape, starts.shape.count == 2, starts.shape[0] == features.count,
            starts.shape[1] >= longest
        else {
            throw TrainingError(
                "logits of shape \(starts.shape) and \(ends.shape) for \(features.count) features of up to \(longest) tokens",
                remedy: "Give the predictions of these features.", kind: .invalidData)
        }
        var ofQuestion = [[Int]](repeating: [], count: rows.count)
        for (feature, question) in features.questions.enumerated() where ofQuestion.indices.contains(question) {
            ofQuestion[question].append(feature)
        }
        return rows.ids.indices.map { question in
            var found: [Found] = []
            var null: Found?
            for feature in ofQuestion[question] {
                let (start, end) = (Array(starts[row: feature]), Array(ends[row: feature]))
                let score = (start.first ?? 0) + (end.first ?? 0)
                if score < null?.score ?? .infinity {
                    null = Found(range: 0..<0, score: score, start: start.first ?? 0, end: end.first ?? 0)
                }
                found += spans(start, end, features.offsets[feature])
            }
            return answer(rows.ids[question], rows.contexts[question], found, null)
        }
    }

    private func spans(_ starts: [Float], _ ends: [Float], _ places: [Range<Int>?]) -> [Found] {
        let (firsts, lasts) = (best(starts), best(ends))
        var found: [Found] = []
        for first in firsts where places.indices.contains(first) {
            guard let begin = places[first] else { continue }
            for last in lasts where last >= first && last - first < maxAnswerLength && places.indices.contains(last) {
                guard let end = places[last] else { continue }
                found.append(
                    Found(
                        range: begin.lowerBound..<max(begin.lowerBound, end.upperBound),
                        score: starts[first] + ends[last], start: starts[first], end: ends[last]))
            }
        }
        return found
    }

    /// The positions of the largest values, the largest first; of equal ones the later.
    private func best(_ values: [Float]) -> [Int] {
        let order = values.indices.sorted { values[$0] == values[$1] ? $0 > $1 : values[$0] > values[$1] }
        return Array(order.prefix(nBest))
    }

    private func answer(_ id: String, _ context: String, _ spans: [Found], _ null: Found?) -> PredictedAnswer {
        var found = spans
        if allowsNoAnswer, let null { found.append(null) }
        // Swift's sort keeps the order of equal scores, as Python's does.
        found = Array(found.sorted { $0.score > $1.score }.prefix(nBest))
        if allowsNoAnswer, let null, !found.contains(where: { $0.range == 0..<0 }) { found.append(null) }
        let scalars = Array(context.unicodeScalars)
        var texts = found.map { candidate in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[candidate.range.clamped(to: 0..<scalars.count)])
            return String(view)
        }
        // What Python puts where nothing was found.
        if found.isEmpty || (found.count == 1 && texts[0].isEmpty) {
            found.insert(Found(range: 0..<0, score: 0, start: 0, end: 0), at: 0)
            texts.insert("empty", at: 0)
        }
        let probabilities = softmax(found.map(\.score))
        let candidates = found.indices.map { index in
            AnswerCandidate(
                text: texts[index], startLogit: found[index].start, endLogit: found[index].end,
                probability: probabilities[index])
        }
        guard allowsNoAnswer, let null else {
            return PredictedAnswer(id: id, text: texts[0], candidates: candidates, nullScoreDifference: nil)
        }
        guard let best = texts.firstIndex(where: { !$0.isEmpty }) else {
            return PredictedAnswer(id: id, text: "", candidates: candidates, nullScoreDifference: nil)
        }
        let difference = null.score - found[best].start - found[best].end
        return PredictedAnswer(
            id: id, text: difference > nullScoreThreshold ? "" : texts[best], candidates: candidates,
            nullScoreDifference: difference)
    }
}
