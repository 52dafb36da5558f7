public import SwiftletIO

/// Rows or options that don't make a task.
public struct TaskError: SwiftletError, Equatable {
    /// What went wrong, to switch over.
    public enum Kind: String, Sendable {
        /// A column that is not there, or holds something else than the task needs.
        case column
        /// Labels that can't be read, or too many different ones.
        case labels
        /// Labels of the rows that the model doesn't know.
        case unknownLabels
        /// A model that is for another task.
        case model
        /// An option with a value that makes no sense here.
        case option
        /// A metric that does not fit the task.
        case metric
        /// A split that is not there or has no rows.
        case split
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what to do. What is called differently in Swift and on the command line stands in braces, as in
    ///     `Give {maxLength|--max-length}`; each reader sees the own half.
    public init(
        _ kind: Kind, _ message: String, remedy: String? = nil, at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy.map { Self.half($0, 0) }
        self.commandLineRemedy = remedy.map { Self.half($0, 1) }
        self.location = location
    }

    /// The text with one half of everything in braces.
    private static func half(_ text: String, _ index: Int) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let halves = rest[rest.index(after: open)..<close].split(separator: "|", omittingEmptySubsequences: false)
            result += rest[..<open]
            result += halves.count == 2 ? halves[index] : rest[open...close]
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}

/// A property of `TaskOptions` or `SplitSelection` and its option, for the remedy of a `TaskError`.
func optionName(_ property: String) -> String { "{\(property)|--\(words(property, "-"))}" }

/// The name that an option has in Python's scripts, for messages.
func argumentName(_ property: String) -> String { words(property, "_") }

private func words(_ property: String, _ separator: String) -> String {
    property.reduce(into: "") { name, letter in
        if letter.isUppercase { name += separator }
        name += letter.lowercased()
    }
}
