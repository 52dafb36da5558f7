internal import SwiftletIO

/// `charcut_mt`: the characters that differ or moved, in proportion to both texts' length, after long pieces that both
/// have were matched (Lardilleux & Lepage 2017).
struct CharCut: TextScore {
    static let references = TextReferences.one

    /// Shorter pieces are no match, but for words at the beginning and the end.
    private static let shortest = 3

    init(_ options: MetricOptions) throws(MetricError) {}

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> (
        cost: Int, length: Int
    ) {
        // Python writes the texts to files of lines, and strips these.
        func text(_ text: String, _ column: String) throws(MetricError) -> [Unicode.Scalar] {
            guard !text.unicodeScalars.contains(where: { $0 == "\n" }) else {
                throw .input(
                    column, "charcut_mt compares texts of one line, and this one has several",
                    remedy: "Put spaces in the place of line ends.")
            }
            return Array(PythonText.strip(text).unicodeScalars)
        }
        let (left, right) = (try text(prediction, "predictions"), try text(references[0], "references"))
        return (min(Self.cost(left, right), left.count + right.count), left.count + right.count)
    }

    func values(_ segments: [(cost: Int, length: Int)]) throws(MetricError) -> MetricValues {
        let (cost, length) = segments.reduce((0, 0)) { ($0.0 + $1.cost, $0.1 + $1.length) }
        return ["charcut_mt": length == 0 ? 0 : Double(cost) / Double(length)]
    }

    // MARK: - Pieces

    /// What both texts have, and where.
    private struct Piece {
        var text: [Unicode.Scalar]
        var left: [Int]
        var right: [Int]

        /// Longer ones first, then those more often in one text, then rarer ones, then those that come first.
        func precedes(_ other: Piece) -> Bool {
            if text.count != other.text.count { return text.count > other.text.count }
            let (same, otherSame) = (left.count == right.count, other.left.count == other.right.count)
            if same != otherSame { return !same }
            let (count, otherCount) = (left.count + right.count, other.left.count + other.right.count)
            return count != otherCount ? count < otherCount : left.lexicographicallyPrecedes(other.left)
        }
    }

    /// A unit of a text, its place in it, and whether a piece may begin there. `nil` for a border between words.
    private struct Unit {
        var text: [Unicode.Scalar]?
        var place: Int
        var isStart: Bool
    }

    private static func common(_ left: [Unit], _ right: [Unit], withEnds: Bool) -> [Piece] {
        var pieces: [Piece] = []
        var todo = [(left.indices.filter { left[$0].isStart }, right.indices.filter { right[$0].isStart }, 0)]
        while let (lefts, rights, offset) = todo.popLast() {
            func groups(_ units: [Unit], _ starts: [Int]) -> [[Unicode.Scalar]: [Int]] {
                starts.reduce(into: [:]) { groups, start in
                    guard start + offset < units.count, let text = units[start + offset].text else { return }
                    groups[text, default: []].append(start)
                }
            }
            let (leftGroups, rightGroups) = (groups(left, lefts), groups(right, rights))
            for (unit, starts) in leftGroups {
                guard let others = rightGroups[unit], let first = starts.first else { continue }
                let text = left[first...(first + offset)].flatMap { $0.text ?? [] }
                let (lastLeft, lastRight) = (left.count - 1 - offset, right.count - 1 - offset)
                if text.count >= shortest {
                    pieces.append(Piece(text: text, left: starts, right: others))
                } else if withEnds, starts.contains(0), others.contains(0) {
                    pieces.append(Piece(text: text, left: [0], right: [0]))
                } else if withEnds, starts.contains(lastLeft), others.contains(lastRight) {
                    pieces.append(Piece(text: text, left: [lastLeft], right: [lastRight]))
                }
                todo.append((starts, others, offset + 1))
            }
        }
        return pieces.map { piece in
            Piece(text: piece.text, left: piece.left.map { left[$0].place }, right: piece.right.map { right[$0].place })
        }
    }

    /// Words, and each other character for itself.
    private static func words(_ text: [Unicode.Scalar]) -> [Unit] {
        var units: [Unit] = []
        for (place, scalar) in text.enumerated() {
            if PythonText.isWord(scalar), place > 0, PythonText.isWord(text[place - 1]), let last = units.indices.last {
                units[last].text?.append(scalar)
            } else {
                units.append(Unit(text: [scalar], place: place, isStart: true))
            }
        }
        return units
    }

