public import SwiftletIO

/// A run that can't begin or go on.
public struct TrainingError: SwiftletError {
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }
}
