/// Learns a vocabulary and merges: the most frequent pair of neighbours becomes a token, again and again.
///
/// Results are those of the Rust library's trainer. Where that one goes by the order of a hash table (the ids of tokens
/// with a prefix or suffix, and which of equally frequent letters a limited alphabet keeps), this one goes by the order
/// of words and of letters, so that the same texts always give the same result.
public struct BPETrainer: Sendable {
    /// How many tokens there are to be, special ones included.
    public var vocabularySize = 30000
    /// A pair that is rarer is not merged.
    public var minFrequency = 0
    /// The first tokens, in this order.
    public var specialTokens: [AddedToken] = []
    /// How many letters there are at most; the most frequent ones are kept. `nil` keeps all.
    public var limitAlphabet: Int?
    /// Letters that are tokens even if the texts lack them.
    public var initialAlphabet: [Unicode.Scalar] = []
    /// Put before tokens that continue a word, such as `##`.
    public var continuingPrefix: String?
    /// Put after the last token of a word, such as `</w>`.
    public var endOfWordSuffix: String?
    /// In scalars; longer tokens are not made. `nil` for no limit.
    public var maxTokenLength: Int?

    /// A trainer with these settings, each described at the property of its name. The defaults are those of
    /// `BpeTrainer` in the Rust library. Training refuses values out of range with a `TokenizerError`.
    public init(
        vocabularySize: Int = 30000, minFrequency: Int = 0, specialTokens: [AddedToken] = [],
        limitAlphabet: Int? = nil, initialAlphabet: [Unicode.Scalar] = [], continuingPrefix: String? = nil,
        endOfWordSuffix: String? = nil, maxTokenLength: Int? = nil
    ) {
        self.vocabularySize = vocabularySize
        self.minFrequency = minFrequency
        self.specialTokens = specialTokens
        self.limitAlphabet = limitAlphabet
        self.initialAlphabet = initialAlphabet
        self.continuingPrefix = continuingPrefix
        self.endOfWordSuffix = endOfWordSuffix
        self.maxTokenLength = maxTokenLength
    }

    /// What training yields.
    struct Result {
        /// In the order of their ids.
        var tokens: [String]
        /// In the order in which they apply, each once.
        var merges: [(left: String, right: String)]
    }

    func train(_ words: [(word: [UInt8], count: Int)]) throws(TokenizerError) -> Result {
        try TrainerLimits.check(vocabularySize: vocabularySize, minFrequency: minFrequency)
        if let limitAlphabet, limitAlphabet < 0 {
            throw TokenizerError.argument("limitAlphabet", limitAlphabet, "at least 0", python: "limit_alphabet")
        }
        var training = BPETraining(self)
        training.addAlphabet(words)
        training.addWords(words)
        training.merge()
        return training.result
    }
}

/// The state of one training.
private struct BPETraining {
    let trainer: BPETrainer
    var tokens: [[UInt8]] = []
    var ids: [[UInt8]: Int32] = [:]
    /// Each word's symbols: tokens with their lengths in scalars.
    var words: [[Symbol]] = []
    var counts: [Int] = []
    var merges: [Pair] = []

    struct Symbol {
        var id: Int32
        var length: Int
    }

    struct Pair: Hashable {
        var left: Int32
        var right: Int32

        static func < (one: Pair, other: Pair) -> Bool { (one.left, one.right) < (other.left, other.right) }
    }

    init(_ trainer: BPETrainer) {
        self.trainer = trainer
        for token in trainer.specialTokens { add(Array(token.content.utf8)) }
    }

    @discardableResult
    private mutating func add(_ token: [UInt8]) -> Int32 {
        if let id = ids[token] { return id }
        let id = Int32(truncatingIfNeeded: tokens.count)
        ids[token] = id
        tokens.append(token)
        return id
    }

    mutating func addAlphabet(_ words: [(word: [UInt8], count: Int)]) {
        var counts: [UInt32: Int] = [:]
        for (word, count) in words {
            UTF8Bytes.forEachScalar(word) { scalar, _ in counts[scalar, default: 0] &+= count }
        }
        for scalar in trainer.initialAlphabet { counts[scalar.value] = Int.max }
        var kept = counts.map { (scalar: $0.key, count: $0.value) }
        if let limit = trainer.limitAlphabet, kept.count > limit {
            kept.sort { ($1.count, $0.scalar) < ($0.count, $1.scalar) }
            kept.removeSubrange(limit...)
        }
        kept.sort { $0.scalar < $1.scalar }
        for (scalar, _) in kept {
            var bytes: [UInt8] = []
            UTF8Bytes.encode(scalar) { bytes.append($0) }
            add(bytes)
        }
    }

    mutating func addWords(_ words: [(word: [UInt8], count: Int)]) {
        let prefix = Array((trainer.continuingPrefix ?? "").utf8)
        let suffix = Array((trainer.endOfWordSuffix ?? "").utf8)
        self.words.reserveCapacity(words.count)
        for (word, count) in words {
            var symbols: [Symbol] = []
            UTF8Bytes.forEachScalar(word) { _, range in
                let scalar = Array(word[range])
                // Letters that the alphabet lacks are left out.
                guard let plain = ids[scalar] else { return }
                let isFirst = range.lowerBound == 0
                let isLast = range.upperBound == word.count
                if (isFirst || prefix.isEmpty) && (!isLast || suffix.isEmpty) {
                    symbols.append(Symbol(id: plain, length: 1))
                } else {
                    let token = (isFirst ? [] : prefix) + scalar + (isLast ? suffix : [])
                    symbols.append(Symbol(id: add(token), length: 1))
                }
            }
            self.words.append(symbols)
            counts.append(count)
        }
    }

