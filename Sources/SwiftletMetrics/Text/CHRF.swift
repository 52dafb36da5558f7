/// `chrf`: an F-score of n-grams of characters (Popović 2015), and of words in chrF++ (Popović 2017).
struct CHRF: TextScore {
    static let segmentOptions: Set<String> = [
        "char_order", "word_order", "beta", "lowercase", "whitespace", "eps_smoothing",
    ]
    static let references = TextReferences.equallyMany

    /// For each length of n-grams how many the prediction has, the reference, and both.
    typealias Segment = [(prediction: Int, reference: Int, match: Int)]

    private let charOrder: Int
    private let wordOrder: Int
    private let beta: Double
    private let lowercase: Bool
    private let whitespace: Bool
    private let epsSmoothing: Bool

    init(_ options: MetricOptions) throws(MetricError) {
        charOrder = options.value { if case .charOrder(let value) = $0 { value } else { nil } } ?? 6
        wordOrder = options.value { if case .wordOrder(let value) = $0 { value } else { nil } } ?? 0
        beta = options.value { if case .beta(let value) = $0 { value } else { nil } } ?? 2
        lowercase = options.has(.lowercase)
        whitespace = options.has(.whitespace)
        epsSmoothing = options.has(.epsSmoothing)
        try MetricOptions.checkOrder(charOrder, "char_order", from: 0)
        try MetricOptions.checkOrder(wordOrder, "word_order", from: 0)
        guard charOrder + wordOrder > 0 else { throw .invalid("char_order", "1 or more where word_order is 0", "0") }
        guard abs(beta) <= 1_000_000, Int(exactly: beta) != nil else { throw .invalid("beta", "an integer", "\(beta)") }
    }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Segment {
        var numbers = WordNumbers()
        let predicted = ngrams(prediction, &numbers)
        var best: (score: Double, segment: Segment) = (-1, [])
        for reference in references {
            let segment = zip(predicted, ngrams(reference, &numbers)).map { left, right in
                (prediction: right.total == 0 ? 0 : left.total, reference: right.total, match: left.shared(right))
            }
            let score = score(segment)
            if score > best.score { best = (score, segment) }
        }
        return best.segment
    }

    private func ngrams(_ text: String, _ numbers: inout WordNumbers) -> [NGrams] {
        let text = lowercase ? PythonText.lower(text) : text
        let characters = whitespace ? text.codePoints : PythonText.split(text).flatMap(\.codePoints)
        var result = (0..<charOrder).map { NGrams(characters, $0 + 1) }
        if wordOrder > 0 {
            let words = numbers.numbers(Self.words(text))
            result += (0..<wordOrder).map { NGrams(words, $0 + 1) }
        }
        return result
    }

    /// Words with a mark of punctuation at the end, or else at the beginning, apart.
    private static func words(_ text: String) -> [String] {
        PythonText.split(text).flatMap { word in
            let scalars = Array(word.unicodeScalars)
            func text(_ part: ArraySlice<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
            if scalars.count == 1 { return [word] }
            if PythonText.isPunctuation(scalars[scalars.count - 1]) {
                return [text(scalars.dropLast()), text(scalars.suffix(1))]
            }
            if PythonText.isPunctuation(scalars[0]) { return [text(scalars.prefix(1)), text(scalars.dropFirst())] }
            return [word]
        }
    }

    private func score(_ segment: Segment) -> Double {
        let epsilon = 1e-16
        let factor = beta * beta
        var (sum, precisions, recalls, order) = (0.0, 0.0, 0.0, 0.0)
        for counts in segment {
            let precision = counts.prediction > 0 ? Double(counts.match) / Double(counts.prediction) : epsilon
            let recall = counts.reference > 0 ? Double(counts.match) / Double(counts.reference) : epsilon
            let denominator = factor * precision + recall
            sum += denominator > 0 ? (1 + factor) * precision * recall / denominator : epsilon
            if counts.prediction > 0, counts.reference > 0 {
                precisions += precision
                recalls += recall
                order += 1
            }
        }
        if epsSmoothing { return 100 * sum / Double(segment.count) }
        if order == 0 || precisions + recalls == 0 { return 0 }
        let (precision, recall) = (precisions / order, recalls / order)
        return 100 * (1 + factor) * precision * recall / (factor * precision + recall)
    }

    func values(_ segments: [Segment]) throws(MetricError) -> MetricValues {
        var sum = Segment(repeating: (0, 0, 0), count: charOrder + wordOrder)
        for segment in segments {
            for (index, counts) in segment.enumerated() {
                sum[index].prediction += counts.prediction
                sum[index].reference += counts.reference
                sum[index].match += counts.match
            }
        }
        var values: MetricValues = ["score": score(sum)]
        values.set("char_order", .integer(charOrder))
        values.set("word_order", .integer(wordOrder))
        values.set("beta", .integer(Int(exactly: beta) ?? 0))
        return values
    }
}
