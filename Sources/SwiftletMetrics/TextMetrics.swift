internal import SwiftletIO
import _StringProcessing

/// `exact_match`: the share of texts that equal their reference, after what the options remove. Counts only.
struct ExactMatchState: MetricState {
    let options: Set<String> = ["regexes_to_ignore", "ignore_case", "ignore_punctuation", "ignore_numbers"]
    private var hits = 0
    private var rows = 0
    private var mode: Mode?

    private struct Mode: Hashable {
        var regexes: [String]
        var flags: [Bool]

        init(_ options: MetricOptions) {
            regexes = options.regexesToIgnore
            flags = [options.ignoreCase, options.ignorePunctuation, options.ignoreNumbers]
        }
    }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("exact_match")
        let predictions = try batch.predictions.strings("predictions")
        let references = try batch.references.strings("references")
        let mode = Mode(batch.options)
        if let old = self.mode, old != mode { throw .late("What to ignore", option: "regexes_to_ignore") }
        var regexes: [Regex<AnyRegexOutput>] = []
        for pattern in mode.regexes {
            do {
                regexes.append(try Regex(pattern).matchingSemantics(.unicodeScalar))
            } catch {
                throw .option(
                    "regexes_to_ignore", "'\(pattern)' is not a regular expression: \(error)",
                    remedy: "Put a backslash before a character that should stand for itself.",
                    commandLine: "Put a backslash before a character that should stand for itself.")
            }
        }
        func clean(_ text: String) -> String {
            var text = text
            for regex in regexes { text = text.replacing(regex, with: "") }
            if mode.flags[0] { text = PythonText.lower(text) }
            if mode.flags[1] { text = PythonText.removing(text, PythonText.isPunctuation) }
            if mode.flags[2] { text = PythonText.removing(text, PythonText.isDigit) }
            return text
        }
        for (prediction, reference) in zip(predictions, references) {
            if clean(prediction).isSame(as: clean(reference)) { hits += 1 }
        }
        rows += predictions.count
        self.mode = mode
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if let mode, mode != Mode(options) { throw .late("What to ignore", option: "regexes_to_ignore") }
        var values: MetricValues = ["exact_match": Double(hits) / Double(rows)]
        if rows == 0 { values.warnings.append("Mean of empty slice") }
        return values
    }

    var groups: [Int]? { [hits, rows - hits] }

    func taking(_ counts: [Int]) -> ExactMatchState {
        var state = self
        (state.hits, state.rows) = (counts[0], counts[0] + counts[1])
        return state
    }
}

/// SQuAD 1.1 and the ReCoRD task of SuperGLUE: exact match and F1 with the best of the true answers. Keeps how often
/// each pair of scores came, and what waits for a prediction or question of a later batch.
struct AnswerState: MetricState {
    private struct Score: Hashable, Comparable {
        var exact = 0.0
        var f1 = 0.0

        static func < (left: Score, right: Score) -> Bool { (left.exact, left.f1) < (right.exact, right.f1) }
    }

    /// 100 for SQuAD's percentages.
    let scale: Double
    let options: Set<String> = []
    private var counts: [Score: Int] = [:]
    private var waitingQuestions: [MetricRecord] = []
    private var waitingPredictions: [TextKey: String] = [:]

    init(scale: Double) { self.scale = scale }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("An answer's score")
        guard case .records(let predictions) = batch.predictions, case .records(let references) = batch.references
        else { throw .format("predictions", expected: "records with an id and texts", got: batch.predictions.kind) }
        for record in references where record.texts.isEmpty {
            throw .input(
                "references", "Question '\(record.id)' has no answer",
                remedy: "Leave out questions without a true answer, or use squad_v2.",
                commandLine: "Leave out questions without a true answer, or give --metric squad_v2.")
        }
        for record in predictions where record.texts.count != 1 {
            throw .input(
                "predictions", "Question '\(record.id)' should have one predicted text, not \(record.texts.count)",
                remedy: "Give MetricRecord(id:predictionText:).")
        }
        for record in predictions { waitingPredictions[TextKey(record.id)] = record.texts[0] }
        var answered: Set<TextKey> = []
        var unanswered: [MetricRecord] = []
        for record in waitingQuestions + references {
            if let prediction = waitingPredictions[TextKey(record.id)] {
                counts[Self.score(prediction, record.texts), default: 0] += 1
                answered.insert(TextKey(record.id))
            } else {
                unanswered.append(record)
            }
        }
        waitingQuestions = unanswered
        for id in answered { waitingPredictions[id] = nil }
    }

    private static func score(_ prediction: String, _ truths: [String]) -> Score {
        let words = PythonText.answerWords(prediction)
        var best = Score()
        for truth in truths {
            let truth = PythonText.answerWords(truth)
            if words.areSame(as: truth) { best.exact = 1 }
            best.f1 = max(best.f1, PythonText.bagF1(words, truth))
        }
        return best
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        let counts = all
        let total = Double(counts.reduce(0) { $0 + $1.count })
        if total == 0 { throw MetricError.empty }
        let exact = counts.reduce(0) { $0 + $1.score.exact * Double($1.count) }
        let f1 = counts.reduce(0) { $0 + $1.score.f1 * Double($1.count) }
        var values: MetricValues = ["exact_match": scale * exact / total, "f1": scale * f1 / total]
        values.warnings = waitingQuestions.map { "Unanswered question \($0.id) will receive score 0." }
        return values
    }

    private var all: [(score: Score, count: Int)] {
        var counts = counts
        if !waitingQuestions.isEmpty { counts[Score(), default: 0] += waitingQuestions.count }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var groups: [Int]? { all.map(\.count) }

    func taking(_ counts: [Int]) -> AnswerState {
        var state = AnswerState(scale: scale)
        for (item, count) in zip(all, counts) { state.counts[item.score] = count }
        return state
    }
}
