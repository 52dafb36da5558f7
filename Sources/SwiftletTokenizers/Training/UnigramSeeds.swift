#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The tokens that training of a Unigram model begins with: all letters, and the parts of words that occur more than
/// once and go on in more than one way.
///
/// Those parts are the inner nodes of a suffix tree of the words, with the end of a word as one more letter.
struct UnigramSeeds {
    struct Piece: Sendable {
        var bytes: [UInt8]
        var score: Double
    }

    /// In scalars.
    let longest: Int
    /// How many pieces there are at most; all letters are there in any case.
    let limit: Int

    /// Pieces with the logarithms of their shares as scores, letters first.
    func pieces(_ words: [(word: [UInt8], count: Int)]) -> [Piece] {
        var text: [UInt32] = []
        var counts: [UInt32: Int] = [:]
        for (word, count) in words where !word.isEmpty {
            UTF8Bytes.forEachScalar(word) { scalar, _ in
                text.append(scalar)
                if scalar != 0 { counts[scalar, default: 0] &+= count }
            }
            text.append(0)
        }
        let letters = counts.sorted { ($0.value, $0.key) > ($1.value, $1.key) }
        var result = letters.map { Piece(bytes: Self.bytes([$0.key][...]), score: Double($0.value)) }
        var parts = parts(text)
        parts.sort { one, other in
            if one.score != other.score { return one.score > other.score }
            return text[other.start..<other.end].lexicographicallyPrecedes(text[one.start..<one.end])
        }
        for part in parts {
            result.append(Piece(bytes: Self.bytes(text[part.start..<part.end]), score: Double(part.score)))
            if result.count >= limit { break }
        }
        let total = log(result.reduce(0) { $0 + $1.score })
        for index in result.indices { result[index].score = log(result[index].score) - total }
        return result
    }

    private struct Part {
        var start: Int
        var end: Int
        /// Occurrences times length.
        var score: Int
    }

    /// The parts of two scalars and more, by neighbours in the sorted list of all beginnings.
    private func parts(_ text: [UInt32]) -> [Part] {
        text.withUnsafeBufferPointer { text in
            // One scalar more than a piece may have tells apart how it goes on.
            let depth = longest &+ 1 > longest ? longest + 1 : longest
            func isLess(_ one: Int, _ other: Int) -> Bool {
                var offset = 0
                while offset < depth {
                    let (left, right) = (text[one + offset], text[other + offset])
                    if left != right { return left < right }
                    if left == 0 { return one < other }
                    offset += 1
                }
                return one < other
            }
            func common(_ one: Int, _ other: Int) -> Int {
                var offset = 0
                while offset < depth, text[one + offset] == text[other + offset] {
                    offset += 1
                    if text[one + offset - 1] == 0 { break }
                }
                return offset
            }
            let order = text.indices.filter { text[$0] != 0 }.sorted(by: isLess)
            var parts: [Part] = []
            // Groups of beginnings that share a part, from short to long parts.
            var open: [(start: Int, length: Int)] = []
            for index in 0...order.count {
                let shared = index == 0 || index == order.count ? 0 : common(order[index - 1], order[index])
                var start = index - 1
                while let last = open.last, last.length > shared {
                    open.removeLast()
                    start = last.start
                    let first = order[last.start]
                    // A part that ends its word is none.
                    if last.length > 1, last.length <= longest, text[first + last.length - 1] != 0 {
                        parts.append(
                            Part(start: first, end: first + last.length, score: (index - last.start) * last.length))
                    }
                }
                if shared > 0, open.last?.length ?? 0 < shared { open.append((start, shared)) }
            }
            return parts
        }
    }

    private static func bytes(_ scalars: ArraySlice<UInt32>) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in scalars { UTF8Bytes.encode(scalar) { bytes.append($0) } }
        return bytes
    }
}
