internal import SwiftletIO

/// `ter`: the edits that make a reference of the prediction, in which moving a run of words is one edit (Snover et al.
/// 2006), with the limits and preferences of Tercom that sacrebleu follows.
struct TER: TextScore {
    static let segmentOptions: Set<String> = ["normalized", "ignore_punct", "support_zh_ja_chars", "case_sensitive"]
    static let references = TextReferences.equallyMany

    private let normalized: Bool
    private let ignorePunct: Bool
    private let supportsAsian: Bool
    private let caseSensitive: Bool

    init(_ options: MetricOptions) throws(MetricError) {
        normalized = options.has(.normalized)
        ignorePunct = options.has(.ignorePunct)
        supportsAsian = options.has(.supportZhJaChars)
        caseSensitive = options.has(.caseSensitive)
    }

    func segment(
        _ prediction: String, _ references: [String], source: String
    ) throws(MetricError) -> (edits: Int, length: Double) {
        var numbers = WordNumbers()
        let prediction = numbers.numbers(words(prediction))
        var (edits, length) = (Int.max, 0)
        for reference in references {
            let reference = numbers.numbers(words(reference))
            edits = min(edits, TranslationEdits(reference).count(prediction))
            length += reference.count
        }
        return (edits, Double(length) / Double(references.count))
    }

    func values(_ segments: [(edits: Int, length: Double)]) throws(MetricError) -> MetricValues {
        let edits = segments.reduce(0) { $0 + $1.edits }
        let length = segments.reduce(0) { $0 + $1.length }
        let rate = length > 0 ? Double(edits) / length : edits > 0 ? 1 : 0
        var values: MetricValues = ["score": 100 * rate]
        values.set("num_edits", .integer(edits))
        values["ref_length"] = length
        return values
    }

    /// Tercom's words.
    private func words(_ text: String) -> [String] {
        let text = PythonText.rstrip(text)
        var scalars = Array((caseSensitive ? text : PythonText.lower(text)).unicodeScalars)
        if normalized {
            scalars = WordSplitting.replace(scalars, "\n-", "")
            scalars = WordSplitting.replace(scalars, "\n", " ")
            scalars = [" "] + WordSplitting.unescape(scalars) + [" "]
            scalars = WordSplitting.pad(scalars, WordSplitting.isWestern)
            scalars = WordSplitting.western(WordSplitting.replace(scalars, "'s ", " 's "), isPadded: true)
            if supportsAsian {
                scalars = WordSplitting.pad(scalars) { Self.isAsian($0) || Self.isAsianPunctuation($0) }
            }
        }
        if ignorePunct {
            scalars.removeAll { scalar in
                switch scalar {
                case ".", ",", "?", ":", ";", "!", "\"", "(", ")": true
                default: supportsAsian && Self.isAsianPunctuation(scalar)
                }
            }
        }
        return PythonText.split(scalars)
    }

    /// Chinese characters and what else Tercom takes for words. That the range of enclosed letters goes on to U+3F22 is
    /// so in sacrebleu.
    private static func isAsian(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x31c0...0x31ef, 0x2e80...0x2eff, 0x3300...0x33ff, 0xf900...0xfaff,
            0xfe30...0xfe4f, 0x3200...0x3f22:
            true
        default: false
        }
    }

    private static func isAsianPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3001, 0x3002, 0x3008...0x3011, 0x3014...0x301f, 0xff61...0xff65, 0x30fb, 0xff0e, 0xff0c, 0xff1f, 0xff1a,
            0xff1b, 0xff01, 0xff02, 0xff08, 0xff09:
            true
        default: false
        }
    }
}

/// The edits that lead to one reference.
struct TranslationEdits {
    private enum Operation: UInt8 { case none, keep, exchange, insert, delete }

    private struct Cell {
        var cost = TranslationEdits.unreachable
        var operation = Operation.none
    }

    private static let unreachable = 1 << 53
    private static let longestMove = 10
    private static let farthestMove = 50
    private static let beam = 25
    private static let mostCandidates = 1000

    private let reference: [Int]

    init(_ reference: [Int]) { self.reference = reference }

    /// How many edits make the reference of `words`: first moves, as long as one helps, the best first.
    func count(_ words: [Int]) -> Int {
        if reference.isEmpty { return words.count }
        var words = words
        var (moves, candidates) = (0, 0)
        while true {
            let best = bestMove(words, &candidates)
            guard candidates < Self.mostCandidates, let best, best.gain > 0 else { break }
            moves += 1
            words = best.words
        }
        let rows = rows(words, from: [])
        return moves + (rows.last?.last?.cost ?? 0)
    }

