import SwiftletIO
import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What can be said of the labels of pairs without a model: how much two texts have in common. A second opinion on labels,
/// which has never seen the row that it speaks of.
package struct PairOverlap {
    /// `[pairs][features]`: shares of common words, of common 4 letters in a row and of common pairs of words, the cosine of words weighted by
    /// their rarity, difference of lengths, numbers that only one text has, and counts.
    package let features: [[Double]]

    /// - Parameters:
    ///   - first: the first text of each pair.
    ///   - second: as many.
    package init(_ first: [String], _ second: [String]) {
        let texts = (first + second).map(Words.init)
        var holders: [TextKey: Int] = [:]
        for text in texts { for word in text.counts.keys { holders[word, default: 0] += 1 } }
        let total = Double(texts.count)
        func weight(_ word: TextKey, _ count: Int) -> Double {
            (1 + log(Double(count))) * (1 + log((1 + total) / (1 + Double(holders[word] ?? 0))))
        }
        let norms = texts.map { text in
            max(text.counts.reduce(0.0) { $0 + pow(weight($1.key, $1.value), 2) }.squareRoot(), 1e-12)
        }
        features = first.indices.map { pair in
            let (a, b) = (texts[pair], texts[first.count + pair])
            let (words, others) = (Set(a.counts.keys), Set(b.counts.keys))
            let common = words.intersection(others)
            let dot = common.reduce(0.0) { $0 + weight($1, a.counts[$1] ?? 0) * weight($1, b.counts[$1] ?? 0) }
            let (short, long) = (Double(min(a.length, b.length)), Double(max(a.length, b.length, 1)))
            let letters = Double(a.letters.intersection(b.letters).count)
            func share(_ part: Double, _ whole: Int) -> Double { part / Double(max(whole, 1)) }
            return [
                share(Double(common.count), words.union(others).count),
                share(Double(common.count), min(words.count, others.count)),
                share(letters, a.letters.union(b.letters).count), share(letters, min(a.letters.count, b.letters.count)),
                share(Double(a.pairs.intersection(b.pairs).count), a.pairs.union(b.pairs).count), (long - short) / long,
                short,
                Double(a.numbers.symmetricDifference(b.numbers).count), Double(words.symmetricDifference(others).count),
                dot / (norms[pair] * norms[first.count + pair]),
            ]
        }
    }

    private struct Words {
        var counts: [TextKey: Int] = [:]
        var numbers: Set<TextKey> = []
        var letters: Set<TextKey> = []
        var pairs: Set<TextKey> = []
        var length = 0

        init(_ text: String) {
            let words = text.lowercased().prefix(NearDuplicates.longestText)
                .split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
            length = words.count
            for word in words {
                counts[TextKey(word), default: 0] += 1
                if word.first?.isNumber ?? false { numbers.insert(TextKey(word)) }
            }
            for (word, next) in zip(words, words.dropFirst()) { pairs.insert(TextKey("\(word) \(next)")) }
            let joined = Array(words.joined(separator: " "))
            if joined.count > 3 {
                for start in 0...joined.count - 4 { letters.insert(TextKey(String(joined[start..<start + 4]))) }
            }
        }
    }

    /// Rows that a fit uses at most.
    private static let fitLimit = 20_000

    /// For each pair the logarithms of the probabilities of the classes, by logistic regressions, one for each class, that were
    /// fitted on the other nine tenths of the pairs.
    ///
    /// - Returns: `nil` for more than 20 classes, and for fewer than 50 pairs, which say nothing.
    package func logProbabilities(labels: [Int], classCount: Int) -> [[Double]]? {
        guard (2...20).contains(classCount), labels.count == features.count, labels.count >= 50 else { return nil }
        var draws = RandomDraws(seed: 10)
        let order = draws.permutation(of: labels.count)
        var result = [[Double]](repeating: [], count: labels.count)
        for fold in 0..<10 {
            let held = order.indices.filter { $0 % 10 == fold }.map { order[$0] }
            let fitted = Array(order.indices.filter { $0 % 10 != fold }.prefix(Self.fitLimit).map { order[$0] })
            let rows = fitted.map { features[$0] }
            let classes = classCount == 2 ? [1] : Array(0..<classCount)
            let models = classes.map { id in
                LogisticRegression(features: rows, isPositive: fitted.map { labels[$0] == id })
            }
            for row in held {
                let chances = models.map { sigmoid($0.logit(features[row])) }
                let all = classCount == 2 ? [1 - chances[0], chances[0]] : chances
                let sum = max(all.reduce(0, +), 1e-12)
                result[row] = all.map { log(max($0 / sum, 1e-6)) }
            }
        }
        return result
    }
}
