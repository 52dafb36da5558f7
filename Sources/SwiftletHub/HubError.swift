public import SwiftletIO

/// A download, upload or look into the cache that failed.
public struct HubError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// No such repository, or one that needs a token that may see it.
        case noRepository
        /// The repository has no such branch, tag or commit.
        case noRevision
        /// The repository has no such file.
        case noFile
        /// The token is missing, wrong, or not allowed to do this.
        case notAllowed
        /// The Hub asked for fewer requests, or failed, and kept doing so.
        case busy
        /// The Hub can't be reached.
        case unreachable
        /// Downloads are switched off and the cache does not have it.
        case notCached
        /// What arrived is not what the Hub promised.
        case damaged
        /// The Hub's answer makes no sense, or is unsafe to follow.
        case badAnswer
        /// A name, pattern or setting that can't be used.
        case badArgument
        /// The local file system refused.
        case file
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation
    /// The status of the Hub's answer, where that was the failure.
    public internal(set) var status: Int?

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller in Swift can do.
    ///   - commandLine: what a user of the command line can do; by default the same.
    public init(
        _ kind: Kind, _ message: String, remedy: String? = nil, commandLine: String? = nil,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    init(_ error: FileError) {
        self.init(.file, error.message, remedy: error.remedy, at: error.location)
    }
}
