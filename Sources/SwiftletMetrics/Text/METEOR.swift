internal import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `meteor`: words that are the same, have the same stem or are synonyms, and how little they are scattered (Lavie &
/// Agarwal 2007), as NLTK has it. Sentences and synonyms are found with NLTK's data.
struct METEOR: TextScore {
    static let segmentOptions: Set<String> = ["alpha", "beta", "gamma", "nltk_data"]

    private let alpha: Double
    private let beta: Double
    private let gamma: Double
    private let sentences: PunktSentences
    private let synonyms: WordNet

    init(_ options: MetricOptions) throws(MetricError) {
        alpha = options.value { if case .alpha(let value) = $0 { value } else { nil } } ?? 0.9
        beta = options.value { if case .beta(let value) = $0 { value } else { nil } } ?? 3
        gamma = options.value { if case .gamma(let value) = $0 { value } else { nil } } ?? 0.5
        for (name, value) in [("alpha", alpha), ("beta", beta), ("gamma", gamma)] where !value.isFinite {
            throw .invalid(name, "a finite number", "\(value)")
        }
        guard let folder = options.value({ if case .nltkData(let value) = $0 { value } else { nil } }) else {
            throw .missing(
                "nltk_data",
                "a folder with corpora/wordnet and tokenizers/punkt_tab/english, which Python's script downloads: words "
                    + "are matched with their synonyms too", metric: "meteor")
        }
        sentences = try PunktSentences.shared(folder)
        synonyms = try WordNet.shared(folder)
    }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Double {
        let prediction = words(prediction)
        var best = 0.0
        for (index, reference) in references.enumerated() {
            let score = try score(prediction, words(reference))
            best = index == 0 ? score : max(best, score)
        }
        return best
    }

    private func words(_ text: String) -> [String] {
        sentences.sentences(text).flatMap { TreebankWords.words($0) }.map { PythonText.lower($0) }
    }

    func values(_ segments: [Double]) throws(MetricError) -> MetricValues {
        ["meteor": segments.reduce(0, +) / Double(segments.count)]
    }

    private func score(_ prediction: [String], _ reference: [String]) throws(MetricError) -> Double {
        let matches = try align(prediction, reference)
        if matches.isEmpty { return 0 }
        let count = Double(matches.count)
        let (precision, recall) = (count / Double(prediction.count), count / Double(reference.count))
        let denominator = alpha * precision + (1 - alpha) * recall
        if denominator == 0 { return 0 }
        let chunks = 1 + zip(matches, matches.dropFirst()).count { $1.0 != $0.0 + 1 || $1.1 != $0.1 + 1 }
        let penalty = gamma * pow(Double(chunks) / count, beta)
        return (1 - penalty) * precision * recall / denominator
    }

    /// Places in both texts, in the order of the prediction: first of words that are the same, then of those with the
    /// same stem, then of synonyms; each from the end, with the last place that is left.
    private func align(_ prediction: [String], _ reference: [String]) throws(MetricError) -> [(Int, Int)] {
        var matches: [(Int, Int)] = []
        var (left, right) = (Array(prediction.indices), Array(reference.indices))
        func match(_ candidates: (String) throws(MetricError) -> [String], _ key: (String) -> String)
            throws(MetricError)
        {
            var places: [TextKey: [Int]] = [:]
            for place in right { places[TextKey(key(reference[place])), default: []].append(place) }
            var used: (Set<Int>, Set<Int>) = ([], [])
            for place in left.reversed() {
                var best: (key: TextKey, place: Int)?
                for candidate in try candidates(prediction[place]) {
                    let candidate = TextKey(candidate)
                    if let last = places[candidate]?.last, last > best?.place ?? -1 { best = (candidate, last) }
                }
                guard let best else { continue }
                places[best.key]?.removeLast()
                matches.append((place, best.place))
                used.0.insert(place)
                used.1.insert(best.place)
            }
            left.removeAll { used.0.contains($0) }
            right.removeAll { used.1.contains($0) }
        }
        try match({ [$0] }, { $0 })
        try match({ [PorterStemmer.stem($0)] }, { PorterStemmer.stem($0) })
        // Python goes on with the stems of what is left.
        let synonyms = synonyms
        try match(
            { word throws(MetricError) in try synonyms.synonyms(PorterStemmer.stem(word)) }, { PorterStemmer.stem($0) })
        return matches.sorted { $0.0 < $1.0 }
    }
}
