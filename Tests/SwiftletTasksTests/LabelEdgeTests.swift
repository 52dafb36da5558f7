import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTasks
import SwiftletTokenizers
import SwiftletTestSupport
import SwiftletTraining
import Testing

/// Labels and rows that look right and are not, and what is said of them.
@Suite struct LabelEdgeTests {
    private let tokenizer: Tokenizer
    private let config: ModelConfig

    init() throws {
        tokenizer = try TaskFixture("token_classification").tokenizer
        config = try AutoConfig.fromPretrained(folder: Locations.fixture("tiny-bert"))
    }

    private func make(
        _ task: ModelTask, _ rows: Dataset, _ options: TaskOptions = TaskOptions(), saved: JSONObject? = nil,
        names: [String]? = nil, use: RowUse = .training
    ) throws -> any FineTuningTask {
        var config = config
        if let saved { config.json["task_specific_params"] = .object(["swiftlet": .object(saved)]) }
        if let names { try config.setLabels(count: names.count, names: names) }
        return try task.make(
            TaskContext(
                tokenizer: tokenizer, splits: [("train", rows)], options: options, config: config,
                isFineTuned: names != nil || saved != nil, use: use))
    }

    private func texts(_ labels: ColumnData, _ feature: Feature? = nil) throws -> Dataset {
        try Dataset.fromColumns([("text", .strings((0..<labels.count).map { "text \($0)" }))])
            .addColumn("label", labels, feature: feature)
    }

    private func message(_ body: () throws -> Any) throws -> String {
        let error = try #require(throws: TaskError.self) { _ = try body() }
        return error.message
    }

    @Test func `a missing label in a list is in the row that is named`() throws {
        let rows = try texts(.values([.list([.string("a"), .string("b")]), .list([.string("a"), .null]), .list([])]))
        #expect(try message { try make(.sequenceClassification, rows) }.contains("row 1 of split 'train'"))
    }

    @Test func `shares in lists are no names`() throws {
        let rows = try texts(.doubleLists([[0, 1], [0.5, 0.25]]))
        let error = try #require(throws: TaskError.self) { try make(.sequenceClassification, rows) }
        #expect(error.kind == .labels && error.message.contains("row 1") && error.message.contains("0.5"))
        let flags = try texts(.doubleLists([[0, 1], [1, 0]]))
        #expect(throws: Never.self) { try make(.sequenceClassification, flags) }
        var options = TaskOptions()
        options.problemType = .regression
        #expect(throws: Never.self) { try make(.sequenceClassification, rows, options) }
    }

