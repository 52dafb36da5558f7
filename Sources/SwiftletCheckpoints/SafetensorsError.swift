public import SwiftletIO
import SwiftletTensor

/// A safetensors file that is damaged, or has not what was asked for.
public struct SafetensorsError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// A file that is damaged, cut off, or of another format.
        case damaged
        /// No tensor of the name asked for.
        case noTensor
        /// A dtype that is not implemented.
        case unsupported
        /// Tensors that can't be written as they are given.
        case invalidArgument
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    /// The file or folder concerned.
    public var path: String
    /// The tensor concerned, if it is one.
    public var key: String?
    /// What is wrong with it.
    public var problem: String
    public var remedy: String?

    /// - Parameters:
    ///   - key: the tensor concerned, if it is one.
    ///   - problem: what is wrong with the file or the tensor.
    ///   - remedy: what the caller can do.
    public init(path: String, key: String? = nil, problem: String, remedy: String? = nil, kind: Kind = .damaged) {
        self.kind = kind
        self.path = path
        self.key = key
        self.problem = problem
        self.remedy = remedy
    }

    public var location: ErrorLocation { ErrorLocation(path: path, tensor: key) }

    public var message: String {
        guard let key else { return "'\(path)': \(problem)" }
        return "'\(path)': tensor '\(key)': \(problem)"
    }

    static let convert =
        "Convert the file: \(DType.allCases.map(\.safetensorsName).joined(separator: ", ")) are read."

    static let getAgain = "The file may be damaged or cut off; get it again."
}
