public import SwiftletDatasets
import SwiftletIO
public import SwiftletTokenizers
import SwiftletTraining

/// Questions with their contexts as a model takes them: a long context makes several features, which overlap.
public struct QuestionFeatures: Sendable {
    /// The columns of a dataset: `input_ids` and so on, and `start_positions` and `end_positions` if there are answers.
    public let columns: Columns
    /// The question that each feature belongs to.
    public let questions: [Int]
    /// Where each token lies in its context, in Unicode scalars; `nil` for tokens of the question and special ones.
    public let offsets: [[Range<Int>?]]

    /// The number of parts; a long context has several.
    public var count: Int { questions.count }
    /// The parts as a dataset, for a Trainer.
    public var dataset: Dataset { get throws { try .fromColumns(columns.map { ($0, $1) }) } }
}

extension Tokenizer {
    /// Encodes questions with their contexts. Where the context is too long it is cut into parts, each of which repeats
    /// `stride` tokens of the one before. An answer that a part does not hold whole is labelled with the position of the
    /// first special token, as are questions without an answer.
    ///
    /// - Parameter maxLength: of a feature, in tokens; 384 or the model's limit, whichever is less, by default.
    public func questionFeatures(
        _ rows: QuestionRows, maxLength: Int? = nil, stride: Int = 128
    ) throws -> QuestionFeatures {
        guard paddingSide == .right else {
            throw TrainingError(
                "question answering needs a tokenizer that pads on the right, for the positions of answers to stay as they are",
                remedy: "Set padding_side to right in tokenizer_config.json.", kind: .unsupported,
                at: ErrorLocation(option: "padding_side"))
        }
        // As in Python's scripts: spaces at the front would leave no room for the context.
        let asked = rows.questions.map { String($0.drop(while: \.isWhitespace)) }
        let encoding = try self(
            asked, rows.contexts, truncation: .onlySecond, maxLength: maxLength ?? min(384, modelMaxLength),
            stride: stride, returnOverflowingTokens: true)
        let questions = encoding.overflowToSampleMapping
        var columns = Columns(encoding)
        var offsets: [[Range<Int>?]] = []
        var (starts, ends) = ([Int](), [Int]())
        for (feature, tokens) in encoding.rows.enumerated() {
            let places = zip(tokens.offsets, tokens.sequenceIDs).map { $1 == 1 ? $0 : nil }
            offsets.append(places)
            guard let answers = rows.answers else { continue }
            let span = Self.span(of: answers[questions[feature]].first, in: places)
            let none = firstSpecial(tokens.inputIDs)
            starts.append(span?.lowerBound ?? none)
            ends.append(span?.upperBound ?? none)
        }
        if rows.answers != nil {
            columns["start_positions"] = .ints(starts)
            columns["end_positions"] = .ints(ends)
        }
        return QuestionFeatures(columns: columns, questions: questions, offsets: offsets)
    }

    /// The tokens of an answer, if all of it lies within these places.
    private static func span(of answer: Answer?, in places: [Range<Int>?]) -> ClosedRange<Int>? {
        guard let answer, let first = places.firstIndex(where: { $0 != nil }),
            let last = places.lastIndex(where: { $0 != nil }), let begin = places[first], let end = places[last]
        else { return nil }
        // Checked before anything is added to it: it comes from a file.
        guard (begin.lowerBound...max(begin.lowerBound, end.upperBound)).contains(answer.start) else { return nil }
        let range = answer.start..<answer.start + answer.text.unicodeScalars.count
        guard end.upperBound >= range.upperBound else { return nil }
        // The last token that begins at or before the answer, and the first that ends at or after it.
        let from = (first...last).last { places[$0].map { $0.lowerBound <= range.lowerBound } ?? false } ?? first
        let to = (first...last).first { places[$0].map { $0.upperBound >= range.upperBound } ?? false } ?? last
        return from <= to ? from...to : nil
    }

    private func firstSpecial(_ ids: [Int32]) -> Int {
        for id in [clsTokenID, bosTokenID] {
            if let id, let place = ids.firstIndex(of: Int32(id)) { return place }
        }
        return 0
    }
}
