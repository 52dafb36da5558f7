internal import SwiftletIO

/// `rouge`: F-scores of shared n-grams and of longest common subsequences (Lin 2004), as the package rouge_score has
/// them.
struct ROUGE: TextScore {
    static let segmentOptions: Set<String> = ["rouge_types", "use_stemmer", "tokenizer"]
    static let resultOptions: Set<String> = ["use_aggregator", "seed"]

    private enum Kind: Sendable {
        case ngrams(Int)
        case sequence
        case summary
    }

    private let types: [(name: String, kind: Kind)]
    private let useStemmer: Bool
    private let tokenizer: TextTokenizer?
    private let useAggregator: Bool
    private let seed: UInt32

    init(_ options: MetricOptions) throws(MetricError) {
        let names =
            options.value { if case .rougeTypes(let value) = $0 { value } else { nil } }
            ?? ["rouge1", "rouge2", "rougeL", "rougeLsum"]
        var types: [(name: String, kind: Kind)] = []
        for name in names where !types.contains(where: { $0.name.isSame(as: name) }) {
            types.append((name, try Self.kind(name)))
        }
        guard !types.isEmpty else {
            throw .invalid("rouge_types", "one or more of rouge1 to rouge9, rougeL, rougeLsum", "[]")
        }
        self.types = types
        tokenizer = options.tokenizer
        useStemmer = options.has(.useStemmer)
        useAggregator = options.value { if case .useAggregator(let value) = $0 { value } else { nil } } ?? true
        let number = options.value { if case .seed(let value) = $0 { value } else { nil } } ?? 0
        guard let seed = UInt32(exactly: number) else { throw .invalid("seed", "from 0 to \(UInt32.max)", "\(number)") }
        self.seed = seed
    }

    private static func kind(_ name: String) throws(MetricError) -> Kind {
        if name.isSame(as: "rougeL") { return .sequence }
        if name.isSame(as: "rougeLsum") { return .summary }
        let bytes = Array(name.utf8)
        if bytes.count == 6, name.hasPrefix("rouge"), (49...57).contains(bytes[5]) {
            return .ngrams(Int(bytes[5]) - 48)
        }
        throw .invalid("rouge_types", "rouge1 to rouge9, rougeL or rougeLsum", "'\(name)'")
    }

    /// An F-score for each type, with the reference for which it is highest.
    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> [Double] {
        var best = [Double](repeating: 0, count: types.count)
        var numbers = WordNumbers()
        let predicted = Text(prediction, self, &numbers)
        for reference in references {
            let actual = Text(reference, self, &numbers)
            for (index, type) in types.enumerated() {
                best[index] = max(best[index], score(predicted, actual, type.kind))
            }
        }
        return best
    }

    private struct Text {
        let words: [Int]
        let sentences: [[Int]]

        init(_ text: String, _ score: ROUGE, _ numbers: inout WordNumbers) {
            words = numbers.numbers(score.words(text))
            let lines = text.unicodeScalars.split(separator: "\n").map { String($0) }
            sentences = lines.map { numbers.numbers(score.words($0)) }
        }
    }

    /// Runs of ASCII letters and digits in lower case.
    private func words(_ text: String) -> [String] {
        if let tokenizer { return tokenizer.words(text) }
        let words = PythonText.lower(text).unicodeScalars.split { scalar in
            !(97...122).contains(scalar.value) && !PythonText.isDigit(scalar)
        }.map { String($0) }
        return useStemmer ? words.map { $0.utf8.count > 3 ? PorterStemmer.stem($0) : $0 }.filter { !$0.isEmpty } : words
    }

