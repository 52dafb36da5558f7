public import SwiftletIO

/// Several processes that can't work together: one never came, died, hangs, or has another model, data or version.
public struct ProcessError: SwiftletError {
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }
}
