import SwiftletIO

/// Byte pair encoding: a word's scalars, then pairs of neighbours merged in the order of a list.
struct BPE: Sendable {
    struct Options: Sendable {
        /// What stands for scalars that are no token; without one they are left out.
        var unknownToken: String?
        /// What the vocabulary puts before tokens that continue a word.
        var continuingPrefix: String?
        /// What the vocabulary puts after the last token of a word.
        var endSuffix: String?
        /// One unknown token for neighbours that are unknown.
        var fusesUnknown = false
        /// Tokens such as `<0x0A>` for the bytes of scalars that are no token.
        var byteFallback = false
        /// A word that is a token stays whole, whatever the merges say.
        var ignoresMerges = false
    }

    /// In bytes. Known ones, such as `</w>`, have 4.
    private static let longestAffix = 64

    let vocabulary: Vocabulary
    let options: Options
    let merges: PairTable
    /// See `BPEMerging.merge`.
    let isRegular: Bool
    /// -1 if there is none.
    private let unknownID: Int32
    /// The tokens of the 256 bytes, -1 where there is none.
    private let byteIDs: [Int32]
    private let prefix: [UInt8]
    private let suffix: [UInt8]

    /// - Throws: `TokenizerError` that names the merge whose parts or result are no token.
    init(vocabulary: Vocabulary, merges: MergeList, options: Options = Options()) throws(TokenizerError) {
        self.vocabulary = vocabulary
        self.options = options
        prefix = Array((options.continuingPrefix ?? "").utf8)
        suffix = Array((options.endSuffix ?? "").utf8)
        unknownID = options.unknownToken.flatMap { vocabulary.id(of: $0) } ?? -1
        let digits = Array("0123456789ABCDEF".utf8)
        byteIDs = (0..<256).map { byte in
            let name = [0x3C, 0x30, 0x78, digits[byte >> 4], digits[byte & 15], 0x3E]
            return vocabulary.table.find(String(decoding: name, as: UTF8.self))
        }
        self.merges = PairTable(try Self.resolve(merges, vocabulary.table, prefix.count))
        isRegular =
            prefix.isEmpty && vocabulary.id(of: "") == nil
            && zip(vocabulary.ids, vocabulary.ids.dropFirst()).allSatisfy { $0 != $1 }
    }

    private static func resolve(
        _ merges: MergeList, _ table: ByteTable, _ prefix: Int
    ) throws(TokenizerError) -> [(left: Int32, right: Int32, result: Int32)] {
        var resolved: [(left: Int32, right: Int32, result: Int32)] = []
        resolved.reserveCapacity(merges.count)
        var joined: [UInt8] = []
        var failure: (index: Int, token: String)?
        merges.bytes.withUnsafeBufferPointer { bytes in
            func find(_ part: UnsafeBufferPointer<UInt8>) -> Int32 {
                guard let base = part.baseAddress else { return table.find("") }
                return table.find(base, part.count, hash: ByteTable.hash(part))
            }
            for index in 0..<merges.count {
                let (left, right) = merges.parts(index)
                let leftID = find(UnsafeBufferPointer(rebasing: bytes[left]))
                let rightID = find(UnsafeBufferPointer(rebasing: bytes[right]))
                let result: Int32
                if prefix == 0 {
                    result = find(UnsafeBufferPointer(rebasing: bytes[left.lowerBound..<right.upperBound]))
                } else {
                    joined.removeAll(keepingCapacity: true)
                    joined += bytes[left]
                    joined += bytes[right].dropFirst(prefix)
                    result = right.count < prefix ? -1 : joined.withUnsafeBufferPointer(find)
                }
                if leftID < 0 || rightID < 0 || result < 0 {
                    let whole = Array(bytes[left]) + bytes[right].dropFirst(prefix)
                    let missing = leftID < 0 ? Array(bytes[left]) : rightID < 0 ? Array(bytes[right]) : whole
                    failure = (index, String(decoding: missing, as: UTF8.self))
                    return
                }
                resolved.append((leftID, rightID, result))
            }
        }
        if let failure {
            throw TokenizerError(
                "merge \(failure.index + 1), '\(merges.text(failure.index))', needs '\(failure.token)', which is not in "
                    + "the vocabulary",
                remedy: "Vocabulary and merges do not belong together; get both files from the same place.",
                kind: .malformed)
        }
        return resolved
    }

    func tokenize(_ word: UnsafeBufferPointer<UInt8>, into pieces: inout PieceBuffer) throws(TokenizerError) {
        guard let base = word.baseAddress, !word.isEmpty else { return }
        if options.ignoresMerges {
            let whole = vocabulary.table.find(base, word.count, hash: ByteTable.hash(word))
            if whole >= 0 { return pieces.append(whole, end: word.count) }
        }
        let merging = pieces.merging
        try split(base, word.count, merging)
        merging.merge(merges, isRegular: isRegular)
        // Lengths are summed up, as in the reference: scalars that were left out shift what follows.
        var end = 0
        for index in 0..<merging.count {
            end = min(end + Int(merging.lengths[index]), word.count)
            pieces.append(merging.ids[index], end: end)
        }
    }

