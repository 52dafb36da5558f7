public import SwiftletIO

/// A request that a pipeline can't answer.
public struct InferenceError: SwiftletError, Equatable {
    /// What went wrong, to switch over.
    public enum Kind: String, Sendable {
        /// The folder's model is for another task.
        case wrongTask
        /// A text that the task can't work on, such as one without a mask to fill in.
        case badInput
        /// A text with more tokens than the model takes, where truncation was switched off.
        case inputTooLong
        /// A call that asks for more than `InferenceLimit` allows.
        case tooMany
        /// An option with a value that makes no sense.
        case badOption
        /// The engine was closed before the request came.
        case closed
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?

    /// - Parameters:
    ///   - kind: what went wrong, to switch over.
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller can do.
    public init(_ kind: Kind, _ message: String, remedy: String? = nil) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
    }

    static let closed = InferenceError(
        .closed, "the model was closed before this request came", remedy: "Load it again with pipeline(...).")
}
