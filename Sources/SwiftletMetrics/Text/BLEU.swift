internal import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What BLEU counts in a row: lengths, and matches and totals of n-grams by length.
struct BLEUCounts: Sendable {
    var predictionLength = 0
    var referenceLength = 0
    var matches: [Int]
    var totals: [Int]

    init(order: Int) {
        matches = [Int](repeating: 0, count: order)
        totals = matches
    }

    /// - Parameter references: of several, each n-gram counts as often as in the one that has most of it.
    init(_ prediction: [String], _ references: [[String]], order: Int, length: ([Int]) -> Int) {
        self.init(order: order)
        var numbers = WordNumbers()
        let prediction = numbers.numbers(prediction)
        let references = references.map { numbers.numbers($0) }
        predictionLength = prediction.count
        referenceLength = length(references.map(\.count))
        for n in 1...order {
            let ngrams = NGrams(prediction, n)
            totals[n - 1] = ngrams.total
            if ngrams.total == 0 { break }
            let known = references.map { NGrams($0, n).counts }
            matches[n - 1] = ngrams.counts.reduce(0) { sum, item in
                sum + min(item.value, known.reduce(0) { max($0, $1[item.key] ?? 0) })
            }
        }
    }

    static func + (left: BLEUCounts, right: BLEUCounts) -> BLEUCounts {
        var sum = left
        sum.predictionLength += right.predictionLength
        sum.referenceLength += right.referenceLength
        for index in sum.matches.indices {
            sum.matches[index] += right.matches[index]
            sum.totals[index] += right.totals[index]
        }
        return sum
    }
}

/// `sacrebleu`: BLEU of a corpus (Papineni et al. 2002) in the form that WMT compares (Post 2018).
struct SacreBLEU: TextScore {
    struct Segment: Sendable {
        var counts: BLEUCounts
        /// Whether the text ends with a full stop apart from its word.
        var looksTokenized: Bool
    }

    static let segmentOptions: Set<String> = ["tokenize", "lowercase"]
    static let resultOptions: Set<String> = ["smooth_method", "smooth_value", "use_effective_order", "force"]
    static let references = TextReferences.equallyMany

    private static let order = 4
    private let tokenizer: MetricOption.BLEUTokenizer
    private let lowercase: Bool
    private let method: MetricOption.SmoothMethod
    private let smoothValue: Double?
    private let useEffectiveOrder: Bool
    private let force: Bool

    init(_ options: MetricOptions) throws(MetricError) {
        tokenizer = options.value { if case .tokenize(let value) = $0 { value } else { nil } } ?? .v13a
        lowercase = options.has(.lowercase)
        method = options.value { if case .smoothMethod(let value) = $0 { value } else { nil } } ?? .exp
        smoothValue = options.value { if case .smoothValue(let value) = $0 { value } else { nil } }
        useEffectiveOrder = options.has(.useEffectiveOrder)
        force = options.has(.force)
        if let smoothValue, !(smoothValue >= 0 && smoothValue.isFinite) {
            throw .invalid("smooth_value", "a number of 0 or more", "\(smoothValue)")
        }
    }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Segment {
        func words(_ text: String) -> [String] {
            WordSplitting.words(PythonText.rstrip(lowercase ? PythonText.lower(text) : text), tokenizer)
        }
        let prediction = (text: prediction, words: words(prediction))
        let counts = BLEUCounts(prediction.words, references.map(words), order: Self.order) { lengths in
            // The length nearest to the prediction's, the shorter of two.
            lengths.min { left, right in
                let distances = (abs(left - prediction.words.count), abs(right - prediction.words.count))
                return distances.0 == distances.1 ? left < right : distances.0 < distances.1
            } ?? 0
        }
        return Segment(
            counts: counts, looksTokenized: prediction.text.unicodeScalars.suffix(2).elementsEqual(" .".unicodeScalars))
    }

    func values(_ segments: [Segment]) throws(MetricError) -> MetricValues {
        let sum = segments.reduce(BLEUCounts(order: Self.order)) { $0 + $1.counts }
        let score = score(sum)
        var values: MetricValues = ["score": score.score]
        values.set("counts", Self.list(score.matches))
        values.set("totals", Self.list(score.totals))
        values.set("precisions", .list(score.precisions))
        values["bp"] = score.penalty
        values.set("sys_len", .integer(sum.predictionLength))
        values.set("ref_len", .integer(sum.referenceLength))
        if !force, segments.count(where: \.looksTokenized) >= 100 {
            values.warnings.append(
                "100 or more texts end in a full stop apart from its word: texts that are already parted into words "
                    + "have another score.")
        }
        return values
    }

    /// The score alone, for metrics that are made of several.
    func bleu(_ segments: [Segment]) -> Double {
        score(segments.reduce(BLEUCounts(order: Self.order)) { $0 + $1.counts }).score
    }

    /// Counts are integers but where smoothing added a fraction.
    private static func list(_ counts: [Double]) -> MetricValue {
        let integers = counts.compactMap { Int(exactly: $0) }
        return integers.count == counts.count ? .integers(integers) : .list(counts)
    }

    private struct Score {
        var score = 0.0
        var matches: [Double]
        var totals: [Double]
        var precisions: [Double]
        var penalty = 1.0
    }

