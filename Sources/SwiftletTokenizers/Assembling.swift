#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

enum ProcessorCount {
    static let value = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}

/// What padding, truncation and lengths of a call come down to.
struct Limits: Sendable {
    var padding: Tokenizer.Padding
    var truncation: Tokenizer.Truncation
    /// `nil` only if neither truncation nor `Padding.maxLength` is in effect.
    var maxLength: Int?
    var multiple: Int?

    init(
        _ tokenizer: Tokenizer, padding: Tokenizer.Padding, truncation: Tokenizer.Truncation, maxLength: Int?,
        padToMultipleOf: Int?
    ) throws(TokenizerError) {
        if let maxLength, maxLength < 0 { throw TokenizerError("maxLength is \(maxLength); it can't be negative") }
        if let padToMultipleOf, padToMultipleOf < 1 {
            throw TokenizerError("padToMultipleOf is \(padToMultipleOf); it must be at least 1")
        }
        (self.padding, self.truncation, self.maxLength) = (padding, truncation, maxLength)
        multiple = padToMultipleOf
        if maxLength != nil, padding == .none, truncation == .none { self.truncation = .longestFirst }
        if maxLength == nil {
            let limit = tokenizer.modelMaxLength == Int.max ? nil : tokenizer.modelMaxLength
            if padding == .maxLength {
                if limit == nil { self.padding = .none } else { self.maxLength = limit }
            }
            if self.truncation != .none {
                if limit == nil { self.truncation = .none } else { self.maxLength = limit }
            }
        }
        if self.padding != .none, tokenizer.padTokenID == nil {
            throw TokenizerError(
                "padding is asked for, but the tokenizer has no padding token",
                remedy: "Set pad_token in tokenizer_config.json.")
        }
        if self.truncation != .none, self.padding != .none, let multiple, let length = self.maxLength,
            length % multiple != 0
        {
            throw TokenizerError(
                "truncation to \(length) tokens does not go with padding to a multiple of \(multiple)",
                remedy: "Choose a maxLength that is a multiple of padToMultipleOf.")
        }
    }

    /// How long rows become whose longest is `longest`; `nil` for no padding.
    func paddedLength(longest: Int) -> Int? {
        let length: Int
        switch padding {
        case .none: return nil
        case .longest: length = longest
        case .maxLength: length = maxLength ?? longest
        }
        guard let multiple, length % multiple != 0 else { return length }
        return length + multiple - length % multiple
    }
}

/// Puts the tokens of one or two texts and the special tokens together.
struct Assembler: Sendable {
    let pieces: [PostProcessor.Piece]
    let truncation: Tokenizer.Truncation
    /// For the tokens of the texts; `nil` if nothing is cut.
    let room: Int?
    let cutsLeft: Bool

    init(_ tokenizer: Tokenizer, isPair: Bool, addSpecialTokens: Bool, _ limits: Limits) throws(TokenizerError) {
        let processor = tokenizer.pipeline.postProcessor
        pieces = processor.pieces(isPair: isPair).filter { piece in
            if case .special = piece { addSpecialTokens } else { true }
        }
        truncation = limits.truncation
        cutsLeft = tokenizer.truncationSide == .left
        if limits.truncation != .none, let length = limits.maxLength {
            let added = addSpecialTokens ? processor.addedCount(isPair: isPair) : 0
            guard length >= added else {
                throw TokenizerError(
                    "maxLength \(length) leaves no room for the \(added) special tokens",
                    remedy: "Give a maxLength of \(added) or more.")
            }
            room = length - added
        } else {
            room = nil
        }
    }

    /// How many tokens of each text are kept.
    func kept(_ first: Int, _ second: Int?) throws(TokenizerError) -> (Int, Int) {
        let total = first + (second ?? 0)
        guard let room, total > room else { return (first, second ?? 0) }
        if room == 0 { return (0, 0) }
        switch truncation {
        case .none: return (first, second ?? 0)
        case .longestFirst:
            guard let second else { return (room, 0) }
            var (shorter, longer) = (min(first, second), 0)
            longer = shorter > room ? shorter : max(shorter, room - shorter)
            if shorter + longer > room {
                shorter = room / 2
                longer = shorter + room % 2
            }
            return first > second
                ? (min(first, longer), min(second, shorter)) : (min(first, shorter), min(second, longer))
        case .onlyFirst:
            guard first > total - room else { throw tooShort("first", first, total - room) }
            return (first - (total - room), second ?? 0)
        case .onlySecond:
            guard let second else {
                throw TokenizerError(
                    "truncation of the second text is asked for, and there is none",
                    remedy: "Use .longestFirst or .onlyFirst for single texts.")
            }
            guard second > total - room else { throw tooShort("second", second, total - room) }
            return (first, second - (total - room))
        }
    }

    private func tooShort(_ which: String, _ count: Int, _ excess: Int) -> TokenizerError {
        TokenizerError(
            "\(excess) tokens have to go, and the \(which) text, which alone may be cut, has \(count)",
            remedy: "Use .longestFirst, or a larger maxLength.")
    }

    /// The tokens that stay of `count` when `kept` are to.
    func range(_ count: Int, _ kept: Int) -> Range<Int> { cutsLeft ? count - kept..<count : 0..<kept }
}

/// Encodes rows one after another with buffers of its own; used by one thread.
struct RowEncoder {
    let tokenizer: Tokenizer
    let assembler: Assembler

    func encode(_ texts: [String], _ pairs: [String]?, _ rows: Range<Int>) throws -> FlatEncoding {
        let scratch = tokenizer.fast?.makeScratch()
        var (first, second) = (IDBuffer(), IDBuffer())
        var result = FlatEncoding()
        defer {
            first.deallocate()
            second.deallocate()
        }
        result.rowOffsets.reserveCapacity(rows.count + 1)
        for row in rows {
            first.count = 0
            second.count = 0
            try append(texts[row], &first, scratch)
            if let pairs { try append(pairs[row], &second, scratch) }
            let kept = try assembler.kept(first.count, pairs == nil ? nil : second.count)
            for piece in assembler.pieces {
                switch piece {
                case .special(let ids, _, let type):
                    for id in ids {
                        result.ids.append(id)
                        result.typeIDs.append(type)
                    }
                case .sequence(let index, let type):
                    let buffer = index == 0 ? first : second
                    let range = assembler.range(buffer.count, index == 0 ? kept.0 : kept.1)
                    result.ids.append(contentsOf: UnsafeBufferPointer(start: buffer.base + range.lowerBound, count: range.count))
                    result.typeIDs.append(contentsOf: repeatElement(type, count: range.count))
                }
            }
            result.rowOffsets.append(result.ids.count)
        }
        return result
    }

    private func append(_ text: String, _ ids: inout IDBuffer, _ scratch: FastEncoder.Scratch?) throws {
        var text = text
        if let fast = tokenizer.fast, let scratch {
            let isDone = try text.withUTF8 { bytes in try fast.encode(bytes, into: &ids, scratch) }
            if isDone { return }
        }
        let tokens = try text.withUTF8 { bytes in try tokenizer.pipeline.tokens(bytes) }
        for token in tokens { ids.append(token.id) }
    }
}
