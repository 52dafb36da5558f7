public import SwiftletIO

/// A checkpoint or configuration that does not make a model.
public struct ModelError: SwiftletError {
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }
}
