/// Makes the tokenizer that a model's folder describes.
public enum AutoTokenizer {
    /// Reads `tokenizer.json`, or `vocab.txt` where there is none, together with `tokenizer_config.json` and the older
    /// files beside it.
    ///
    /// - Parameters:
    ///   - path: of the folder.
    ///   - onWarning: told once when a sequence is longer than the model takes and truncation is off.
    /// - Throws: `TokenizerError`, or an error of SwiftletIO, that names the file and the place in it.
    public static func fromPretrained(
        folder path: String, onWarning: (@Sendable (String) -> Void)? = nil
    ) throws -> Tokenizer {
        Tokenizer(TokenizerSettings(try TokenizerFiles(path)), onWarning: onWarning)
    }
}
