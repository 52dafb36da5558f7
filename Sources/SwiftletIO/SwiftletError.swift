/// What every error of Swiftlet's modules offers: what is wrong, naming the file, key, row or option, and what to do
/// about it.
///
/// Each module has an error type of its own, so that a `catch` can tell a tokenizer file from a dataset.
public protocol SwiftletError: Error, CustomStringConvertible, Sendable {
    /// What is wrong, in one sentence that names the culprit.
    var message: String { get }
    /// What the user can do about it, if anything is known.
    var remedy: String? { get }
}

extension SwiftletError {
    /// Message and remedy, on two lines. What they quote from files and servers can't give commands to a terminal.
    public var description: String {
        let text = remedy.map { "\(message)\n\($0)" } ?? message
        return text.shown(keepsLines: true)
    }
}
