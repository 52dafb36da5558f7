public import SwiftletIO

/// Several processes that can't work together: one never came, died, hangs, or has another model, data or version.
public struct ProcessError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// Variables such as RANK or MASTER_PORT that are missing or make no sense.
        case environment
        /// Processes, or the store where they meet, that could not be reached in time.
        case unreachable
        /// Processes that differ in model, data, version or number.
        case mismatch
        /// A process that ended, hangs, or failed at its part.
        case lost
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
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .lost,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }
}