    /// Characters: those around a word with it, so that a piece may begin before a word or in it, but ends after it.
    private static func characters(_ text: [Unicode.Scalar]) -> [Unit] {
        var runs: [Range<Int>] = []
        var place = 0
        // What is between words, a word, what is between words, and so on.
        while place < text.count || runs.count % 2 == 0 {
            let isWord = runs.count % 2 == 1
            var end = place
            while end < text.count, PythonText.isWord(text[end]) == isWord { end += 1 }
            runs.append(place..<end)
            place = end
        }
        if runs.count == 1 { runs = [0..<0, runs[0], text.count..<text.count] }
        var units: [Unit] = []
        for word in stride(from: 0, to: runs.count - 2, by: 2) {
            if word > 0 { units.append(Unit(text: nil, place: 0, isStart: false)) }
            for run in word..<(word + 3) {
                for place in runs[run] {
                    units.append(Unit(text: [text[place]], place: place, isStart: run != word + 2))
                }
            }
        }
        return units
    }

    // MARK: - Matching

    private struct Match: Hashable {
        var left: Int
        var right: Int
        var count: Int
    }

    private static func cost(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        let matches = matches(left, right)
        let matched = matches.reduce(0) { $0 + $1.count }
        var cost = left.count + right.count - 2 * matched
        let regular = regular(matches)
        for match in matches where !regular.contains(match) {
            let distance = distance(match, regular)
            if distance == 0 { continue }
            // A short piece that moved far is taken for one that was left out and put in elsewhere.
            cost += Self.exp(match.count) >= abs(distance) ? match.count : 2 * match.count
        }
        return cost
    }

    private static func exp(_ count: Int) -> Int {
        // e to the power of 30 is beyond any distance.
        var power = 1.0
        for _ in 0..<min(count, 30) { power *= 2.718281828459045 }
        return Int(power)
    }

    /// Pieces that both texts have, the longest first, none over another.
    private static func matches(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> [Match] {
        var pieces: [[Unicode.Scalar]: Piece] = [:]
        for piece in common(words(left), words(right), withEnds: true) { pieces[piece.text] = piece }
        for piece in common(characters(left), characters(right), withEnds: false) { pieces[piece.text] = piece }
        var list = pieces.values.sorted { $0.precedes($1) }
        var (freeLeft, freeRight) = (
            [Bool](repeating: true, count: left.count), [Bool](repeating: true, count: right.count)
        )
        var matches: [Match] = []
        while let piece = list.first {
            let count = piece.text.count
            matches.append(Match(left: piece.left[0], right: piece.right[0], count: count))
            for offset in 0..<count {
                freeLeft[piece.left[0] + offset] = false
                freeRight[piece.right[0] + offset] = false
            }
            list = list.compactMap { piece in
                let range = 0..<piece.text.count
                let lefts = piece.left.filter { start in range.allSatisfy { freeLeft[start + $0] } }
                let rights = piece.right.filter { start in range.allSatisfy { freeRight[start + $0] } }
                return lefts.isEmpty || rights.isEmpty ? nil : Piece(text: piece.text, left: lefts, right: rights)
            }
        }
        return matches
    }

    /// The matches that keep their order, as difflib finds them: around the longest run of characters that does.
    private static func regular(_ matches: [Match]) -> Set<Match> {
        let first = matches.sorted { ($0.left, $0.right) < ($1.left, $1.right) }
        let second = first.sorted { $0.right < $1.right }
        let order = Dictionary(uniqueKeysWithValues: first.enumerated().map { ($1, $0) })
        let ranks = second.map { order[$0] ?? 0 }
        var regular: Set<Match> = []
        var todo = [(0..<first.count, 0..<first.count)]
        while let (left, right) = todo.popLast() {
            // The longest run of matches that follow one another in both, by characters; of equal ones the first.
            var best: (left: Int, right: Int, count: Int, length: Int)?
            for start in left {
                guard let place = right.first(where: { ranks[$0] == start }) else { continue }
                var (count, length) = (0, 0)
                while start + count < left.upperBound, place + count < right.upperBound,
                    ranks[place + count] == start + count
                {
                    length += first[start + count].count
                    count += 1
                }
                if length > best?.length ?? 0 { best = (start, place, count, length) }
            }
            guard let best else { continue }
            regular.formUnion(first[best.left..<(best.left + best.count)])
            todo.append((left.lowerBound..<best.left, right.lowerBound..<best.right))
            todo.append(((best.left + best.count)..<left.upperBound, (best.right + best.count)..<right.upperBound))
        }
        return regular
    }

    /// How far a match moved over the regular ones.
    private static func distance(_ match: Match, _ regular: Set<Match>) -> Int {
        let crossed = regular.filter {
            ($0.left < match.left && $0.right > match.right) || ($0.left > match.left && $0.right < match.right)
        }
        guard let first = crossed.min(by: { $0.left < $1.left }), let last = crossed.max(by: { $0.left < $1.left })
        else {
            return 0
        }
        return first.left < match.left
            ? first.left - match.left : last.left + last.count - (match.left + match.count)
    }
}
