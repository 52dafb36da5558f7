public import SwiftletIO

/// A checkpoint or configuration that does not make a model, or inputs that a model can't take.
public struct ModelError: SwiftletError {
    /// What was wrong.
    public enum Kind: Sendable, CaseIterable {
        /// A field of `config.json`, or an option of loading: missing, out of its range, or not implemented.
        case configuration
        /// The weights: missing, of other shapes than the configuration's, or contradicting one another.
        case weights
        /// The model needs more memory than there is.
        case memory
        /// What a model was called with: a wrong shape, dtype, device, or an id outside its table.
        case inputs
        /// What the loss was to be computed with: a wrong shape, dtype, or a label outside its range.
        case labels
    }

    public var kind: Kind
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil, kind: Kind = .configuration) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
    }
}
