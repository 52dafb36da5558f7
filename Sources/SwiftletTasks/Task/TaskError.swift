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

    public var kind: Kind
    public var message: String
    public var remedy: String?

    public init(_ kind: Kind, _ message: String, remedy: String? = nil) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
    }
}

/// How an option of `TaskOptions` is called in Swift and on the command line, for remedies that both can follow.
func optionName(_ property: String) -> String {
    let option = property.reduce(into: "--") { name, letter in
        if letter.isUppercase { name.append("-") }
        name.append(contentsOf: letter.lowercased())
    }
    return "\(property) (\(option))"
}
