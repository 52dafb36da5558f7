#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Learns tokens with probabilities: from all frequent parts of words, those that words can do without are taken away
/// in rounds of expectation and maximization.
///
/// The steps are those of the Rust library's trainer. That one adds up numbers in the order of a hash table, so its
/// scores differ in the last digits from run to run; this one always gives the same.
public struct UnigramTrainer: Sendable {
    /// How many tokens there are to be, special ones included.
    public var vocabularySize = 8000
    /// Rounds of expectation and maximization before each time that tokens are taken away.
    public var subIterations = 2
    /// The share of the tokens that stay each time.
    public var shrinkingFactor = 0.75
    /// The first tokens, in this order.
    public var specialTokens: [AddedToken] = []
    /// Letters that are tokens even if the texts lack them.
    public var initialAlphabet: [Unicode.Scalar] = []
    /// Comes before the special tokens if it is not one of them. `nil`: the model has no unknown token.
    public var unkToken: String?
    /// In scalars.
    public var maxPieceLength = 16
    /// How many parts of words there are at first, at most.
    public var seedSize = 1_000_000

    /// A trainer with these settings, each described at the property of its name. The defaults are those of
    /// `UnigramTrainer` in the Rust library. Training refuses values out of range with a `TokenizerError`.
    public init(
        vocabularySize: Int = 8000, subIterations: Int = 2, shrinkingFactor: Double = 0.75,
        specialTokens: [AddedToken] = [], initialAlphabet: [Unicode.Scalar] = [], unkToken: String? = nil,
        maxPieceLength: Int = 16, seedSize: Int = 1_000_000
    ) {
        self.vocabularySize = vocabularySize
        self.subIterations = subIterations
        self.shrinkingFactor = shrinkingFactor
        self.specialTokens = specialTokens
        self.initialAlphabet = initialAlphabet
        self.unkToken = unkToken
        self.maxPieceLength = maxPieceLength
        self.seedSize = seedSize
    }

    /// What training yields.
    struct Result {
        /// In the order of their ids.
        var tokens: [(token: String, score: Double)]
        var unknownID: Int?
    }

    typealias Words = [(word: [UInt8], count: Int)]
    typealias Piece = UnigramSeeds.Piece

    /// How often tokens are counted anew in the hope that one can go after all.
    private static let mostIdleRounds = 50

    func train(_ words: Words) throws(TokenizerError) -> Result {
        let required = requiredScalars(words)
        try check(required.count)
        guard words.contains(where: { !$0.word.isEmpty }) else {
            throw TokenizerError("there are no words to train on", remedy: "Give texts with words in them.")
        }
        // The unknown token of the training, whatever that of the model is.
        var pieces = [Piece(bytes: Array("<UNK>".utf8), score: .nan)]
        pieces += UnigramSeeds(longest: maxPieceLength, limit: seedSize).pieces(words)
        var model = try UnigramLattice(pieces)
        let desired = vocabularySize * 11 / 10
        var least = Int.max
        var idleRounds = 0
        while true {
            for _ in 0..<subIterations {
                pieces = maximized(pieces, try expected(model, words))
                model = try UnigramLattice(pieces)
            }
            if pieces.count <= desired { break }
            // What can't be made smaller stays larger; the Rust library would go on for ever.
            idleRounds = pieces.count < least ? 0 : idleRounds + 1
            if idleRounds == Self.mostIdleRounds { break }
            least = min(least, pieces.count)
            pieces = pruned(pieces, model, words, desired)
            model = try UnigramLattice(pieces)
        }
        return try finished(pieces, required)
    }

    private func check(_ letters: Int) throws(TokenizerError) {
        guard vocabularySize > 0, vocabularySize < Int(Int32.max) else {
            throw .argument("vocabularySize", vocabularySize, "from 1 to \(Int32.max - 1)", python: "vocab_size")
        }
        guard letters <= vocabularySize else {
            throw TokenizerError(
                "a vocabulary of \(vocabularySize) tokens has no room for the \(letters) letters of the texts",
                remedy: "Choose a larger vocabularySize.")
        }
        guard vocabularySize > specialTokens.count else {
            throw TokenizerError(
                "a vocabulary of \(vocabularySize) tokens has no room beside \(specialTokens.count) special tokens",
                remedy: "Choose a larger vocabularySize.")
        }
        guard shrinkingFactor > 0, shrinkingFactor < 1 else {
            throw .argument("shrinkingFactor", shrinkingFactor, "above 0 and below 1", python: "shrinking_factor")
        }
        guard subIterations > 0 else {
            throw .argument("subIterations", subIterations, "at least 1", python: "n_sub_iterations")
        }
        guard maxPieceLength > 0 else {
            throw .argument("maxPieceLength", maxPieceLength, "at least 1", python: "max_piece_length")
        }
    }

    private func requiredScalars(_ words: Words) -> [UInt32] {
        var scalars = Set(initialAlphabet.map(\.value))
        for (word, _) in words { UTF8Bytes.forEachScalar(word) { scalar, _ in scalars.insert(scalar) } }
        return scalars.sorted()
    }

    /// How often each token is to be expected in the words.
    private func expected(_ model: UnigramLattice, _ words: Words) throws(TokenizerError) -> [Double] {
        var expected = [Double](repeating: 0, count: model.count)
        var lattice = model
        for (word, count) in words {
            lattice.load(word)
            guard lattice.addExpected(Double(count), to: &expected) else {
                throw TokenizerError(
                    "the word '\(String(decoding: word.prefix(200), as: UTF8.self))' has no likelihood",
                    remedy: "Leave out such long words, or use a pre-tokenizer that splits them.")
            }
        }
        return expected
    }

