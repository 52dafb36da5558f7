import SwiftletIO

/// Writes spaces as a visible scalar, and splits before each.
struct MetaspacePreTokenizer: Sendable {
    /// Where a text that begins with no space gets one.
    enum Prepending: String, Sendable {
        case always
        /// Only at the beginning of the original text.
        case first
        case never
    }

    var replacement: UInt32
    var prepending: Prepending
    var splits: Bool

    func split(_ words: inout Words, _ limits: TextLimits) throws(TokenizerError) {
        var mark: [UInt8] = []
        UTF8Bytes.encode(replacement) { mark.append($0) }
        try words.rewrite(limits) { word, text, result in
            let bytes = text.bytes[word.range]
            let begins = bytes.first == 0x20 || bytes.starts(with: mark)
            if !begins, prepending == .always || (prepending == .first && word.origin.lowerBound == 0) {
                result.append(mark, text.alignments[word.range.lowerBound])
            }
            for index in word.range {
                if text.bytes[index] == 0x20 {
                    result.append(mark, text.alignments[index])
                } else {
                    result.append(text.bytes[index], text.alignments[index])
                }
            }
        }
        if splits { words.split(at: { $0 == replacement }, .mergedWithNext) }
    }

    init(replacement: UInt32 = 0x2581, prepending: Prepending = .always, splits: Bool = true) {
        self.replacement = replacement
        self.prepending = prepending
        self.splits = splits
    }

    init(_ section: JSONSection) throws {
        replacement = try section.scalar("replacement")
        prepending = .always
        if let scheme = try section.optional("prepend_scheme") {
            guard let value = Prepending(rawValue: scheme.value.string ?? "") else {
                throw scheme.invalid("", "is neither 'always' nor 'first' nor 'never'")
            }
            prepending = value
        }
        // Files of old versions of the library have this in the place of the scheme.
        if try section.optionalBool("add_prefix_space") == false {
            guard try section.optional("prepend_scheme") == nil || prepending == .never else {
                throw section.invalid("add_prefix_space", "does not agree with prepend_scheme")
            }
            prepending = .never
        }
        splits = try section.optionalBool("split") ?? true
    }

    /// As pre-tokenizer and decoder of this name are written.
    var json: JSONValue {
        [
            "type": "Metaspace", "replacement": .string(String(Unicode.Scalar(replacement).map(Character.init) ?? "▁")),
            "prepend_scheme": .string(prepending.rawValue), "split": .bool(splits),
        ]
    }
}
