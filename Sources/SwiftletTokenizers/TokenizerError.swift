public import SwiftletIO

/// A tokenizer file that can't be used, or a call that can't be answered.
public struct TokenizerError: SwiftletError {
    public var message: String
    public var remedy: String?
    /// The file, when there is one.
    public var path: String?
    /// Where in the file, such as `model.vocab`.
    public var key: String?

    init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    /// Something is wrong at a place of a file.
    static func invalid(_ path: String, _ key: String, _ problem: String, remedy: String? = nil) -> TokenizerError {
        var error = TokenizerError("'\(path)': \(key) \(problem)", remedy: remedy)
        error.path = path
        error.key = key
        return error
    }

    /// A component that exists in the format but not here.
    static func unsupported(_ path: String, _ key: String, type: String) -> TokenizerError {
        invalid(
            path, key, "has type '\(type)', which is not implemented",
            remedy: "Use a checkpoint whose tokenizer has WordPiece parts, as BERT, DistilBERT, ELECTRA and MPNet have.")
    }
}
