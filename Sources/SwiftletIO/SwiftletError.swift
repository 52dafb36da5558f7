/// What every error of Swiftlet's modules offers: what is wrong, naming the file, key, row or option, where that is,
/// and what to do about it.
///
/// Each module has an error type of its own, so that a `catch` can tell a tokenizer file from a dataset. Each of these
/// types has a `kind`, an enum to switch over:
///
///     do {
///         try trainer.train()
///     } catch let error as TrainingError {
///         if case .interrupted(let checkpoint) = error.kind { print("go on from", checkpoint) } else { throw error }
///     }
public protocol SwiftletError: Error, CustomStringConvertible, Sendable {
    /// What is wrong, in one sentence that names the culprit.
    var message: String { get }
    /// What a caller in Swift can do about it, if anything is known.
    var remedy: String? { get }
    /// What a user of the command line can do about it, in its options. By default the same.
    var commandLineRemedy: String? { get }
    /// Where the cause lies, as far as that is known.
    var location: ErrorLocation { get }
}

extension SwiftletError {
    public var commandLineRemedy: String? { remedy }
    public var location: ErrorLocation { ErrorLocation() }

    /// The message, and below it the remedy for a caller in Swift.
    public var description: String { Self.text(message, remedy) }
    /// The message, and below it the remedy for a user of the command line.
    public var commandLineDescription: String { Self.text(message, commandLineRemedy) }

    // What they quote from files and servers can't give commands to a terminal.
    private static func text(_ message: String, _ remedy: String?) -> String {
        (remedy.map { "\(message)\n\($0)" } ?? message).shown(keepsLines: true)
    }
}

/// Where in files, data or settings the cause of an error lies. What is not known, or makes no sense there, is `nil`.
public struct ErrorLocation: Sendable, Hashable {
    /// A file or folder.
    public var path: String?
    /// A line of the file, from 1.
    public var line: Int?
    /// A key in the file, such as `model.vocab` or `hidden_act`.
    public var key: String?
    /// The name of a tensor or parameter.
    public var tensor: String?
    /// A dataset's split.
    public var split: String?
    /// A dataset's column.
    public var column: String?
    /// A row, from 0.
    public var row: Int?
    /// An argument, under the name that it has in Python, such as `learning_rate`, or an environment variable.
    public var option: String?

    /// A location of which what is given is known.
    public init(
        path: String? = nil, line: Int? = nil, key: String? = nil, tensor: String? = nil, split: String? = nil,
        column: String? = nil, row: Int? = nil, option: String? = nil
    ) {
        self.path = path
        self.line = line
        self.key = key
        self.tensor = tensor
        self.split = split
        self.column = column
        self.row = row
        self.option = option
    }
}
