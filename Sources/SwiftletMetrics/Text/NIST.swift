internal import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `nist_mt`: n-grams weighted by what they tell (Doddington 2002), as NLTK has it. Keeps the words, since weights are
/// known only when all references are.
struct NIST: TextScore {
    static let segmentOptions: Set<String> = ["lowercase", "western_lang"]
    static let resultOptions: Set<String> = ["n"]

    private let order: Int
    private let lowercase: Bool
    private let isWestern: Bool

    init(_ options: MetricOptions) throws(MetricError) {
        order = options.value { if case .order(let value) = $0 { value } else { nil } } ?? 5
        lowercase = options.has(.lowercase)
        isWestern = options.value { if case .westernLang(let value) = $0 { value } else { nil } } ?? true
        try MetricOptions.checkOrder(order, "n")
    }

    func segment(
        _ prediction: String, _ references: [String], source: String
    ) throws(MetricError) -> (prediction: [String], references: [[String]]) {
        (words(prediction), references.map(words))
    }

    /// Without western marks apart, case is kept too, as in NLTK.
    private func words(_ text: String) -> [String] {
        var scalars = WordSplitting.replace(Array(text.unicodeScalars), "<skipped>", "")
        let escapes = [
            ("&gt;", ">"), ("&lt;", "<"), ("&apos;", "'"), ("&quot;", "\""), ("&#124;", "|"), ("&#91;", "["),
            ("&#93;", "]"), ("&amp;", "&"),
        ]
        for (escape, meaning) in escapes { scalars = WordSplitting.replace(scalars, escape, meaning) }
        scalars = WordSplitting.replace(scalars, "\u{2028}", " ")
        guard isWestern else { return PythonText.split(scalars) }
        scalars = [" "] + scalars + [" "]
        if lowercase {
            scalars = Array(PythonText.lower(String(String.UnicodeScalarView(scalars))).unicodeScalars)
        }
        return WordSplitting.westernWords(scalars)
    }

    func values(_ segments: [(prediction: [String], references: [[String]])]) throws(MetricError) -> MetricValues {
        var numbers = WordNumbers()
        let rows = segments.map { row in
            (prediction: numbers.numbers(row.prediction), references: row.references.map { numbers.numbers($0) })
        }
        let information = information(rows.flatMap(\.references))
        var score = 0.0
        var (predicted, actual) = (0.0, 0.0)
        for n in 1...order {
            var (sum, total) = (0.0, 0)
            for row in rows {
                let ngrams = NGrams(row.prediction, n)
                var best: (precision: Double, weight: Double, length: Int)?
                for reference in row.references {
                    let known = NGrams(reference, n).counts
                    var weight = 0.0
                    for (ngram, count) in ngrams.counts {
                        let shared = min(count, known[ngram] ?? 0)
                        if shared > 0 { weight += Double(shared) * (information[ngram] ?? 0) }
                    }
                    let precision = ngrams.total == 0 ? 0 : weight / Double(ngrams.total)
                    if let old = best, (old.precision, old.weight, old.length) >= (precision, weight, reference.count) {
                        continue
                    }
                    best = (precision, weight, reference.count)
                }
                sum += best?.weight ?? 0
                total += ngrams.total
                actual += Double(best?.length ?? 0)
                predicted += Double(row.prediction.count)
            }
            guard total > 0 else {
                throw MetricError(
                    "nist_mt is not defined: no prediction has \(n) words",
                    remedy: "Compare shorter n-grams: .order(\(max(n - 1, 1))).",
                    commandLine: "Give --metric-args '{\"n\": \(max(n - 1, 1))}'.", kind: .empty,
                    at: ErrorLocation(column: "predictions", option: "n"))
            }
            score += sum / Double(total)
        }
        guard actual > 0 else {
            throw MetricError(
                "nist_mt is not defined: no reference has a word", remedy: "Leave out rows whose true text is empty.",
                kind: .empty, at: ErrorLocation(column: "references"))
        }
        return ["nist_mt": score * Self.penalty(predicted / actual)]
    }

    /// How much each n-gram of the references tells beyond the words before its last one.
    private func information(_ references: [[Int]]) -> [ArraySlice<Int>: Double] {
        var counts: [ArraySlice<Int>: Int] = [:]
        for reference in references {
            for n in 1...order { counts.merge(NGrams(reference, n).counts, uniquingKeysWith: +) }
        }
        let words = references.reduce(0) { $0 + $1.count }
        var information: [ArraySlice<Int>: Double] = [:]
        for (ngram, count) in counts {
            let before = ngram.count == 1 ? words : counts[ngram.dropLast()] ?? words
            information[ngram] = log(Double(before) / Double(count)) / log(2)
        }
        return information
    }

    /// Half where the predictions have two thirds of the references' length.
    private static func penalty(_ ratio: Double) -> Double {
        guard ratio > 0, ratio < 1 else { return max(min(ratio, 1), 0) }
        let beta = log(0.5) / (log(1.5) * log(1.5))
        return exp(beta * log(ratio) * log(ratio))
    }
}
