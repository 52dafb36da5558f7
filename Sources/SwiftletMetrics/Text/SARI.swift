internal import SwiftletIO

/// `sari`: what a simplification keeps, deletes and adds, beside references and the text that it simplifies (Xu et al.
/// 2016).
struct SARI: TextScore {
    static let hasSources = true

    init() {}
    init(_ options: MetricOptions) throws(MetricError) {}

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Double {
        var numbers = WordNumbers()
        func words(_ text: String) -> [Int] {
            // A text without words is one empty word, as Python's split(" ") has it.
            let words = WordSplitting.mteval13a(PythonText.lower(text))
            return numbers.numbers(words.isEmpty ? [""] : words)
        }
        let (source, prediction) = (words(source), words(prediction))
        let references = references.map(words)
        var (keep, delete, add) = (0.0, 0.0, 0.0)
        for n in 1...4 {
            let scores = Self.scores(
                NGrams(source, n).counts, NGrams(prediction, n).counts, references.map { NGrams($0, n).counts })
            keep += scores.keep / 4
            delete += scores.delete / 4
            add += scores.add / 4
        }
        return (keep + delete + add) / 3
    }

    func values(_ segments: [Double]) throws(MetricError) -> MetricValues {
        ["sari": 100 * segments.reduce(0, +) / Double(segments.count)]
    }

    private typealias Counts = [ArraySlice<Int>: Int]

    private static func scores(
        _ source: Counts, _ prediction: Counts, _ references: [Counts]
    ) -> (keep: Double, delete: Double, add: Double) {
        let count = references.count
        var reference: Counts = [:]
        for counts in references { reference.merge(counts, uniquingKeysWith: +) }
        func f1(_ precision: Double, _ recall: Double) -> Double {
            precision > 0 || recall > 0 ? 2 * precision * recall / (precision + recall) : 0
        }

        var (kept, keptGood, keptShare, keepable) = (0, 0, 0.0, 0)
        var (deleted, deletedShare) = (0, 0.0)
        for (ngram, times) in source {
            let before = times * count
            let after = (prediction[ngram] ?? 0) * count
            let wanted = reference[ngram] ?? 0
            keepable += min(before, wanted)
            let keep = min(before, after)
            if keep > 0 {
                kept += 1
                keptGood += min(keep, wanted)
                keptShare += Double(min(keep, wanted)) / Double(keep)
            }
            let delete = before - after
            if delete > 0 {
                deleted += 1
                deletedShare += Double(max(0, delete - wanted)) / Double(delete)
            }
        }
        let added = prediction.keys.filter { source[$0] == nil }
        let addable = reference.keys.count { source[$0] == nil }
        let addedGood = added.count { reference[$0] != nil }
        func share(_ part: Double, _ whole: Int) -> Double { whole > 0 ? part / Double(whole) : 1 }
        return (
            f1(share(keptShare, kept), share(Double(keptGood), keepable)), share(deletedShare, deleted),
            f1(share(Double(addedGood), added.count), share(Double(addedGood), addable))
        )
    }
}

/// `wiki_split`: SARI, BLEU and exact match of rewritten sentences.
struct WikiSplit: TextScore {
    struct Segment: Sendable {
        var sari: Double
        var bleu: SacreBLEU.Segment
        var isExact: Bool
    }

    static let hasSources = true
    static let references = TextReferences.equallyMany
    private let bleu: SacreBLEU

    init(_ options: MetricOptions) throws(MetricError) { bleu = try SacreBLEU(MetricOptions([])) }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Segment {
        let words = PythonText.answerWords(prediction)
        return Segment(
            sari: try SARI().segment(prediction, references, source: source),
            bleu: try bleu.segment(prediction, references, source: ""),
            isExact: references.contains { PythonText.answerWords($0).areSame(as: words) })
    }

    func values(_ segments: [Segment]) throws(MetricError) -> MetricValues {
        let rows = Double(segments.count)
        return [
            "sari": 100 * segments.reduce(0) { $0 + $1.sari } / rows, "sacrebleu": bleu.bleu(segments.map(\.bleu)),
            "exact": 100 * Double(segments.count(where: \.isExact)) / rows,
        ]
    }
}

/// `xtreme_s` for translations: sacrebleu's score alone.
struct TranslationBLEU: TextScore {
    static let segmentOptions = SacreBLEU.segmentOptions
    static let resultOptions = SacreBLEU.resultOptions
    static let references = TextReferences.one
    private let bleu: SacreBLEU

    init(_ options: MetricOptions) throws(MetricError) { bleu = try SacreBLEU(options) }

    func segment(
        _ prediction: String, _ references: [String], source: String
    ) throws(MetricError) -> SacreBLEU.Segment {
        try bleu.segment(prediction, references, source: source)
    }

    func values(_ segments: [SacreBLEU.Segment]) throws(MetricError) -> MetricValues { ["bleu": bleu.bleu(segments)] }
}
