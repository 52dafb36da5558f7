internal import SwiftletIO

/// `character`: edits of characters after words were moved (Wang et al. 2016).
struct CharacTER: TextScore {
    static let resultOptions: Set<String> = ["aggregate", "return_all_scores"]

    private let aggregate: MetricOption.Aggregate
    private let returnAllScores: Bool

    init(_ options: MetricOptions) throws(MetricError) {
        aggregate = options.value { if case .aggregate(let value) = $0 { value } else { nil } } ?? .mean
        returnAllScores = options.has(.returnAllScores)
    }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Double {
        let prediction = PythonText.split(prediction)
        var best = Double.infinity
        for reference in references {
            let reference = PythonText.split(reference)
            guard !reference.isEmpty else {
                throw MetricError(
                    "character is not defined for a reference without words",
                    remedy: "Leave out rows whose true text is empty.", kind: .empty,
                    at: ErrorLocation(column: "references"))
            }
            best = min(best, Self.score(prediction, reference))
        }
        return best
    }

    func values(_ segments: [Double]) throws(MetricError) -> MetricValues {
        let sum = segments.reduce(0, +)
        let sorted = segments.sorted()
        let middle = segments.count / 2
        let score =
            switch aggregate {
            case .sum: sum
            case .mean: sum / Double(segments.count)
            case .median: segments.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
            }
        var values: MetricValues = ["cer_score": score]
        if returnAllScores { values.set("cer_scores", .list(segments)) }
        return values
    }

    private static func score(_ prediction: [String], _ reference: [String]) -> Double {
        // Words are numbered in their order, so that lists of numbers have the order of lists of words.
        let words = (prediction + reference).textKeys.sorted()
        let ranks = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
        let original = prediction.map { ranks[TextKey($0)] ?? 0 }
        let reference = reference.map { ranks[TextKey($0)] ?? 0 }
        let length = Double(reference.count)
        var before = Double(levenshtein(original, reference)) / length
        if before == 0 { return 0 }
        var moved = original
        while let best = bestMove(moved, reference, before), best.gain > 0 {
            moved = best.words
            before -= best.gain
        }
        func characters(_ numbers: [Int]) -> [Int] { numbers.map { words[$0].text }.joined(separator: " ").codePoints }
        let predicted = characters(moved)
        if predicted.isEmpty { return 1 }
        let moves = cost(of: moved, original) { words[$0].text.unicodeScalars.count }
        let edits = Double(levenshtein(predicted, characters(reference))) + moves
        return min(1, edits / Double(predicted.count))
    }

    /// The run of words whose move to its place in the reference helps most.
    private static func bestMove(_ words: [Int], _ reference: [Int], _ before: Double) -> (gain: Double, words: [Int])?
    {
        var best: (gain: Double, words: [Int])?
        for start in words.indices {
            for target in reference.indices where start != target && words[start] == reference[target] {
                var length = 1
                while start + length < words.count, target + length < reference.count,
                    words[start + length] == reference[target + length]
                {
                    length += 1
                }
                var moved = Array(words[..<start] + words[(start + length)...])
                let place = min(target, moved.count)
                moved.insert(contentsOf: words[start..<(start + length)], at: place)
                let gain = before - Double(levenshtein(moved, reference)) / Double(reference.count)
                if let best, gain < best.gain || (gain == best.gain && !best.words.lexicographicallyPrecedes(moved)) {
                    continue
                }
                best = (gain, moved)
            }
        }
        return best
    }

    /// What the moves cost: the mean length of the words of each run.
    private static func cost(of moved: [Int], _ original: [Int], _ length: (Int) -> Int) -> Double {
        var cost = 0.0
        var place = 0
        while place < moved.count {
            let first = place
            if original[place] == moved[place] {
                place += 1
                continue
            }
            if let start = ((place + 1)..<max(moved.count, place + 1)).first(where: { original[first] == moved[$0] }) {
                var run = 1
                while first + run < original.count, start + run < moved.count,
                    original[first + run] == moved[start + run]
                {
                    run += 1
                    if place + 1 < original.count { place += 1 }
                }
                cost += Double(original[first..<(first + run)].reduce(0) { $0 + length($1) }) / Double(run)
            }
            place += 1
        }
        return cost
    }
}
