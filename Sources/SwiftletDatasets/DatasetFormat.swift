internal import SwiftletIO

/// What rows and batches of a dataset show, and what else Python keeps with a dataset: the name of the library whose
/// arrays it makes of values, which has no meaning here and is only passed on.
public struct DatasetFormat: Sendable, Equatable {
    /// Such as `torch` or `numpy`.
    public var type: String?
    /// The columns that are shown; `nil` for all.
    public var columns: [String]?
    /// Whether the others are shown as well, after these.
    public var outputAllColumns = false

    /// - Parameters:
    ///   - type: the library whose arrays Python makes, such as `torch`; only passed on.
    ///   - columns: those that rows and batches show; `nil` for all.
    ///   - outputAllColumns: whether the others are shown as well, after these.
    public init(_ type: String? = nil, columns: [String]? = nil, outputAllColumns: Bool = false) {
        self.type = type
        self.columns = columns
        self.outputAllColumns = outputAllColumns
    }

    public static func == (left: DatasetFormat, right: DatasetFormat) -> Bool {
        func same(_ left: [String]?, _ right: [String]?) -> Bool {
            if let left, let right { left.areSame(as: right) } else { left == nil && right == nil }
        }
        return same(left.type.map { [$0] }, right.type.map { [$0] }) && same(left.columns, right.columns)
            && left.outputAllColumns == right.outputAllColumns
    }

    /// The positions of the columns to show; `nil` for all in order.
    func shown(_ names: [String]) -> [Int]? {
        guard let columns else { return nil }
        let wanted = columns.textKeys
        let first = names.indices.filter { wanted.contains(TextKey(names[$0])) }
        return outputAllColumns ? first + names.indices.filter { !wanted.contains(TextKey(names[$0])) } : first
    }
}

extension Dataset {
    /// The dataset's rows, of which only some columns are shown by row and by batch; `column(_:)` still reads any.
    ///
    /// - Parameters:
    ///   - type: passed on to Python by `saveToDisk`.
    ///   - columns: `nil` for all.
    public func withFormat(
        _ type: String? = nil, columns: [String]? = nil, outputAllColumns: Bool = false
    ) throws -> Dataset {
        for name in columns ?? [] { _ = try index(of: name) }
        var result = self
        result.format = DatasetFormat(type, columns: columns, outputAllColumns: outputAllColumns)
        return result
    }

    /// The format of another dataset that this one is made of; columns that it does not have are shown.
    func formatted(as other: Dataset, renaming renamed: [TextKey: String] = [:]) -> Dataset {
        var result = self
        result.format = other.format
        if let columns = other.format.columns {
            let shown = columns.textKeys
            let hidden = other.columnNames.filter { !shown.contains(TextKey($0)) }
                .map { renamed[TextKey($0)] ?? $0 }.textKeys
            result.format.columns = columnNames.filter { !hidden.contains(TextKey($0)) }
        }
        return result
    }
}
