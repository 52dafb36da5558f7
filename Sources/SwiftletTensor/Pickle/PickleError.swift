public import SwiftletIO

/// A `pytorch_model.bin` that is damaged, or asks for what a reader of tensors must not do.
public struct PickleError: SwiftletError {
    public var path: String
    public var problem: String
    public var remedy: String?

    public init(path: String, problem: String, remedy: String? = nil) {
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    public var message: String { "'\(path)': \(problem)" }

    static let getAgain = "The file may be damaged or cut off; get it again."
    static let convert = "If you trust the file, load it in Python and save the model as safetensors."
}
