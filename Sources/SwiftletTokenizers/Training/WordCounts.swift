import SwiftletIO

/// How often each word occurs in the texts that a model is trained on.
struct WordCounts {
    private var counts: [[UInt8]: Int] = [:]

    /// Words with their counts, in the order of their bytes, so that what comes of them does not hang on a hash seed.
    var sorted: [(word: [UInt8], count: Int)] {
        counts.map { (word: $0.key, count: $0.value) }.sorted { $0.word.lexicographicallyPrecedes($1.word) }
    }

    mutating func add(_ word: [UInt8]) { counts[word, default: 0] += 1 }

    /// Adds the words that a pipeline splits a text into, added tokens among them.
    mutating func add(_ text: String, _ pipeline: Pipeline) throws {
        var text = text
        try text.withUTF8 { bytes in
            for word in try pipeline.words(bytes) { add(word) }
        }
    }

    /// Adds the words of a file, line by line; as in the Rust library, lines keep their ends.
    mutating func add(file path: String, _ pipeline: Pipeline) throws {
        let file = try MappedFile(path)
        defer { withExtendedLifetime(file) {} }
        var start = 0
        var number = 1
        while start < file.bytes.count {
            var end = start
            while end < file.bytes.count, file.bytes[end] != 0x0A { end += 1 }
            end = min(end + 1, file.bytes.count)
            let line = UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
            guard let text = String(validating: line, as: UTF8.self) else {
                throw TokenizerError.invalid(
                    path, "line \(number)", "is not UTF-8", remedy: "Convert the file to UTF-8.")
            }
            try add(text, pipeline)
            start = end
            number += 1
        }
    }
}

extension Pipeline {
    /// The normalized words of a text before the model sees them.
    func words(_ text: UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> [[UInt8]] {
        guard let base = text.baseAddress, !text.isEmpty else { return [] }
        var words: [[UInt8]] = []
        var limits = TextLimits(text.count)
        for part in added.plain.split(base, 0..<text.count) {
            if part.id != nil {
                words.append(Array(text[part.range]))
                continue
            }
            var aligned = AlignedText(base, part.range)
            try normalizer?.normalize(&aligned, &limits)
            let bytes = aligned.bytes
            for part in try added.normalized.split(normalized: bytes, &limits) where !part.range.isEmpty {
                if part.id != nil {
                    words.append(Array(bytes[part.range]))
                    continue
                }
                var split = Words(aligned, part.range, origin: aligned.original(part.range))
                try preTokenizer?.split(&split, &limits)
                for item in split.words { words.append(Array(split.text.bytes[item.range])) }
            }
            limits.finish(bytes.count)
        }
        return words
    }
}

extension Pipeline {
    /// The words of texts. Added tokens are not looked for: the model is to learn what they are made of.
    func counts(of texts: some Sequence<String>) throws -> WordCounts {
        var counts = WordCounts()
        let pipeline = withoutAddedTokens
        for text in texts { try counts.add(text, pipeline) }
        return counts
    }

    func counts(files: [String]) throws -> WordCounts {
        var counts = WordCounts()
        let pipeline = withoutAddedTokens
        for file in files { try counts.add(file: file, pipeline) }
        return counts
    }

    private var withoutAddedTokens: Pipeline {
        var pipeline = self
        pipeline.added = AddedVocabulary()
        return pipeline
    }
}