    mutating func merge() {
        let prefix = Array((trainer.continuingPrefix ?? "").utf8)
        let limit = trainer.maxTokenLength ?? Int.max
        var pairCounts: [Pair: Int] = [:]
        var places: [Pair: [Int]] = [:]
        for (index, word) in words.enumerated() {
            for (one, other) in zip(word, word.dropFirst()) {
                let pair = Pair(left: one.id, right: other.id)
                pairCounts[pair, default: 0] &+= counts[index]
                Self.insert(index, into: &places[pair, default: []])
            }
        }
        var queue = MergeQueue()
        func enqueue() {
            for (pair, words) in places {
                let count = pairCounts[pair] ?? 0
                if count > 0 { queue.push(.init(count: UInt64(count), pair: pair, words: words)) }
            }
            places.removeAll(keepingCapacity: true)
        }
        enqueue()
        while ids.count < trainer.vocabularySize, var top = queue.pop() {
            // A negative count is a very large one; so it is in the Rust library.
            let count = UInt64(bitPattern: Int64(pairCounts[top.pair] ?? 0))
            if top.count != count {
                top.count = count
                queue.push(top)
                continue
            }
            if count < 1 || trainer.minFrequency > 0 && UInt64(trainer.minFrequency) > count { break }
            var right = tokens[Int(top.pair.right)][...]
            if !prefix.isEmpty, right.starts(with: prefix) { right = right.dropFirst(prefix.count) }
            let id = add(tokens[Int(top.pair.left)] + right)
            merges.append(top.pair)
            for index in top.words {
                Self.merge(&words[index], top.pair, id, limit) { pair, change in
                    pairCounts[pair, default: 0] &+= change * counts[index]
                    if change > 0 { Self.insert(index, into: &places[pair, default: []]) }
                }
            }
            enqueue()
        }
    }

    /// Words come in ascending order, so that a repeated one is the last.
    private static func insert(_ index: Int, into words: inout [Int]) {
        if words.last != index { words.append(index) }
    }

    /// Merges a pair in a word, and tells which pairs are gone (-1) and which are new (1).
    private static func merge(
        _ word: inout [Symbol], _ pair: Pair, _ id: Int32, _ limit: Int, _ change: (Pair, Int) -> Void
    ) {
        var kept = 0
        var index = 0
        while index < word.count {
            guard word[index].id == pair.left, index + 1 < word.count, word[index + 1].id == pair.right else {
                word[kept] = word[index]
                kept += 1
                index += 1
                continue
            }
            let merged = Symbol(id: id, length: word[index].length + word[index + 1].length)
            if kept > 0 {
                let before = word[kept - 1]
                change(Pair(left: before.id, right: pair.left), -1)
                if before.length + merged.length < limit { change(Pair(left: before.id, right: id), 1) }
            }
            if index + 2 < word.count {
                let after = word[index + 2]
                change(Pair(left: pair.right, right: after.id), -1)
                if after.length + merged.length < limit { change(Pair(left: id, right: after.id), 1) }
            }
            word[kept] = merged
            kept += 1
            index += 2
        }
        word.removeSubrange(kept...)
    }

    var result: BPETrainer.Result {
        // A pair that was merged again has its last place.
        var last: [Pair: Int] = [:]
        for (rank, pair) in merges.enumerated() { last[pair] = rank }
        let strings = tokens.map { String(decoding: $0, as: UTF8.self) }
        let pairs = merges.enumerated().filter { last[$1] == $0 }.map(\.element)
        return BPETrainer.Result(
            tokens: strings, merges: pairs.map { (strings[Int($0.left)], strings[Int($0.right)]) })
    }

    /// A heap with the most frequent pair on top; of equally frequent ones the pair with the lower ids.
    private struct MergeQueue {
        struct Entry {
            var count: UInt64
            var pair: Pair
            var words: [Int]

            func comes(before other: Entry) -> Bool {
                if count != other.count { return count > other.count }
                if pair != other.pair { return pair < other.pair }
                return words.lexicographicallyPrecedes(other.words)
            }
        }

        private var entries: [Entry] = []

        mutating func push(_ entry: Entry) {
            entries.append(entry)
            var child = entries.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                guard entries[child].comes(before: entries[parent]) else { return }
                entries.swapAt(child, parent)
                child = parent
            }
        }

        mutating func pop() -> Entry? {
            guard let last = entries.popLast() else { return nil }
            guard let top = entries.first else { return last }
            entries[0] = last
            var parent = 0
            while true {
                var best = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < entries.count && entries[child].comes(before: entries[best]) {
                    best = child
                }
                if best == parent { return top }
                entries.swapAt(best, parent)
                parent = best
            }
        }
    }
}

extension UTF8Bytes {
    /// Calls `body` with each scalar of valid UTF-8 and its bytes.
    static func forEachScalar(_ bytes: [UInt8], _ body: (UInt32, Range<Int>) -> Void) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var position = 0
            while position < buffer.count {
                let (scalar, count) = scalar(base, at: position)
                body(scalar, position..<position + count)
                position += count
            }
        }
    }
}
