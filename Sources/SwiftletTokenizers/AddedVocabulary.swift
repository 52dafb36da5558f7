#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The tokens that were added to a model's vocabulary.
struct AddedVocabulary: Sendable {
    private(set) var tokens: [Int32: AddedToken] = [:]
    private var ids: [[UInt8]: Int32] = [:]
    private var specials: Set<[UInt8]> = []
    /// The bytes to look for, where normalization changes them.
    private var normalizedForms: [Int32: [UInt8]] = [:]
    private(set) var plain = Matcher()
    private(set) var normalized = Matcher()

    var sorted: [(id: Int32, token: AddedToken)] { tokens.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    /// How many tokens the model's vocabulary lacks.
    func countBeyond(_ vocabulary: Vocabulary) -> Int {
        ids.keys.count { vocabulary.id(of: String(decoding: $0, as: UTF8.self)) == nil }
    }

    func id(of token: String) -> Int32? { ids[Array(token.utf8)] }
    func isSpecial(_ token: String) -> Bool { specials.contains(Array(token.utf8)) }

    /// What an id is in `decode`.
    func decodedToken(of id: Int32) -> String? {
        if let form = normalizedForms[id], tokens[id] != nil { return String(decoding: form, as: UTF8.self) }
        return tokens[id]?.content
    }

    /// Adds tokens as the Rust library does: a token of the model's vocabulary keeps its id, others get the next ones.
    ///
    /// - Throws: `TokenizerError` if the normalizer makes more of them than it may make of a text.
    mutating func add(
        _ new: [AddedToken], model: Vocabulary, normalizer: Normalizer?
    ) throws(TokenizerError) {
        var limits = TextLimits(
            new.reduce(0) { $0 + ($1.isNormalized ? $1.content.utf8.count : 0) }, of: "added tokens")
        let size = Int32(model.count)
        var next = size
        if let largest = tokens.keys.max(), largest >= size || size == 0 { next = largest &+ 1 }
        for token in new where !token.content.isEmpty {
            let bytes = Array(token.content.utf8)
            let id: Int32
            if let known = ids[bytes] ?? model.id(of: token.content) {
                id = known
            } else {
                id = next
                next = next &+ 1
            }
            if token.isNormalized, let normalizer {
                let form = try normalizer.form(bytes, &limits)
                limits.finish(form.count)
                if form != bytes { normalizedForms[id] = form }
            }
            ids[bytes] = id
            if token.isSpecial { specials.insert(bytes) }
            tokens[id] = token
        }
        plain = Matcher(tokens.filter { !$1.isNormalized }.map { ($0, Array($1.content.utf8), $1) })
        normalized = Matcher(
            tokens.filter { $1.isNormalized }.map { ($0, normalizedForms[$0] ?? Array($1.content.utf8), $1) })
    }

    /// A part of a text: an added token, or what lies between.
    struct Part {
        var id: Int32?
        var range: Range<Int>
    }

    /// Finds tokens from left to right, the longest first.
    struct Matcher: Sendable {
        private struct Pattern: Sendable {
            var id: Int32
            var bytes: [UInt8]
            var token: AddedToken
        }

        private var patterns: [[Pattern]] = []
        private(set) var isEmpty = true
        /// The only byte that tokens begin with, where there is one.
        private var onlyFirst: UInt8?

        init() {}

        init(_ tokens: [(id: Int32, bytes: [UInt8], token: AddedToken)]) {
            guard !tokens.isEmpty else { return }
            isEmpty = false
            patterns = Array(repeating: [], count: 256)
            for (id, bytes, token) in tokens {
                guard let first = bytes.first else { continue }
                patterns[Int(first)].append(Pattern(id: id, bytes: bytes, token: token))
            }
            let firsts = patterns.indices.filter { !patterns[$0].isEmpty }
            if firsts.count == 1 { onlyFirst = UInt8(firsts[0]) }
            for first in firsts {
                patterns[first].sort { ($1.bytes.count, $0.id) < ($0.bytes.count, $1.id) }
            }
        }

        /// Whether a byte that a token begins with is among `count` bytes.
        func mayFind(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
            if isEmpty { return false }
            guard let onlyFirst else { return true }
            return memchr(bytes, Int32(onlyFirst), count) != nil
        }

        /// The next token at or after `position`.
        ///
        /// - Parameter steps: what comparing may cost; none is found once they are used up.
        private func next(
            _ bytes: UnsafePointer<UInt8>, _ position: Int, _ end: Int, _ steps: inout Int
        ) -> (Pattern, Range<Int>)? {
            var position = position
            while position < end, steps >= 0 {
                if let onlyFirst {
                    while position < end, bytes[position] != onlyFirst { position += 1 }
                    if position == end { return nil }
                }
                for pattern in patterns[Int(bytes[position])] where pattern.bytes.count <= end - position {
                    steps -= pattern.bytes.count / 16
                    if memcmp(bytes + position, pattern.bytes, pattern.bytes.count) == 0 {
                        return (pattern, position..<position + pattern.bytes.count)
                    }
                }
                position += 1
            }
            return nil
        }

        /// Splits a text that a normalizer has made. With it, tokens may have become as long as the text.
        func split(normalized bytes: [UInt8], _ limits: inout TextLimits) throws(TokenizerError) -> [Part] {
            var steps = limits.steps
            let parts = bytes.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.map { split($0, 0..<buffer.count, &steps) } ?? []
            }
            try limits.spend(limits.steps - steps, .normalizer)
            return parts
        }

        /// Splits the bytes of `range`; context beyond it does not count.
        func split(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> [Part] {
            var steps = Int.max
            return split(bytes, range, &steps)
        }

        private func split(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ steps: inout Int) -> [Part] {
            guard !isEmpty, !range.isEmpty else { return range.isEmpty ? [] : [Part(range: range)] }
            typealias Entry = UnicodeTable.Entry
            let table = UnicodeTable.shared
            var parts: [Part] = []
            var done = range.lowerBound
            var position = range.lowerBound
            while let (pattern, match) = next(bytes, position, range.upperBound, &steps) {
                position = match.upperBound
                var (start, stop) = (match.lowerBound, match.upperBound)
                if pattern.token.isSingleWord {
                    if start > range.lowerBound, table[UTF8Bytes.scalar(bytes, before: start).value].has(Entry.word) {
                        continue
                    }
                    if stop < range.upperBound, table[UTF8Bytes.scalar(bytes, at: stop).value].has(Entry.word) {
                        continue
                    }
                }
                if pattern.token.stripsLeft {
                    while start > range.lowerBound {
                        let (scalar, count) = UTF8Bytes.scalar(bytes, before: start)
                        guard table[scalar].has(Entry.whitespace) else { break }
                        start -= count
                    }
                    start = max(start, done)
                }
                if pattern.token.stripsRight {
                    while stop < range.upperBound {
                        let (scalar, count) = UTF8Bytes.scalar(bytes, at: stop)
                        guard table[scalar].has(Entry.whitespace) else { break }
                        stop += count
                    }
                }
                if done < start { parts.append(Part(range: done..<start)) }
                parts.append(Part(id: pattern.id, range: min(start, stop)..<stop))
                done = stop
            }
            if done < range.upperBound { parts.append(Part(range: done..<range.upperBound)) }
            return parts
        }
    }
}
