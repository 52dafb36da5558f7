import SwiftletIO

/// What the parts of a tokenizer may make of one text, and what that may cost.
///
/// A file of some kilobytes can say that a text is to be multiplied again and again, or be looked at by patterns that
/// take ages. Both are counted for the text as a whole, so that it does not matter how many parts share in it.
struct TextLimits {
    /// The part of a tokenizer that is at work, by its name in `tokenizer.json`.
    enum Part: String {
        case normalizer
        case preTokenizer = "pre_tokenizer"
    }

    /// A text may become so many times as long. Compatible decomposition makes one scalar 11 times as long, and so do the
    /// compiled rules of SentencePiece; ByteLevel then makes most bytes two. Marks that replace single characters, such as
    /// `<|tab|>`, may be as long as this.
    static let growth = 32
    /// So many bytes may be added to any text, such as a prefix.
    static let spareBytes = 1024
    /// Known tokenizers take less than a tenth of this.
    static let stepsPerByte = 1280
    /// What short texts may cost at any rate: about a millisecond, since there may be very many of them.
    static let spareSteps = 1 << 18

    private let count: Int
    private let name: String
    /// The bytes that a text of this length may come to; the tokens, too.
    let most: Int
    private let mostSteps: Int
    /// The bytes of its parts that are done.
    private var done = 0
    /// The steps that may yet be taken.
    private(set) var steps: Int

    /// - Parameters:
    ///   - count: of bytes.
    ///   - name: of what is limited, such as "a text".
    init(_ count: Int, of name: String = "a text") {
        self.count = count
        self.name = name
        most = count * Self.growth + Self.spareBytes
        mostSteps = count * Self.stepsPerByte + Self.spareSteps
        steps = mostSteps
    }

    /// The bytes that the part of the text which is at hand may come to.
    var bytes: Int { most - done }

    /// Says that a part of the text is done, which came to `bytes`.
    mutating func finish(_ bytes: Int) { done += bytes }

    /// - Parameter bytes: of the part of the text at hand, before they are written if they may be many.
    func check(_ bytes: Int, _ part: Part) throws(TokenizerError) {
        guard bytes <= self.bytes else {
            throw error(
                "makes \(name) of \(count) bytes longer than \(most) bytes", part,
                "Let it replace less or by shorter texts, or use another checkpoint.")
        }
    }

    /// - Parameter tokens: how many of them the text has.
    func check(tokens: Int) throws(TokenizerError) {
        guard tokens <= most else {
            throw TokenizerError(
                "the model of tokenizer.json makes \(name) of \(count) bytes more than \(most) tokens",
                remedy: "Leave out byte_fallback, or continuing_subword_prefix and end_of_word_suffix, or use another "
                    + "checkpoint.", kind: .malformed, at: ErrorLocation(key: "model"))
        }
    }

    /// Counts what was done, in steps of some nanoseconds.
    mutating func spend(_ steps: Int, _ part: Part) throws(TokenizerError) {
        self.steps -= steps
        guard self.steps >= 0 else {
            throw error(
                "takes more than \(mostSteps) steps for \(name) of \(count) bytes", part,
                "Give it fewer or simpler patterns and steps, or use another checkpoint.")
        }
    }

    /// Counts one step of a part that goes over `bytes` in `words`.
    mutating func spend(bytes: Int, words: Int = 1, _ part: Part) throws(TokenizerError) {
        try spend(bytes * 2 + words * 4, part)
    }

    private func error(_ problem: String, _ part: Part, _ remedy: String) -> TokenizerError {
        TokenizerError(
            "the \(part.rawValue) of tokenizer.json \(problem)", remedy: remedy, kind: .malformed,
            at: ErrorLocation(key: part.rawValue))
    }
}
