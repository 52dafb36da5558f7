public import SwiftletIO

/// A checkpoint or configuration that does not make a model, or inputs that a model can't be called with.
public struct ModelError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// No folder of a model where one is named.
        case noFolder
        /// A `config.json` without a key that is needed, or with a value that makes no sense; also labels that do not
        /// fit it.
        case configuration
        /// A model family, or a value in `config.json`, that is not implemented.
        case unsupported
        /// Weights that are missing, or of other shapes than the model has.
        case weights
        /// What a model was called with: a wrong shape, dtype or device, an id outside its table, too many tokens.
        case inputs
        /// What the loss was to be computed with: a wrong shape, dtype, or a label outside its range.
        case labels
        /// The model needs more memory than there is.
        case memory
        /// A loss is asked for, and the inputs had no labels.
        case noLabels
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
    public init(
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .configuration,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    static let correctConfiguration = "Correct config.json, or get the model's files again."
}
