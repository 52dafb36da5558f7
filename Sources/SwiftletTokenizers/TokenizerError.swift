public import SwiftletIO

/// A tokenizer file that can't be used, or a call that can't be answered.
public struct TokenizerError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// No folder or tokenizer file where one is named.
        case noFile
        /// A tokenizer file that is damaged or contradicts itself.
        case malformed
        /// A component or setting that exists in the format, but is not implemented.
        case unsupported
        /// A text that the vocabulary can't express, without a token for what is unknown.
        case unknownToken
        /// A special token that is needed and that the tokenizer does not have.
        case noSpecialToken
        /// An argument that makes no sense, or texts that don't go together.
        case invalidArgument
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller in Swift can do.
    ///   - commandLine: what a user of the command line can do; by default the same.
    init(
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .invalidArgument,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    /// The file, when there is one.
    public var path: String? { location.path }
    /// Where in the file, such as `model.vocab`.
    public var key: String? { location.key }

    /// Something is wrong at a place of a file.
    static func invalid(
        _ path: String, _ key: String, _ problem: String, remedy: String? = nil, kind: Kind = .malformed
    ) -> TokenizerError {
        TokenizerError(
            "'\(path)': \(key) \(problem)",
            remedy: remedy ?? "Fetch the file again, or save the tokenizer again with Python's save_pretrained.",
            kind: kind,
            at: ErrorLocation(path: path, key: key))
    }

    /// An argument outside its range.
    ///
    /// - Parameters:
    ///   - name: in Swift.
    ///   - python: the name of the same in Python.
    ///   - range: what follows "it must be".
    static func argument(_ name: String, _ value: some Any, _ range: String, python: String) -> TokenizerError {
        TokenizerError(
            "\(name) is \(value); it must be \(range)", remedy: "Give another \(name).",
            commandLine: "Give another --\(python.replacing("_", with: "-")).", at: ErrorLocation(option: python))
    }

    /// A component that exists in the format but not here.
    static func unsupported(_ path: String, _ key: String, type: String) -> TokenizerError {
        invalid(
            path, key, "has type '\(type)', which is not implemented",
            remedy:
                "Use a checkpoint whose tokenizer is made of parts of the tokenizers library 0.23, with a WordPiece, BPE, "
                + "Unigram or WordLevel model that fits its class.",
            kind: .unsupported)
    }
}
