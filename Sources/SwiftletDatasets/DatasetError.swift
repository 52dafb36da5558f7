public import SwiftletIO

/// A dataset that can't be read, or an operation that does not fit the data.
public struct DatasetError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// No file, folder or dataset where one is named.
        case noFile
        /// No configuration of this name, or none chosen among several.
        case noConfig
        /// No split of this name.
        case noSplit
        /// No column of this name.
        case noColumn
        /// A row outside the dataset.
        case noRow
        /// A number or name that is no label of a class.
        case noLabel
        /// A row without a value where one is needed.
        case missingValue
        /// Values of another type than is needed, or of several types in one column.
        case wrongType
        /// A file whose content can't be read: damaged, or not what its name says.
        case malformed
        /// A format or type that is not implemented.
        case unsupported
        /// Columns of different lengths, names or types where they have to agree.
        case columnMismatch
        /// The file system refused something else than to find a file.
        case fileSystem
        /// An argument that makes no sense for this dataset.
        case invalidArgument
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
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .invalidArgument,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    static func noColumn(_ name: String, in names: [String]) -> DatasetError {
        DatasetError(
            "there is no column '\(name)'",
            remedy: names.isEmpty ? "The dataset has no columns." : "The columns are: \(listed(names)).",
            kind: .noColumn, at: ErrorLocation(column: name))
    }

    static func noSplit(_ name: String, in splits: [String]) -> DatasetError {
        DatasetError(
            "there is no split '\(name)'",
            remedy: splits.isEmpty ? "There are no splits." : "The splits are: \(listed(splits)).",
            kind: .noSplit, at: ErrorLocation(split: name))
    }

    static func noRow(_ row: Int, of count: Int) -> DatasetError {
        DatasetError(
            "row \(row) is outside the dataset, which has \(count) rows",
            remedy: count == 0 ? nil : "Rows go from 0 to \(count - 1); -1 is the last one.",
            kind: .noRow, at: ErrorLocation(row: row))
    }

    static func null(_ row: Int, in column: String) -> DatasetError {
        DatasetError(
            "column '\(column)' has no value in row \(row)",
            remedy: "Fill or filter out the missing values, or read the column's `values()`, where they are null.",
            commandLine: "Fill in or leave out the missing values.", kind: .missingValue,
            at: ErrorLocation(column: column, row: row))
    }

    static func wrongType(_ column: String, _ feature: Feature, wanted: String) -> DatasetError {
        DatasetError(
            "column '\(column)' holds \(feature), not \(wanted)", remedy: "Choose another column, or convert this one.",
            kind: .wrongType, at: ErrorLocation(column: column))
    }

    static func listed(_ names: [String]) -> String {
        names.map { "'\($0)'" }.joined(separator: ", ")
    }

    /// The error with more words before its message.
    func within(_ circumstance: String) -> DatasetError {
        var error = self
        error.message = "\(circumstance): \(message)"
        return error
    }

    /// The error of something that was read from a file. Without a kind of its own it is about the file's content.
    func inFile(_ path: String) -> DatasetError {
        var error = within("'\(path)'")
        error.location.path = error.location.path ?? path
        if error.kind == .invalidArgument { error.kind = .malformed }
        return error
    }
}