    private func score(_ counts: BLEUCounts) -> Score {
        var result = Score(
            matches: counts.matches.map(Double.init), totals: counts.totals.map(Double.init),
            precisions: [Double](repeating: 0, count: Self.order))
        let (predicted, actual) = (Double(counts.predictionLength), Double(counts.referenceLength))
        if predicted < actual { result.penalty = predicted > 0 ? exp(1 - actual / predicted) : 0 }
        if counts.matches.allSatisfy({ $0 == 0 }) { return result }
        var smoothing = 1.0
        var order = Self.order
        for n in 0..<Self.order {
            if method == .addK, n > 0 {
                result.matches[n] += smoothValue ?? 1
                result.totals[n] += smoothValue ?? 1
            }
            if result.totals[n] == 0 { break }
            if useEffectiveOrder { order = n + 1 }
            if result.matches[n] > 0 {
                result.precisions[n] = 100 * result.matches[n] / result.totals[n]
            } else if method == .exp {
                smoothing *= 2
                result.precisions[n] = 100 / (smoothing * result.totals[n])
            } else if method == .floor {
                result.precisions[n] = 100 * (smoothValue ?? 0.1) / result.totals[n]
            }
        }
        // sacrebleu's logarithm of 0, which makes the score 0.
        let logarithms = result.precisions[..<order].map { $0 == 0 ? -9_999_999_999 : log($0) }
        result.score = result.penalty * exp(logarithms.reduce(0, +) / Double(order))
        return result
    }
}

/// `bleu`: BLEU of a corpus with the script of TensorFlow's translation tutorial.
struct CorpusBLEU: TextScore {
    static let segmentOptions: Set<String> = ["tokenizer", "max_order"]
    static let resultOptions: Set<String> = ["smooth"]

    private let tokenizer: TextTokenizer?
    private let order: Int
    private let smooth: Bool

    init(_ options: MetricOptions) throws(MetricError) {
        tokenizer = options.tokenizer
        order = options.value { if case .maxOrder(let value) = $0 { value } else { nil } } ?? 4
        smooth = options.has(.smooth)
        try MetricOptions.checkOrder(order, "max_order")
    }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> BLEUCounts {
        let words = tokenizer?.words ?? WordSplitting.mteval13a
        return BLEUCounts(words(prediction), references.map(words), order: order) { $0.min() ?? 0 }
    }

    func values(_ segments: [BLEUCounts]) throws(MetricError) -> MetricValues {
        let sum = segments.reduce(BLEUCounts(order: order), +)
        guard sum.referenceLength > 0, sum.predictionLength > 0 else {
            throw MetricError(
                "bleu is not defined: there is no word in the \(sum.referenceLength == 0 ? "references" : "predictions")",
                remedy: "Give texts with words, or use sacrebleu, which is 0 then.",
                commandLine: "Give texts with words, or --metric sacrebleu, which is 0 then.", kind: .empty,
                at: ErrorLocation(column: sum.referenceLength == 0 ? "references" : "predictions"))
        }
        let precisions = zip(sum.matches, sum.totals).map { (match: Int, total: Int) -> Double in
            if smooth { return Double(match + 1) / Double(total + 1) }
            return total > 0 ? Double(match) / Double(total) : 0
        }
        var logarithms = 0.0
        for precision in precisions { logarithms += log(precision) / Double(order) }
        // The logarithm of 0 makes this 0.
        let mean = exp(logarithms)
        let ratio = Double(sum.predictionLength) / Double(sum.referenceLength)
        let penalty = ratio > 1 ? 1 : exp(1 - 1 / ratio)
        var values: MetricValues = ["bleu": mean * penalty]
        values.set("precisions", .list(precisions))
        values["brevity_penalty"] = penalty
        values["length_ratio"] = ratio
        values.set("translation_length", .integer(sum.predictionLength))
        values.set("reference_length", .integer(sum.referenceLength))
        return values
    }
}

/// `google_bleu`: the smaller of precision and recall of all n-grams (Wu et al. 2016).
struct GoogleBLEU: TextScore {
    static let segmentOptions: Set<String> = ["tokenizer", "min_len", "max_len"]

    private let tokenizer: TextTokenizer?
    private let lengths: ClosedRange<Int>

    init(_ options: MetricOptions) throws(MetricError) {
        tokenizer = options.tokenizer
        let least = options.value { if case .minLength(let value) = $0 { value } else { nil } } ?? 1
        let most = options.value { if case .maxLength(let value) = $0 { value } else { nil } } ?? 4
        try MetricOptions.checkOrder(least, "min_len")
        try MetricOptions.checkOrder(most, "max_len")
        guard least <= most else { throw .invalid("min_len", "max_len (\(most)) or less", "\(least)") }
        lengths = least...most
    }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> (
        match: Int, all: Int
    ) {
        let words = tokenizer?.words ?? WordSplitting.mteval13a
        var numbers = WordNumbers()
        let prediction = numbers.numbers(words(prediction))
        var best: (match: Int, all: Int)?
        for reference in references {
            let reference = numbers.numbers(words(reference))
            var (match, predicted, actual) = (0, 0, 0)
            for n in lengths {
                let (left, right) = (NGrams(prediction, n), NGrams(reference, n))
                match += left.shared(right)
                predicted += left.total
                actual += right.total
            }
            let all = max(predicted, actual)
            if all == 0 { continue }
            if let old = best, Double(old.match) / Double(old.all) >= Double(match) / Double(all) { continue }
            best = (match, all)
        }
        return best ?? (0, 0)
    }

    func values(_ segments: [(match: Int, all: Int)]) throws(MetricError) -> MetricValues {
        let (match, all) = segments.reduce((0, 0)) { ($0.0 + $1.match, $0.1 + $1.all) }
        return ["google_bleu": all == 0 ? 0 : Double(match) / Double(all)]
    }
}

extension MetricOptions {
    var tokenizer: TextTokenizer? { value { if case .tokenizer(let value) = $0 { value } else { nil } } }

    /// Whether the length of n-grams makes sense.
    static func checkOrder(_ order: Int, _ option: String, from least: Int = 1) throws(MetricError) {
        guard (least...100).contains(order) else { throw .invalid(option, "from \(least) to 100", "\(order)") }
    }
}