    private func maximized(_ pieces: [Piece], _ expected: [Double]) -> [Piece] {
        var kept: [Piece] = []
        var sum = 0.0
        for (index, frequency) in expected.enumerated() {
            if index == 0 {
                kept.append(Piece(bytes: pieces[0].bytes, score: .nan))
            } else if frequency >= 0.5 {
                kept.append(Piece(bytes: pieces[index].bytes, score: frequency))
                sum += frequency
            }
        }
        let total = Self.digamma(sum)
        return kept.map { Piece(bytes: $0.bytes, score: Self.digamma($0.score) - total) }
    }

    /// Takes away the tokens whose loss costs the words the least likelihood.
    private func pruned(_ pieces: [Piece], _ model: UnigramLattice, _ words: Words, _ desired: Int) -> [Piece] {
        var lattice = model
        var isKept = [Bool](repeating: true, count: pieces.count)
        // What would stand for a token that is gone.
        var alternatives = [[Int]](repeating: [], count: pieces.count)
        isKept[0] = false
        for id in pieces.indices.dropFirst() {
            lattice.load(pieces[id].bytes)
            let paths = lattice.bestPaths(2)
            guard paths.count > 1 else { continue }
            if paths[0].count >= 2 {
                isKept[id] = false
            } else if paths[0].count == 1 {
                alternatives[id] = paths[1]
            }
        }
        var total = 0.0
        var frequencies = [Double](repeating: 0, count: pieces.count)
        // How many words have a token on their best path, each as often as it is there.
        var occurrences = [Double](repeating: 0, count: pieces.count)
        for (word, count) in words {
            lattice.load(word)
            total += Double(count)
            for id in lattice.bestPath() {
                frequencies[id] += Double(count)
                occurrences[id] += Double(count)
            }
        }
        let sum = frequencies.reduce(0, +)
        let logSum = log(sum)
        var kept = [pieces[0]]
        var candidates: [(id: Int, loss: Double)] = []
        for id in pieces.indices.dropFirst() {
            let frequency = frequencies[id]
            if frequency == 0, !isKept[id] { continue }
            if alternatives[id].isEmpty {
                kept.append(pieces[id])
                continue
            }
            guard occurrences[id] != 0 else { continue }
            // The number of all tokens, where that of the alternatives would be meant: what every release of the Rust
            // library does.
            let logAlternative = log(sum + frequency * Double(pieces.count - 1))
            var alternative = 0.0
            for other in alternatives[id] { alternative += log(frequencies[other] + frequency) - logAlternative }
            candidates.append((id, occurrences[id] / total * (log(frequency) - logSum - alternative)))
        }
        let size = max(desired, Int(Double(pieces.count) * shrinkingFactor))
        candidates.sort { ($1.loss, $0.id) < ($0.loss, $1.id) }
        for (id, _) in candidates {
            // If there are more than that already, all stay, as in the Rust library.
            if kept.count == size { break }
            kept.append(pieces[id])
        }
        return kept
    }

    /// The tokens of the vocabulary, letters first, then the others by their scores until it is full.
    private func finished(_ pieces: [Piece], _ required: [UInt32]) throws(TokenizerError) -> Result {
        let known = Dictionary(pieces.map { ($0.bytes, $0.score) }, uniquingKeysWith: { $1 })
        let least = pieces.reduce(Double.infinity) { $1.score < $0 ? $1.score : $0 }
        var chosen: [Piece] = []
        var inserted: Set<[UInt8]> = [pieces[0].bytes]
        var penalty = 0.0
        for scalar in required {
            var bytes: [UInt8] = []
            UTF8Bytes.encode(scalar) { bytes.append($0) }
            inserted.insert(bytes)
            if let score = known[bytes] {
                chosen.append(Piece(bytes: bytes, score: score))
            } else {
                chosen.append(Piece(bytes: bytes, score: least + penalty))
                penalty += 0.0001
            }
        }
        var special = specialTokens.map(\.content)
        var unknownID: Int?
        if let unkToken {
            unknownID = special.firstIndex { TokenizerFiles.same($0, unkToken) } ?? 0
            if !special.contains(where: { TokenizerFiles.same($0, unkToken) }) { special.insert(unkToken, at: 0) }
        }
        // The Rust library goes on with infinite scores, which the file it writes can't hold.
        guard chosen.allSatisfy(\.score.isFinite) else {
            throw TokenizerError(
                "no part of the words is frequent enough to learn its probability",
                remedy: "Give more texts, or use a pre-tokenizer that splits them into shorter words.")
        }
        let room = vocabularySize - special.count
        for piece in pieces where inserted.insert(piece.bytes).inserted {
            chosen.append(Piece(bytes: piece.bytes, score: piece.score.isNaN ? 0 : piece.score))
            if chosen.count == room { break }
        }
        let order = chosen.indices.sorted { (chosen[$1].score, $0) < (chosen[$0].score, $1) }
        return Result(
            tokens: special.map { ($0, 0) }
                + order.map { (String(decoding: chosen[$0].bytes, as: UTF8.self), chosen[$0].score) },
            unknownID: unknownID)
    }

    /// The derivative of the logarithm of the gamma function, by its asymptotic series.
    static func digamma(_ value: Double) -> Double {
        var (x, result) = (value, 0.0)
        while x < 7 {
            result -= 1 / x
            x += 1
        }
        x -= 0.5
        let inverse = 1 / x
        let square = inverse * inverse
        let fourth = square * square
        result += log(x) + 1.0 / 24 * square - 7.0 / 960 * fourth
        result += 31.0 / 8064 * fourth * square - 127.0 / 30720 * fourth * fourth
        return result
    }
}
