import SwiftletDatasets
import SwiftletIO
public import SwiftletModels

/// The labels of a fine-tuned model.
public struct ModelLabels: Sendable {
    /// Names by id.
    public let names: [String]
    /// How the labels are predicted, where the configuration says: one of several, several at once, or numbers.
    public let problemType: ProblemType?
    /// `LABEL_0`, `LABEL_1` and so on say nothing: then a dataset's names are taken in their order.
    let areDefault: Bool

    /// - Throws: `ModelError` for a configuration whose labels can't be read.
    public init(_ config: ModelConfig) throws {
        names = try config.labelNames
        problemType = try config.problemType
        areDefault = names.enumerated().allSatisfy { $1 == "LABEL_\($0)" }
    }
}

extension LabelScheme {
    /// The labels of rows for a model that knows its own: the same names in another order are mapped, fewer are fine, and
    /// others are an error.
    static func ofModel(
        _ model: ModelLabels, _ splits: [(name: String, rows: Dataset)], _ column: String, _ type: LabelColumnType,
        _ problem: ProblemType, flattens: Bool, isOfTokens: Bool
    ) throws -> LabelScheme {
        // A model may have any number of classes; what is counted here is never built.
        let found = try LabelNames(
            splits, column: column, flattens: flattens, isOfTokens: isOfTokens, limit: .max
        ).names
        let known = model.names.idsByName
        let strangers = found.filter { known[TextKey($0)] == nil }
        if strangers.isEmpty { return LabelScheme(problem, names: model.names) }
        let count = model.names.count
        let numbers = found.compactMap { Int($0) }.filter { $0 != -1 }
        switch type {
        case .integers, .bool, .numbers:
            // Numbers are ids, unless the model's own names are numbers.
            let isNumeric = model.names.allSatisfy { Int($0) != nil }
            let areIDs = type == .bool ? count == 2 : numbers.count >= found.count - 1
            if !isNumeric, areIDs, numbers.allSatisfy({ (0..<count).contains($0) }) {
                return LabelScheme(problem, names: model.names, readsIDs: true)
            }
        case .text where model.areDefault && found.count <= count,
            .named where model.areDefault && found.count <= count:
            // By order: the ids that the head was trained with have these names here.
            return LabelScheme(problem, names: found + model.names.dropFirst(found.count))
        case .named:
            // A column may declare names that none of its rows has.
            let used = try usedNames(splits, column, flattens: flattens)
            if used.allSatisfy({ known[TextKey($0)] != nil }) { return LabelScheme(problem, names: model.names) }
        case .text: break
        }
        throw TaskError(
            .unknownLabels,
            "column '\(column)' has the labels \(listed(strangers)), which the model does not know; its labels are "
                + listed(model.names),
            remedy: "Give rows with the model's labels, or a model that was trained on these.")
    }

    private static func usedNames(
        _ splits: [(name: String, rows: Dataset)], _ column: String, flattens: Bool
    ) throws -> [String] {
        var used: [TextKey: String] = [:]
        for (_, rows) in splits where rows.columnNames.contains(column) {
            guard case .named(let names) = try LabelColumnType.of(rows, column).type else { continue }
            for value in try rows.column(column).values() {
                for value in flattens ? value.list ?? [] : [value] {
                    guard let id = value.int, names.indices.contains(id) else { continue }
                    used[TextKey(names[id])] = names[id]
                }
            }
        }
        return Array(used.values)
    }
}
