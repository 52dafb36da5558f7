public import SwiftletIO

/// A safetensors file that is damaged, or has not what was asked for.
public struct SafetensorsError: SwiftletError {
    public var path: String
    /// The tensor concerned, if it is one.
    public var key: String?
    public var problem: String
    public var remedy: String?

    public init(path: String, key: String? = nil, problem: String, remedy: String? = nil) {
        self.path = path
        self.key = key
        self.problem = problem
        self.remedy = remedy
    }

    public var message: String {
        guard let key else { return "'\(path)': \(problem)" }
        return "'\(path)': tensor '\(key)': \(problem)"
    }

    static let getAgain = "The file may be damaged or cut off; get it again."
}