    private func score(_ prediction: Text, _ reference: Text, _ kind: Kind) -> Double {
        switch kind {
        case .ngrams(let n):
            let (left, right) = (NGrams(prediction.words, n), NGrams(reference.words, n))
            return Self.f1(left.shared(right), max(left.total, 1), max(right.total, 1))
        case .sequence:
            let (left, right) = (prediction.words, reference.words)
            if left.isEmpty || right.isEmpty { return 0 }
            return Self.f1(Self.common(right, left).last?.last ?? 0, left.count, right.count)
        case .summary: return Self.summary(prediction.sentences, reference.sentences)
        }
    }

    private static func f1(_ hits: Int, _ predicted: Int, _ actual: Int) -> Double {
        let (precision, recall) = (Double(hits) / Double(predicted), Double(hits) / Double(actual))
        return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    /// Lengths of the longest common subsequences of all beginnings.
    private static func common(_ reference: [Int], _ candidate: [Int]) -> [[Int]] {
        var rows = [[Int](repeating: 0, count: candidate.count + 1)]
        for word in reference {
            let above = rows[rows.count - 1]
            var row = [0]
            row.reserveCapacity(candidate.count + 1)
            for (column, other) in candidate.enumerated() {
                row.append(word == other ? above[column] + 1 : max(above[column + 1], row[column]))
            }
            rows.append(row)
        }
        return rows
    }

    /// For each sentence of the reference the words that any sentence of the prediction has in the same order; a word
    /// counts at most as often as both texts have it.
    private static func summary(_ prediction: [[Int]], _ reference: [[Int]]) -> Double {
        let (predicted, actual) = (prediction.reduce(0) { $0 + $1.count }, reference.reduce(0) { $0 + $1.count })
        if predicted == 0 || actual == 0 { return 0 }
        func counts(_ sentences: [[Int]]) -> [Int: Int] {
            sentences.reduce(into: [:]) { counts, sentence in for word in sentence { counts[word, default: 0] += 1 } }
        }
        var (left, right) = (counts(prediction), counts(reference))
        var hits = 0
        for sentence in reference {
            var places: Set<Int> = []
            for candidate in prediction { places.formUnion(Self.places(sentence, candidate)) }
            for place in places.sorted() {
                let word = sentence[place]
                guard let inPrediction = left[word], let inReference = right[word], inPrediction > 0, inReference > 0
                else { continue }
                hits += 1
                left[word] = inPrediction - 1
                right[word] = inReference - 1
            }
        }
        return f1(hits, predicted, actual)
    }

    /// Where one longest common subsequence lies in the reference.
    private static func places(_ reference: [Int], _ candidate: [Int]) -> [Int] {
        let rows = common(reference, candidate)
        var (row, column) = (reference.count, candidate.count)
        var places: [Int] = []
        while row > 0, column > 0 {
            if reference[row - 1] == candidate[column - 1] {
                places.append(row - 1)
                (row, column) = (row - 1, column - 1)
            } else if rows[row][column - 1] > rows[row - 1][column] {
                column -= 1
            } else {
                row -= 1
            }
        }
        return places
    }

    func values(_ segments: [[Double]]) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        var random = MersenneTwister(seed: seed)
        for (index, type) in types.enumerated() {
            let scores = segments.map { $0[index] }
            if useAggregator {
                values[type.name] = Self.aggregate(scores, &random)
            } else {
                values.set(type.name, .list(scores))
            }
        }
        return values
    }

    /// The median of the means of a thousand samples drawn with replacement: the middle of rouge_score's interval.
    private static func aggregate(_ scores: [Double], _ random: inout MersenneTwister) -> Double {
        var means: [Double] = []
        for _ in 0..<1000 {
            var sum = 0.0
            for _ in scores.indices { sum += scores[Int(random.next(upTo: UInt32(scores.count - 1)))] }
            means.append(sum / Double(scores.count))
        }
        means.sort()
        return (means[499] + means[500]) / 2
    }

    func resampled(_ segments: [[Double]]) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        for (index, type) in types.enumerated() {
            values[type.name] = segments.reduce(0) { $0 + $1[index] } / Double(segments.count)
        }
        return values
    }
}