    @Test func `names of labels are not for numbers`() throws {
        var options = TaskOptions()
        options.labelNames = ["low", "high"]
        let error = try #require(throws: TaskError.self) {
            try make(.sequenceClassification, try texts(.doubles([0.5, 1.5])), options)
        }
        #expect(error.kind == .option && error.commandLineRemedy?.contains("--label-names") == true)
    }

    @Test func `minus zero is zero, and integers beyond int64 are classes by value`() throws {
        var options = TaskOptions()
        options.problemType = .singleLabelClassification
        let rows = try texts(.doubles([-0.0, 0, 1]))
        let prepared = try make(.sequenceClassification, rows, options).prepare(rows, split: "train", for: .training)
            .dataset
        #expect(prepared.features["label"]?.names == ["0.0", "1.0"])
        #expect(try prepared.ints("label") == [0, 0, 1])
        let large = try texts(.values([.unsigned(.max), .unsigned(7), .unsigned(1 << 63)]))
        let found = try make(.sequenceClassification, large).prepare(large, split: "train", for: .training).dataset
        #expect(found.features["label"]?.names == ["7", "9223372036854775808", "18446744073709551615"])
        #expect(try found.ints("label") == [2, 0, 1])
    }

    @Test func `words without a label are no class`() throws {
        let rows = try Dataset.fromColumns([
            ("tokens", .stringLists([["a", "b"], ["c", "d"]])),
            ("tags", .values([.list([.int(3), .int(-100)]), .list([.int(3), .int(5)])])),
        ])
        let prepared = try make(.tokenClassification, rows).prepare(rows, split: "train", for: .training).dataset
        let ids = try prepared.intLists("labels", rows: [0, 1]).map { $0.filter { $0 >= 0 } }
        #expect(ids == [[0], [0, 1]])
        let known = try make(
            .tokenClassification,
            try Dataset.fromColumns([
                ("tokens", .stringLists([["a", "b"]])), ("tags", .values([.list([.int(1), .int(-100)])])),
            ]), names: ["O", "B-X"])
        #expect(known.notes.isEmpty)
        #expect(throws: TrainingError.self) { try tokenizer.alignLabels(words: [["a"]], labels: [[1 << 40]]) }
    }

    private func choices(_ labels: [Int]) throws -> Dataset {
        let texts = labels.map { "text \($0)" }
        return try Dataset.fromColumns([
            ("sent1", .strings(texts)), ("ending0", .strings(texts)), ("ending1", .strings(texts)),
            ("ending2", .strings(texts)),
            ("label", .ints(labels)),
        ])
    }

    @Test func `choices that a training counted from 1 are counted so later`() throws {
        let training = try make(.multipleChoice, try choices([1, 2, 3]))
        #expect(training.savedOptions["choices_from_one"] == true)
        // Rows that don't show it.
        let rows = try choices([1, 2, -1])
        let task = try make(.multipleChoice, rows, saved: training.savedOptions, use: .evaluation)
        #expect(try task.prepare(rows, split: "validation", for: .evaluation).dataset.ints("label") == [0, 1, -1])
        let zero = try choices([1, 0])
        let later = try make(.multipleChoice, zero, saved: training.savedOptions, use: .evaluation)
        #expect(throws: TaskError.self) { try later.prepare(zero, split: "validation", for: .evaluation) }
        #expect(try make(.multipleChoice, try choices([0, 2])).savedOptions["choices_from_one"] == false)
        let least = try choices([3, .min])
        #expect(throws: TaskError.self) {
            try make(.multipleChoice, least).prepare(least, split: "train", for: .training)
        }
    }

    @Test func `a model of pairs needs the second text`() throws {
        let pairs = try Dataset.fromColumns([
            ("sentence1", .strings(["a", "b"])), ("sentence2", .strings(["c", "d"])),
            ("label", .strings(["no", "yes"])),
        ])
        let saved = try make(.sequenceClassification, pairs).savedOptions
        let single = try pairs.removeColumns(["sentence2"])
        for use in [RowUse.evaluation, .prediction] {
            let error = try #require(throws: TaskError.self) {
                try make(.sequenceClassification, single, saved: saved, names: ["no", "yes"], use: use)
            }
            #expect(error.kind == .column && error.message.contains("sentence1"))
        }
        #expect(throws: Never.self) { try make(.sequenceClassification, single, saved: saved, names: ["no", "yes"]) }
    }

    @Test func `a column is a text or the label`() throws {
        let rows = try Dataset.fromColumns([
            ("title", .strings(["x", "y"])), ("body", .strings(["one", "two"])), ("sentence1", .strings(["a", "b"])),
            ("sentence2", .strings(["c", "d"])),
        ])
        var options = TaskOptions()
        options.labelColumn = "sentence2"
        let prepared = try make(.sequenceClassification, rows, options).prepare(rows, split: "train", for: .training)
            .dataset
        #expect(prepared.features["label"]?.names == ["c", "d"] && !prepared.columnNames.contains("sentence2"))
        options.textColumn = "sentence2"
        let error = try #require(throws: TaskError.self) { try make(.sequenceClassification, rows, options) }
        #expect(error.kind == .column && error.message.contains("'sentence2'"))
        (options.textColumn, options.labelColumn) = (nil, "title")
        let titles = try rows.selectColumns(["title", "body"])
        #expect(throws: Never.self) {
            try make(.sequenceClassification, titles, options).prepare(titles, split: "train", for: .training)
        }
    }

    @Test func `metrics that contradict themselves are refused`() throws {
        func metrics(_ names: [String], _ options: [MetricOption] = []) throws -> [Metric] {
            try MetricChoice.metrics(names, options, problem: .singleLabelClassification, labelCount: 3)
        }
        #expect(try metrics(["accuracy", "accuracy", "f1/macro"]).count == 2)
        #expect(try metrics(["f1/macro"], [.average(.macro)]).count == 1)
        var error = try #require(throws: TaskError.self) { try metrics(["f1/macro"], [.average(.micro)]) }
        #expect(error.kind == .metric && error.message.contains("f1/macro"))
        error = try #require(throws: TaskError.self) { try metrics(["f1/macro"], [.labels([0, 7])]) }
        #expect(error.message.contains("7"))
        error = try #require(throws: TaskError.self) { try metrics(["accuracy"], [.average(.micro)]) }
        #expect(error.commandLineRemedy?.contains("--metric-args") == true && error.message.hasSuffix("average"))
    }
}
