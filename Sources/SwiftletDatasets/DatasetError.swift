public import SwiftletIO

/// A dataset that can't be read, or an operation that does not fit the data.
public struct DatasetError: SwiftletError {
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    static func noColumn(_ name: String, in names: [String]) -> DatasetError {
        DatasetError(
            "there is no column '\(name)'",
            remedy: names.isEmpty ? "The dataset has no columns." : "The columns are: \(listed(names)).")
    }

    static func noSplit(_ name: String, in splits: [String]) -> DatasetError {
        DatasetError(
            "there is no split '\(name)'",
            remedy: splits.isEmpty ? "There are no splits." : "The splits are: \(listed(splits)).")
    }

    static func noRow(_ row: Int, of count: Int) -> DatasetError {
        DatasetError(
            "row \(row) is outside the dataset, which has \(count) rows",
            remedy: count == 0 ? nil : "Rows go from 0 to \(count - 1); -1 is the last one.")
    }

    static func null(_ row: Int, in column: String) -> DatasetError {
        DatasetError(
            "column '\(column)' has no value in row \(row)",
            remedy: "Fill or filter out the missing values, or read the column's `values()`, where they are null.")
    }

    static func wrongType(_ column: String, _ feature: Feature, wanted: String) -> DatasetError {
        DatasetError(
            "column '\(column)' holds \(feature), not \(wanted)", remedy: "Choose another column, or convert this one.")
    }

    static func listed(_ names: [String]) -> String {
        names.map { "'\($0)'" }.joined(separator: ", ")
    }
}
