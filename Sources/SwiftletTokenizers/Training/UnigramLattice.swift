#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// All ways to make a word of tokens, for training.
struct UnigramLattice {
    /// Number of tokens.
    let count: Int
    private let trie: ByteTrie
    private let scores: [Double]
    private let unknownScore: Double

    private struct Node {
        /// -1 before the word and after it.
        var id: Int32
        var start: Int
        var score: Double
        /// The best score of a path up to here.
        var best = 0.0
        var previous = -1
    }

    private var length = 0
    /// In the order of their starts; the first stands before the word, the last after it.
    private var nodes: [Node] = []
    /// Which nodes start at a place, and which end there.
    private var starting: [Range<Int>] = []
    private var ending: [[Int]] = []
    private var alpha: [Double] = []
    private var beta: [Double] = []

    /// - Parameter pieces: the first is the unknown token.
    init(_ pieces: [UnigramSeeds.Piece]) throws(TokenizerError) {
        count = pieces.count
        // The unknown token is not looked for; an empty string is never found.
        let strings = pieces.enumerated().map { $0 == 0 ? "" : String(decoding: $1.bytes, as: UTF8.self) }
        guard let trie = ByteTrie(strings) else {
            throw TokenizerError(
                "training began with \(pieces.count) parts of words, which are too many",
                remedy: "Choose a smaller seedSize.")
        }
        self.trie = trie
        scores = pieces.map(\.score)
        unknownScore = scores.reduce(Double.infinity) { $1 < $0 ? $1 : $0 } - 10
    }

    /// Finds the tokens of a word.
    mutating func load(_ word: [UInt8]) {
        length = word.count
        nodes.removeAll(keepingCapacity: true)
        starting.removeAll(keepingCapacity: true)
        for index in ending.indices { ending[index].removeAll(keepingCapacity: true) }
        while ending.count <= length { ending.append([]) }
        nodes.append(Node(id: -1, start: 0, score: 0))
        ending[0].append(0)
        word.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var position = 0
            while position < length {
                let width = UTF8Bytes.scalar(base, at: position).count
                let first = nodes.count
                var coversScalar = false
                trie.prefixes(base, position, length) { id, end in
                    nodes.append(Node(id: id, start: position, score: scores[Int(id)]))
                    ending[end].append(nodes.count - 1)
                    if end == position + width { coversScalar = true }
                }
                if !coversScalar {
                    nodes.append(Node(id: 0, start: position, score: unknownScore))
                    ending[position + width].append(nodes.count - 1)
                }
                starting.append(first..<nodes.count)
                for _ in 1..<width { starting.append(nodes.count..<nodes.count) }
                position += width
            }
        }
        nodes.append(Node(id: -1, start: length, score: 0))
        starting.append(nodes.count - 1..<nodes.count)
    }

    private static func logSum(_ one: Double, _ other: Double) -> Double {
        let (less, more) = one > other ? (other, one) : (one, other)
        return more > less + 50 ? more : more + log(exp(less - more) + 1)
    }

    /// Adds how often each token is to be expected in the word, times `frequency`.
    ///
    /// - Returns: whether the word has a likelihood; if not, nothing is added.
    mutating func addExpected(_ frequency: Double, to expected: inout [Double]) -> Bool {
        alpha.removeAll(keepingCapacity: true)
        alpha.append(contentsOf: repeatElement(0, count: nodes.count))
        beta.removeAll(keepingCapacity: true)
        beta.append(contentsOf: repeatElement(0, count: nodes.count))
        for position in 0...length {
            for right in starting[position] {
                for (index, left) in ending[position].enumerated() {
                    let score = nodes[left].score + alpha[left]
                    alpha[right] = index == 0 ? score : Self.logSum(alpha[right], score)
                }
            }
        }
        for position in (0...length).reversed() {
            for left in ending[position] {
                for (index, right) in starting[position].enumerated() {
                    let score = nodes[right].score + beta[right]
                    beta[left] = index == 0 ? score : Self.logSum(beta[left], score)
                }
            }
        }
        let whole = alpha[nodes.count - 1]
        guard !whole.isNaN else { return false }
        for index in 1..<nodes.count - 1 {
            let share = exp(alpha[index] + nodes[index].score + beta[index] - whole)
            expected[Int(nodes[index].id)] += frequency * share
        }
        return true
    }

    private mutating func findBest() {
        for position in 0...length {
            for right in starting[position] {
                nodes[right].previous = -1
                for left in ending[position] {
                    let score = nodes[left].best + nodes[right].score
                    if nodes[right].previous < 0 || score > nodes[right].best {
                        nodes[right].previous = left
                        nodes[right].best = score
                    }
                }
            }
        }
    }

    /// The tokens of the best path.
    mutating func bestPath() -> [Int] {
        findBest()
        var path: [Int] = []
        var node = nodes[nodes.count - 1].previous
        while node > 0 {
            path.append(Int(nodes[node].id))
            node = nodes[node].previous
        }
        return path.reversed()
    }

    /// The tokens of the best paths, the best first. Equally good ones come in the order that the Rust library has them.
    mutating func bestPaths(_ wanted: Int) -> [[Int]] {
        struct Path {
            var node: Int
            var next: Int
            var known: Double
        }
        findBest()
        // From the end of the word to its start; a path goes on by its `next`.
        var paths = [Path(node: nodes.count - 1, next: -1, known: 0)]
        var agenda = PathQueue()
        agenda.push(0, 0)
        var found: [[Int]] = []
        while let top = agenda.pop() {
            let node = paths[top].node
            if node == 0 {
                var ids: [Int] = []
                var next = paths[top].next
                while next >= 0, paths[next].next >= 0 {
                    ids.append(Int(nodes[paths[next].node].id))
                    next = paths[next].next
                }
                found.append(ids)
                if found.count == wanted { break }
                continue
            }
            let known = paths[top].known
            for left in ending[nodes[node].start] {
                paths.append(Path(node: left, next: top, known: nodes[left].score + known))
                agenda.push(paths.count - 1, nodes[left].best + known)
            }
        }
        return found
    }
}

/// A heap with the best path on top, each entry with four below it.
///
/// Which of two equally good paths comes first decides what a trained vocabulary holds, so this one breaks ties as the
/// Rust library's heap does: a new entry rises past equal ones, and of equal entries below a gap the first fills it.
private struct PathQueue {
    private var entries: [(path: Int, score: Double)] = []

    mutating func push(_ path: Int, _ score: Double) {
        entries.append((path, score))
        rise(entries.count - 1)
    }

    mutating func pop() -> Int? {
        guard let last = entries.popLast() else { return nil }
        guard let top = entries.first else { return last.path }
        var gap = 0
        while 4 * gap + 1 < entries.count {
            let children = 4 * gap + 1..<min(4 * gap + 5, entries.count)
            var best = children.lowerBound
            for child in children where entries[best].score < entries[child].score { best = child }
            entries[gap] = entries[best]
            gap = best
        }
        entries[gap] = last
        rise(gap)
        return top.path
    }

    private mutating func rise(_ start: Int) {
        let entry = entries[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) / 4
            if entry.score < entries[parent].score { break }
            entries[position] = entries[parent]
            position = parent
        }
        entries[position] = entry
    }
}
