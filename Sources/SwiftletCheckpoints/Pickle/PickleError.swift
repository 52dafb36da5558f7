public import SwiftletIO

/// A `pytorch_model.bin` that is damaged, or asks for what a reader of tensors must not do.
public struct PickleError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// A file that is damaged, cut off, or of another format.
        case damaged
        /// A file that asks for more than tensors: code to run, or types that are not read.
        case unsafe
        /// A format or dtype that is not implemented.
        case unsupported
        /// No tensor of the name asked for.
        case noTensor
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    /// The file or folder concerned.
    public var path: String
    /// What is wrong with it.
    public var problem: String
    public var remedy: String?

    /// - Parameters:
    ///   - problem: what is wrong with the file.
    ///   - remedy: what the caller can do.
    public init(path: String, problem: String, remedy: String? = nil, kind: Kind = .damaged) {
        self.kind = kind
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    public var location: ErrorLocation { ErrorLocation(path: path) }

    public var message: String { "'\(path)': \(problem)" }

    static let getAgain = "The file may be damaged or cut off; get it again."
    static let convert = "If you trust the file, load it in Python and save the model as safetensors."
}