    /// Makes the scalars of a word the first symbols.
    private func split(_ word: UnsafePointer<UInt8>, _ count: Int, _ merging: BPEMerging) throws(TokenizerError) {
        let affixes = prefix.count + suffix.count
        // With a fallback each scalar may become as many tokens as it has bytes with what is put around it.
        let most = options.byteFallback && affixes > 0 ? 1 << 22 : Int(Int32.max) / 4
        guard count < most / (1 + affixes) else {
            throw TokenizerError("a word has \(count) bytes, which is too long", remedy: "Split the text.")
        }
        merging.begin(options.byteFallback ? count * (1 + affixes) : count)
        var unknown = 0
        var position = 0
        var buffer: [UInt8] = []
        while position < count {
            let length = UTF8Bytes.scalar(word, at: position).count
            let scalar = UnsafeBufferPointer(start: word + position, count: length)
            let isFirst = position == 0
            position += length
            let id: Int32
            let isPlain = (isFirst || prefix.isEmpty) && (position < count || suffix.isEmpty)
            if isPlain {
                id = vocabulary.table.find(word + position - length, length, hash: ByteTable.hash(scalar))
            } else {
                buffer.removeAll(keepingCapacity: true)
                if !isFirst { buffer += prefix }
                buffer += scalar
                if position == count { buffer += suffix }
                id = buffer.withUnsafeBufferPointer { bytes in
                    bytes.baseAddress.map { vocabulary.table.find($0, bytes.count, hash: ByteTable.hash(bytes)) } ?? -1
                }
            }
            if id >= 0 {
                if unknown > 0 { merging.append(unknownID, length: unknown) }
                unknown = 0
                merging.append(id, length: length)
                continue
            }
            if options.byteFallback {
                // The reference takes the bytes of prefix and suffix along, each as one byte of the word, and does not
                // write down a pending unknown token before.
                if isPlain, scalar.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                    for byte in scalar { merging.append(byteIDs[Int(byte)], length: 1) }
                    continue
                }
                if !isPlain, buffer.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                    for byte in buffer { merging.append(byteIDs[Int(byte)], length: 1) }
                    continue
                }
            }
            guard let token = options.unknownToken else { continue }
            guard unknownID >= 0 else {
                throw TokenizerError(
                    "a word is not in the vocabulary, and neither is the unknown token '\(token)'",
                    remedy: "Add '\(token)' to the vocabulary of the tokenizer.", kind: .unknownToken)
            }
            if unknown > 0, !options.fusesUnknown {
                merging.append(unknownID, length: unknown)
                unknown = 0
            }
            unknown += length
        }
        if unknown > 0 { merging.append(unknownID, length: unknown) }
    }

    init(_ section: JSONSection, _ data: ModelData) throws {
        guard let pairs = data.vocabulary else { throw section.invalid("vocab", "is not an object of tokens and ids") }
        guard let merges = data.merges else { throw section.invalid("merges", "is not a list of merges") }
        if let dropout = try section.optional("dropout") {
            guard let probability = dropout.value.double else {
                throw section.invalid("dropout", "is \(dropout.value.kind), not a number")
            }
            guard probability == 0 else {
                throw TokenizerError.invalid(
                    section.path, dropout.key, "is \(probability): tokens drawn at random are not implemented",
                    remedy: "Set it to null.", kind: .unsupported)
            }
        }
        func optionalString(_ name: String) throws -> String? {
            try section.optional(name) == nil ? nil : try section.string(name)
        }
        func affix(_ name: String) throws -> String? {
            let text = try optionalString(name)
            if let count = text?.utf8.count, count > Self.longestAffix {
                throw section.invalid(
                    name, "has \(count) bytes; it is put around each character, and has \(Self.longestAffix) at most",
                    remedy: "Write vocabulary and merges with a shorter one, or use another checkpoint.",
                    kind: .unsupported)
            }
            return text
        }
        let options = Options(
            unknownToken: try optionalString("unk_token"),
            continuingPrefix: try affix("continuing_subword_prefix"), endSuffix: try affix("end_of_word_suffix"),
            fusesUnknown: try section.optionalBool("fuse_unk") ?? false,
            byteFallback: try section.optionalBool("byte_fallback") ?? false,
            ignoresMerges: try section.optionalBool("ignore_merges") ?? false)
        do throws(TokenizerError) {
            try self.init(vocabulary: Vocabulary(pairs), merges: merges, options: options)
        } catch {
            throw TokenizerError.invalid(section.path, "model.merges", error.message, remedy: error.remedy)
        }
    }

    /// Without vocabulary and merges.
    var json: JSONValue {
        func text(_ string: String?) -> JSONValue { string.map { .string($0) } ?? .null }
        return [
            "type": "BPE", "dropout": nil, "unk_token": text(options.unknownToken),
            "continuing_subword_prefix": text(options.continuingPrefix), "end_of_word_suffix": text(options.endSuffix),
            "fuse_unk": .bool(options.fusesUnknown), "byte_fallback": .bool(options.byteFallback),
            "ignore_merges": .bool(options.ignoresMerges), "vocab": [:],
        ]
    }
}
