/// One change in a commit.
public enum HubChange: Sendable {
    /// A file of this machine under a path in the repository.
    case addFile(String, as: String)
    /// Bytes under a path in the repository.
    case addBytes([UInt8], as: String)
    /// Removes the file of this path in the repository.
    case deleteFile(String)
    /// A folder with everything in it.
    case deleteFolder(String)
}

/// A commit on the Hub.
public struct HubCommit: Sendable, Equatable {
    /// 40 hex digits.
    public var commit: String
    /// Its page.
    public var url: String
    /// The page of the pull request, where one was asked for.
    public var pullRequest: String?
    /// Whether there was nothing to change, so that `commit` is the one that was there before.
    public var isUnchanged: Bool
}

/// What is committed, and how.
public struct HubCommitOptions: Sendable {
    /// The branch.
    public var revision: String
    /// The first line.
    public var message: String
    /// What stands below the first line.
    public var description: String
    /// The commit the branch must be at, else the Hub refuses.
    public var parent: String?
    /// Open a pull request in place of changing the branch.
    public var asPullRequest: Bool

    /// - Parameters:
    ///   - message: the commit's title.
    ///   - description: what stands below it.
    ///   - revision: the branch to change.
    ///   - parent: the commit the branch must be at, else the Hub refuses.
    ///   - asPullRequest: open a pull request in place of changing the branch.
    public init(
        message: String, description: String = "", revision: String = "main", parent: String? = nil,
        asPullRequest: Bool = false
    ) {
        self.message = message
        self.description = description
        self.revision = revision
        self.parent = parent
        self.asPullRequest = asPullRequest
    }
}
