#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

enum ProcessorCount {
    static let value = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}

/// Puts the tokens of one or two texts and the special tokens together.
struct Assembler: Sendable {
    let pieces: [PostProcessor.Piece]
    let truncation: Tokenizer.Truncation
    /// For the tokens of the texts; `nil` if nothing is cut.
    let room: Int?
    let cutsLeft: Bool
    let stride: Int
    let returnsOverflow: Bool
    /// Whether the overflowing parts of a text have type 0 like its first part. Otherwise they have the number of the
    /// text, whatever the first part has; so does the Rust library.
    let overflowHasTypeZero: Bool

    init(_ tokenizer: Tokenizer, isPair: Bool, addSpecialTokens: Bool, _ limits: Limits) throws(TokenizerError) {
        let processor = tokenizer.pipeline.postProcessor
        pieces = processor.pieces(isPair: isPair).filter { piece in
            if case .special = piece { addSpecialTokens } else { true }
        }
        truncation = limits.truncation
        cutsLeft = limits.truncationSide == .left
        stride = limits.stride
        returnsOverflow = limits.returnsOverflow
        if case .roberta = processor.kind {
            overflowHasTypeZero = addSpecialTokens
        } else {
            overflowHasTypeZero = false
        }
        if limits.truncation != .none, let length = limits.maxLength {
            let added = addSpecialTokens ? processor.addedCount(isPair: isPair) : 0
            guard length >= added else {
                throw TokenizerError(
                    "maxLength \(length) leaves no room for the \(added) special tokens",
                    remedy: "Give a maxLength of \(added) or more.",
                    commandLine: "Give --max-length \(added) or more.")
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
            remedy: "Use .longestFirst, or a larger maxLength.", commandLine: "Give a larger --max-length.")
    }
}
