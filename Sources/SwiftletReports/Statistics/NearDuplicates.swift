import SwiftletIO

/// Finds rows of one set that stand in another one too, word for word or nearly: leakage from training to validation.
///
/// Texts are compared by their sets of 4 letters in a row, in lower case and without punctuation: two are near
/// duplicates if they share at least `threshold` of all that either has (Jaccard). The search looks only at pairs that
/// share a rare one (prefix filtering), so that its time grows about as the number of rows, and it misses none.
public struct NearDuplicates: Sendable {
    /// A row of the second set with the row of the first that is most like it.
    public struct Pair: Sendable, Equatable {
        /// The row's number in the second set, such as the validation split, from 0.
        public let row: Int
        /// The number of the row of the first set that is most like it, from 0.
        public let other: Int
        /// 1 for texts with the same letters.
        public let similarity: Double

        package init(row: Int, other: Int, similarity: Double) {
            (self.row, self.other, self.similarity) = (row, other, similarity)
        }
    }

    /// One for each row of the second set that has a near duplicate, the most similar first.
    public let pairs: [Pair]

    /// Letters of a text that count; what comes after them is not compared.
    public static let longestText = 2000

    /// - Parameters:
    ///   - texts: those that may be the origin, such as training rows.
    ///   - others: those to look for, such as validation rows.
    ///   - threshold: the least similarity, above 0, at most 1.
    public init(of others: [String], in texts: [String], threshold: Double = 0.8) {
        let sets = (texts + others).map(Self.shingles)
        var frequency: [UInt64: Int] = [:]
        for set in sets { for shingle in set { frequency[shingle, default: 0] += 1 } }
        // The rarest first: pairs that are alike enough share one of the first few.
        let ordered = sets.map { set in
            set.map { (frequency[$0] ?? 0, $0) }.sorted { $0 < $1 }.map(\.1)
        }
        func prefix(_ set: [UInt64]) -> ArraySlice<UInt64> {
            let needed = Int((threshold * Double(set.count)).rounded(.up))
            return set.prefix(set.count - needed + 1)
        }
        var index: [UInt64: [Int]] = [:]
        for row in texts.indices where !ordered[row].isEmpty {
            for shingle in prefix(ordered[row]) { index[shingle, default: []].append(row) }
        }
        let members = ordered.map(Set.init)
        var pairs: [Pair] = []
        for row in others.indices {
            let own = ordered[texts.count + row]
            guard !own.isEmpty else { continue }
            var tried: Set<Int> = []
            var best: Pair?
            for shingle in prefix(own) {
                for other in index[shingle] ?? [] where tried.insert(other).inserted {
                    let (small, large) = (min(own.count, members[other].count), max(own.count, members[other].count))
                    guard Double(small) >= threshold * Double(large) else { continue }
                    let shared = own.count { members[other].contains($0) }
                    let similarity = Double(shared) / Double(own.count + members[other].count - shared)
                    if similarity >= threshold, similarity > best?.similarity ?? 0 {
                        best = Pair(row: row, other: other, similarity: similarity)
                    }
                }
            }
            if let best { pairs.append(best) }
        }
        self.pairs = pairs.sorted { $0.similarity == $1.similarity ? $0.row < $1.row : $0.similarity > $1.similarity }
    }

    /// Hashes of 4 letters in a row, each once; a shorter text is one of its own.
    private static func shingles(_ text: String) -> [UInt64] {
        var letters: [UInt32] = []
        for scalar in text.lowercased().unicodeScalars {
            if letters.count == longestText { break }
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                letters.append(scalar.value)
            } else if let last = letters.last, last != 32 {
                letters.append(32)
            }
        }
        if letters.last == 32 { letters.removeLast() }
        guard !letters.isEmpty else { return [] }
        guard letters.count > 4 else { return [letters.reduce(0xCBF2_9CE4_8422_2325) { mixed($0, $1) }] }
        var seen: Set<UInt64> = []
        for start in 0...letters.count - 4 {
            seen.insert(letters[start..<start + 4].reduce(0xCBF2_9CE4_8422_2325) { mixed($0, $1) })
        }
        return Array(seen)
    }

    private static func mixed(_ hash: UInt64, _ letter: UInt32) -> UInt64 {
        var bits = (hash ^ UInt64(letter)) &* 0x0000_0100_0000_01B3
        bits ^= bits >> 29
        return bits
    }
}
