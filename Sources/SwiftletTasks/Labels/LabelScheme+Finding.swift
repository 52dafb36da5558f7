import SwiftletDatasets
import SwiftletIO
import SwiftletModels

extension LabelScheme {
    /// Finds out what the labels of rows are.
    ///
    /// - Parameters:
    ///   - splits: the first one decides what kind the labels are.
    ///   - isOfTokens: each row has a list with one label for each word.
    ///   - model: the labels of a fine-tuned model, if the task goes on with its head: then its names decide.
    /// - Throws: `TaskError` for labels of no known kind, too many, or others than the model's.
    init(
        _ splits: [(name: String, rows: Dataset)], column: String, options: TaskOptions, isOfTokens: Bool = false,
        model: ModelLabels? = nil
    ) throws {
        guard let first = splits.first?.rows else { throw TaskError(.split, "there are no rows to find labels in") }
        let (type, isList) = try LabelColumnType.of(first, column)
        let problem: ProblemType
        if isOfTokens {
            guard isList else {
                throw TaskError(
                    .labels, "column '\(column)' holds no lists of labels", remedy: "Give each word of a row one label."
                )
            }
            problem = .singleLabelClassification
        } else {
            problem =
                options.problemType ?? model?.problemType
                ?? Self.problem(type, isList: isList, outputs: model?.names.count)
        }
        if problem == .singleLabelClassification, isList, !isOfTokens {
            guard options.problemType != nil else {
                throw TaskError(
                    .labels, "column '\(column)' holds lists of labels, and the model gives each row one",
                    remedy: "Give rows with one label each, or a model that was trained on lists of labels.")
            }
            throw TaskError(
                .labels, "column '\(column)' holds lists of labels, and the problem type is one class for each row",
                remedy: "Leave {problemType|--problem-type} out, or say multi_label_classification.")
        }
        if problem == .regression {
            guard options.labelNames == nil else {
                throw TaskError(
                    .option,
                    "\(argumentName("labelNames")) is for classes, and numbers are predicted from column '\(column)'",
                    remedy: "Leave \(optionName("labelNames")) out, or predict classes with {problemType "
                        + ".singleLabelClassification|--problem-type single_label_classification}.")
            }
            self = try Self.regression(first, column, type, isList: isList, model: model)
            return
        }
        if problem == .multiLabelClassification, let width = try Self.flagCount(splits, column, type, isList: isList) {
            let names = options.labelNames ?? model?.names ?? (0..<width).map { "LABEL_\($0)" }
            guard names.count == width else {
                throw TaskError(
                    .labels, "the rows have \(width) values for each of \(names.count) labels in column '\(column)'",
                    remedy: options.labelNames == nil
                        ? "Give rows with 0 or 1 for each of the model's labels, or their names."
                        : "Give as many names as there are values: \(optionName("labelNames")).")
            }
            self.init(problem, names: names, readsIDs: true)
            return
        }
        if problem == .multiLabelClassification, type == .numbers {
            try Self.refuseFractions(splits, column, isList: isList)
        }
        if let model {
            self = try Self.ofModel(model, splits, column, type, problem, flattens: isList, isOfTokens: isOfTokens)
            return
        }
        let found = try LabelNames(
            splits, column: column, flattens: isList, isOfTokens: isOfTokens, limit: options.maxClasses)
        if let given = options.labelNames {
            self = try Self.given(given, found.names, type, problem, column)
            return
        }
        var names = found.names
        if type == .bool { names = ["False", "True"] }
        // A head for classes has two at least, and what is learned from one class is nothing.
        guard names.count > 1 || problem == .multiLabelClassification else {
            throw TaskError(
                .labels, "column '\(column)' has one label only, \(listed(names))",
                remedy: "Give rows with at least two, or all names with \(optionName("labelNames")).")
        }
        self.init(problem, names: names, notes: Self.notes(found.strangers, splits))
    }

