internal import SwiftletIO

/// A function of the caller that parts a text into words, such as a tokenizer's.
public struct TextTokenizer: Sendable, Hashable {
    /// What tells this function from others: two of the same name are taken for the same.
    public var name: String
    /// Parts one text into its words, in their order. May be called from several threads at once.
    public var words: @Sendable (String) -> [String]

    /// - Parameters:
    ///   - name: what tells this function from others.
    ///   - words: parts a text.
    public init(_ name: String, words: @escaping @Sendable (String) -> [String]) {
        self.name = name
        self.words = words
    }

    public static func == (left: TextTokenizer, right: TextTokenizer) -> Bool { left.name.isSame(as: right.name) }
    public func hash(into hasher: inout Hasher) { hasher.combine(TextKey(name)) }
}

/// Numbers for words, the same for the same word, so that texts are compared fast.
struct WordNumbers {
    private var numbers: [TextKey: Int] = [:]

    mutating func number(_ word: String) -> Int {
        let key = TextKey(word)
        if let number = numbers[key] { return number }
        numbers[key] = numbers.count
        return numbers.count - 1
    }

    mutating func numbers(_ words: [String]) -> [Int] { words.map { number($0) } }
}

/// How often each run of `n` elements comes in a text.
struct NGrams {
    let counts: [ArraySlice<Int>: Int]
    /// How many there are.
    let total: Int

    init(_ elements: [Int], _ n: Int) {
        total = max(0, elements.count - n + 1)
        var counts: [ArraySlice<Int>: Int] = [:]
        for start in 0..<total { counts[elements[start..<(start + n)], default: 0] += 1 }
        self.counts = counts
    }

    /// How many have a counterpart in `other`.
    func shared(_ other: NGrams) -> Int { counts.reduce(0) { $0 + min($1.value, other.counts[$1.key] ?? 0) } }
}

/// Insertions, deletions and exchanges that turn one list into another.
func levenshtein(_ left: [Int], _ right: [Int]) -> Int {
    var (left, right) = (left[...], right[...])
    while let a = left.first, a == right.first { (left, right) = (left.dropFirst(), right.dropFirst()) }
    while let a = left.last, a == right.last { (left, right) = (left.dropLast(), right.dropLast()) }
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    let columns = Array(right)
    var row = Array(0...columns.count)
    for (above, element) in left.enumerated() {
        var diagonal = row[0]
        row[0] = above + 1
        for column in columns.indices {
            let cost = diagonal + (columns[column] == element ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(cost, min(diagonal, row[column]) + 1)
        }
    }
    return row[columns.count]
}

extension String {
    /// The code points as numbers.
    var codePoints: [Int] { unicodeScalars.map { Int($0.value) } }
}
