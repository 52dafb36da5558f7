import SwiftletTokenizers

/// Makes entities of the scores of a text's tokens.
struct EntityGrouping {
    let strategy: AggregationStrategy
    let labelNames: [String]
    let tokenizer: Tokenizer
    let scalars: ScalarOffsets

    /// A token, a word, or an entity on its way.
    struct Piece {
        var word: String
        /// For each label.
        var scores: [Float]
        var start: Int
        var end: Int
        var index: Int
        /// Whether it goes on with the word of the token before.
        var continuesWord: Bool
    }

    private struct Labelled {
        var label: String
        var score: Float
        var word: String
        var start: Int
        var end: Int
        var index: Int?
    }

    /// The tokens of one row, special ones left out.
    ///
    /// - Parameters:
    ///   - scores: for each token, those of all labels.
    ///   - wordStarts: where the words begin that were given apart, in scalars.
    func pieces(_ row: Encoding, scores: [[Float]], wordStarts: [Int]?) -> [Piece] {
        let (tokens, offsets, special) = (row.tokens, row.offsets, row.specialTokensMask)
        let words = wordStarts == nil ? [] : row.wordIDs
        return scores.indices.compactMap { index in
            guard special.indices.contains(index), special[index] == 0 else { return nil }
            var (start, end) = (offsets[index].lowerBound, offsets[index].upperBound)
            if let wordStarts, let word = words[index], wordStarts.indices.contains(word) {
                start += wordStarts[word]
                end += wordStarts[word]
            }
            let id = Int(row.inputIDs[index])
            var word = tokenizer.convertIDToToken(id) ?? tokens[index]
            var continues: Bool
            if tokenizer.marksContinuedWords {
                continues = word.unicodeScalars.count != end - start
            } else {
                // Without such marks, what has no space before it.
                continues = start > 0 && !scalars.hasSpace(start - 1, start + 1)
            }
            if id == tokenizer.unkTokenID {
                word = scalars.text(start, end)
                continues = false
            }
            return Piece(
                word: word, scores: scores[index], start: start, end: end, index: index, continuesWord: continues)
        }
    }

    func entities(_ pieces: [Piece]) -> [Entity] {
        let parts = strategy.joinsWords ? words(pieces) : pieces.map { labelled($0.scores, [$0], index: $0.index) }
        return (strategy == .none ? parts : groups(parts)).map { piece in
            Entity(
                label: piece.label, score: piece.score, word: piece.word, start: piece.start, end: piece.end,
                range: scalars.range(piece.start, piece.end), index: piece.index)
        }
    }

    private func labelled(_ scores: [Float], _ pieces: [Piece], index: Int?) -> Labelled {
        let best = scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) } ?? 0
        let word = index == nil ? tokenizer.convertTokensToString(pieces.map(\.word)) : pieces[0].word
        return Labelled(
            label: labelNames.indices.contains(best) ? labelNames[best] : "LABEL_\(best)",
            score: scores.indices.contains(best) ? scores[best] : .nan, word: word, start: pieces[0].start,
            end: pieces[pieces.count - 1].end, index: index)
    }

    private func words(_ pieces: [Piece]) -> [Labelled] {
        var words: [[Piece]] = []
        for piece in pieces {
            if piece.continuesWord, !words.isEmpty {
                words[words.count - 1].append(piece)
            } else {
                words.append([piece])
            }
        }
        return words.map { word in labelled(wordScores(word), word, index: nil) }
    }

    private func wordScores(_ word: [Piece]) -> [Float] {
        switch strategy {
        case .none, .simple, .first: return word[0].scores
        case .max:
            var best = word[0]
            for piece in word.dropFirst() where piece.scores.max() ?? 0 > best.scores.max() ?? 0 { best = piece }
            return best.scores
        case .average:
            return word[0].scores.indices.map { label in
                word.reduce(0) { $0 + $1.scores[label] } / Float(word.count)
            }
        }
    }

    /// The label without what says whether it begins an entity; labels of other forms go on with the entity before.
    private static func tag(_ label: String) -> (begins: Bool, tag: Substring) {
        if label.hasPrefix("B-") { return (true, label.dropFirst(2)) }
        return (false, label.hasPrefix("I-") ? label.dropFirst(2) : label[...])
    }

    private func groups(_ pieces: [Labelled]) -> [Labelled] {
        var groups: [[Labelled]] = []
        for piece in pieces {
            let (begins, tag) = Self.tag(piece.label)
            if let last = groups.last?.last, Self.tag(last.label).tag == tag, !begins {
                groups[groups.count - 1].append(piece)
            } else {
                groups.append([piece])
            }
        }
        return groups.map { group in
            // Python cuts at the first hyphen, whatever stands before it.
            let parts = group[0].label.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            return Labelled(
                label: String(parts.last ?? ""), score: group.reduce(0) { $0 + $1.score } / Float(group.count),
                word: tokenizer.convertTokensToString(group.map(\.word)), start: group[0].start,
                end: group[group.count - 1].end)
        }
    }

    /// Of entities that overlap, found in two parts of a long text, the longer one, or of equal ones the surer.
    static func withoutOverlaps(_ entities: [Entity]) -> [Entity] {
        let sorted = entities.sorted { $0.start < $1.start }
        guard var previous = sorted.first else { return [] }
        var kept: [Entity] = []
        for entity in sorted {
            if previous.start <= entity.start, entity.start < previous.end {
                let (length, before) = (entity.end - entity.start, previous.end - previous.start)
                if length > before || (length == before && entity.score > previous.score) { previous = entity }
            } else {
                kept.append(previous)
                previous = entity
            }
        }
        return kept + [previous]
    }
}