    private func bestMove(_ words: [Int], _ candidates: inout Int) -> (gain: Int, words: [Int])? {
        let rows = rows(words, from: [])
        let before = rows.last?.last?.cost ?? 0
        let alignment = alignment(rows, words.count)
        var best: (rank: (Int, Int, Int, Int), words: [Int])?
        for start in words.indices {
            for target in reference.indices where abs(target - start) <= Self.farthestMove {
                var length = 0
                while length < Self.longestMove, start + length < words.count, target + length < reference.count,
                    words[start + length] == reference[target + length]
                {
                    length += 1
                    guard alignment.wrongWords[start..<(start + length)].contains(true),
                        alignment.wrongReferences[target..<(target + length)].contains(true),
                        !(start..<(start + length)).contains(alignment.places[target])
                    else { continue }
                    var last = -1
                    for offset in -1..<length {
                        let place: Int
                        if target + offset == -1 {
                            place = 0
                        } else if target + offset < reference.count {
                            place = alignment.places[target + offset] + 1
                        } else {
                            break
                        }
                        if place == last { continue }
                        last = place
                        let moved = Self.move(words, start, length, to: place)
                        // Rows up to the first word that moved are known.
                        let same = zip(words, moved).prefix { $0 == $1 }.count
                        let after = self.rows(moved, from: rows[...same]).last?.last?.cost ?? 0
                        let rank = (before - after, length, -start, -place)
                        candidates += 1
                        if let old = best, old.rank >= rank { continue }
                        best = (rank, moved)
                    }
                    if candidates >= Self.mostCandidates { return best.map { ($0.rank.0, $0.words) } }
                }
            }
        }
        return best.map { ($0.rank.0, $0.words) }
    }

    private static func move(_ words: [Int], _ start: Int, _ length: Int, to target: Int) -> [Int] {
        let run = words[start..<(start + length)]
        var rest = Array(words[..<start])
        rest += words[(start + length)...]
        // A target within the run itself moves it on by as many words as the target lies behind its start.
        let place = target <= start ? target : target > start + length ? target - length : min(target, rest.count)
        rest.insert(contentsOf: run, at: place)
        return rest
    }

    /// The matrix of edit distances around its diagonal: a row for each word and one before.
    private func rows(_ words: [Int], from known: ArraySlice<[Cell]>) -> [[Cell]] {
        let columns = reference.count + 1
        var rows = Array(known)
        if rows.isEmpty { rows = [(0..<columns).map { Cell(cost: $0, operation: .insert) }] }
        rows.reserveCapacity(words.count + 1)
        let ratio = words.isEmpty ? 1 : Double(reference.count) / Double(words.count)
        let half = ratio / 2
        let beam = Double(Self.beam) < half ? Int((half + Double(Self.beam)).rounded(.up)) : Self.beam
        for place in rows.count..<max(words.count + 1, rows.count) {
            let diagonal = Int((Double(place) * ratio).rounded(.down))
            let first = max(0, diagonal - beam)
            let end = place == words.count ? columns : min(columns, diagonal + beam)
            let above = rows[place - 1]
            let word = words[place - 1]
            var row = [Cell](repeating: Cell(), count: columns)
            for column in first..<max(first, end) {
                if column == 0 {
                    row[0] = Cell(cost: above[0].cost + 1, operation: .delete)
                    continue
                }
                let isSame = word == reference[column - 1]
                var cell = row[column]
                let diagonalCost = above[column - 1].cost + (isSame ? 0 : 1)
                if cell.cost > diagonalCost { cell = Cell(cost: diagonalCost, operation: isSame ? .keep : .exchange) }
                if cell.cost > above[column].cost + 1 { cell = Cell(cost: above[column].cost + 1, operation: .delete) }
                if cell.cost > row[column - 1].cost + 1 {
                    cell = Cell(cost: row[column - 1].cost + 1, operation: .insert)
                }
                row[column] = cell
            }
            rows.append(row)
        }
        return rows
    }

    /// Where each word of the reference lies in the prediction, and what does not fit in either.
    private func alignment(
        _ rows: [[Cell]], _ count: Int
    ) -> (places: [Int], wrongReferences: [Bool], wrongWords: [Bool]) {
        var operations: [Operation] = []
        var (row, column) = (count, reference.count)
        walk: while row > 0 || column > 0 {
            let operation = rows[row][column].operation
            operations.append(operation)
            switch operation {
            case .keep, .exchange: (row, column) = (row - 1, column - 1)
            case .insert: column -= 1
            case .delete: row -= 1
            case .none: break walk
            }
        }
        var places: [Int] = []
        var (wrongReferences, wrongWords): ([Bool], [Bool]) = ([], [])
        var place = -1
        for operation in operations.reversed() {
            switch operation {
            case .keep, .exchange:
                place += 1
                places.append(place)
                wrongReferences.append(operation == .exchange)
                wrongWords.append(operation == .exchange)
            case .insert:
                places.append(place)
                wrongReferences.append(true)
            case .delete:
                place += 1
                wrongWords.append(true)
            case .none: break
            }
        }
        // A path outside the beam ends early; what it does not reach is wrong.
        while places.count < reference.count {
            places.append(place)
            wrongReferences.append(true)
        }
        wrongWords += [Bool](repeating: true, count: max(0, count - wrongWords.count))
        return (places, wrongReferences, wrongWords)
    }
}