    /// As Python's scripts: numbers with a fraction are predicted as such, lists are several labels at once.
    private static func problem(_ type: LabelColumnType, isList: Bool, outputs: Int?) -> ProblemType {
        if isList { return .multiLabelClassification }
        return type == .numbers && (outputs ?? 1) == 1 ? .regression : .singleLabelClassification
    }

    private static func regression(
        _ rows: Dataset, _ column: String, _ type: LabelColumnType, isList: Bool, model: ModelLabels?
    ) throws -> LabelScheme {
        if case .named = type {
            throw TaskError(
                .labels, "column '\(column)' holds classes, not numbers to predict",
                remedy: "Leave {problemType .regression|--do-regression} out.")
        }
        var count = 1
        if isList {
            guard let list = try rows.column(column).values().first?.list, !list.isEmpty else {
                throw TaskError(.labels, "row 0 has no numbers in column '\(column)'")
            }
            count = list.count
        }
        if let model, model.names.count != count {
            throw TaskError(
                .unknownLabels,
                "column '\(column)' has \(count) numbers a row, and the model predicts \(model.names.count)",
                remedy: "Give rows that fit the model.")
        }
        return LabelScheme(.regression, names: [], outputCount: count)
    }

    /// How many values rows of 0 and 1 have, one for each label; `nil` for rows that list labels.
    private static func flagCount(
        _ splits: [(name: String, rows: Dataset)], _ column: String, _ type: LabelColumnType, isList: Bool
    ) throws -> Int? {
        guard isList, type == .integers || type == .numbers || type == .bool else { return nil }
        var width: Int?
        for (_, rows) in splits where rows.columnNames.contains(column) {
            for value in try rows.column(column).values() {
                guard let list = value.list, list.count == width ?? list.count,
                    list.allSatisfy({ [0, 1].contains(LabelCell($0)?.double) })
                else { return nil }
                width = list.count
            }
        }
        return width.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Shares and scores in lists are no names of labels.
    private static func refuseFractions(
        _ splits: [(name: String, rows: Dataset)], _ column: String, isList: Bool
    ) throws {
        for (split, rows) in splits where rows.columnNames.contains(column) {
            for (row, value) in try rows.column(column).values().enumerated() {
                let numbers = (isList ? value.list ?? [] : [value]).compactMap(\.double)
                guard let fraction = numbers.first(where: { $0 != $0.rounded(.towardZero) }) else { continue }
                throw TaskError(
                    .labels,
                    "row \(row) of split '\(split)' has \(fraction) in column '\(column)', which is neither 0 or 1 nor a name",
                    remedy:
                        "Give 0 or 1 for each label, or the names of those that apply; numbers to predict are {problemType "
                        + ".regression|--problem-type regression}.")
            }
        }
    }

    /// Names that the user gives: the data's own in another order, or names for its numbers.
    private static func given(
        _ given: [String], _ found: [String], _ type: LabelColumnType, _ problem: ProblemType, _ column: String
    ) throws -> LabelScheme {
        guard given.idsByName.count == given.count else {
            throw TaskError(.labels, "a label name comes twice in \(listed(given))", remedy: "Give each name once.")
        }
        let known = given.idsByName
        let strangers = found.filter { known[TextKey($0)] == nil }
        if strangers.isEmpty { return LabelScheme(problem, names: given) }
        let numbers = found.compactMap { Int($0) }
        if type == .integers || type == .bool || type == .numbers, numbers.count == found.count || type == .bool,
            numbers.allSatisfy({ (0..<given.count).contains($0) })
        {
            return LabelScheme(problem, names: given, readsIDs: true)
        }
        throw TaskError(
            .labels, "column '\(column)' has the labels \(listed(strangers)), which are not among \(listed(given))",
            remedy: "Add them to \(optionName("labelNames")).")
    }

    private static func notes(_ strangers: [(name: String, split: String)], _ splits: [(name: String, rows: Dataset)])
        -> [String]
    {
        guard !strangers.isEmpty, let first = splits.first?.name else { return [] }
        return ["labels that split '\(first)' has no row of are added: \(listed(strangers.map(\.name)))"]
    }
}
