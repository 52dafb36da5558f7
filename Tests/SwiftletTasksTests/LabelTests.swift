import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTokenizers
import Testing

/// What becomes of label columns of every kind, in training and for a model that has labels of its own.
@Suite(.enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct LabelTests {
    let tokenizer: Tokenizer
    let config: ModelConfig

    init() throws {
        tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM)
        config = try AutoConfig.fromPretrained(folder: Locations.miniLM)
    }

    private func rows(_ labels: ColumnData, _ feature: Feature? = nil, name: String = "label") throws -> Dataset {
        let texts = (0..<labels.count).map { "text \($0)" }
        return try Dataset.fromColumns([("text", .strings(texts))]).addColumn(name, labels, feature: feature)
    }

    private func makeTask(
        _ splits: [Dataset], _ options: TaskOptions = TaskOptions(), model names: [String]? = nil,
        problem: ProblemType? = nil, use: RowUse = .training
    ) throws -> any FineTuningTask {
        var config = config
        if let names { try config.setLabels(count: names.count, names: names) }
        if let problem { config.json["problem_type"] = .string(problem.rawValue) }
        let named = zip(["train", "validation", "test"], splits).map { (name: $0, rows: $1) }
        return try ModelTask.sequenceClassification.make(
            TaskContext(
                tokenizer: tokenizer, splits: named, options: options, config: config, isFineTuned: names != nil,
                use: use))
    }

    /// Names and ids of the first split.
    private func classes(_ task: any FineTuningTask, _ rows: Dataset) throws -> (names: [String], ids: [Int]) {
        let prepared = try task.prepare(rows, split: "train", for: .training).dataset
        return (try #require(prepared.features["label"]?.names), try prepared.ints("label"))
    }

    @Test func `names are found and sorted, numbers by value`() throws {
        let cases: [(ColumnData, names: [String], ids: [Int])] = [
            (.strings(["pos", "neg", "pos"]), ["neg", "pos"], [1, 0, 1]),
            (.strings(["b", "B", "ä", "a"]), ["B", "a", "b", "ä"], [2, 0, 3, 1]),
            (.bools([true, true]), ["False", "True"], [1, 1]),
            (.ints([5, 1, 10, 1]), ["1", "5", "10"], [1, 0, 2, 0]),
            (.ints([1, 0, -1]), ["-1", "0", "1"], [2, 1, 0]),
            (.ints([.max, .min]), ["\(Int.min)", "\(Int.max)"], [1, 0]),
            // Two names that differ in composition only.
            (.strings(["caf\u{E9}", "cafe\u{301}"]), ["cafe\u{301}", "caf\u{E9}"], [1, 0]),
        ]
        for (data, names, ids) in cases {
            let rows = try rows(data)
            let found = try classes(try makeTask([rows]), rows)
            #expect(found.names.map { Array($0.utf8) } == names.map { Array($0.utf8) })
            #expect(found.ids == ids, "\(names)")
        }
    }

    @Test func `floats are numbers to predict, and classes where that is asked for`() throws {
        let numbers = try rows(.doubles([0.5, 2]))
        #expect(
            try makeTask([numbers]).prepare(numbers, split: "train", for: .training).dataset.doubles("label") == [
                0.5, 2,
            ])
        var options = TaskOptions()
        options.problemType = .singleLabelClassification
        let found = try classes(try makeTask([numbers], options), numbers)
        #expect(found.names == ["0.5", "2.0"] && found.ids == [0, 1])
        options.problemType = .regression
        let ints = try rows(.ints([3, 4]))
        #expect(
            try makeTask([ints], options).prepare(ints, split: "train", for: .training).dataset.doubles("label") == [
                3, 4,
            ])
        let texts = try rows(.strings(["1.5", "good"]))
        let error = #expect(throws: TaskError.self) {
            try makeTask([texts], options).prepare(texts, split: "train", for: .training)
        }
        #expect(
            error?.kind == .labels && error?.message.contains("row 1") == true
                && error?.message.contains("good") == true)
    }

    @Test func `several labels a row come by name or as flags`() throws {
        func flags(_ data: ColumnData, _ options: TaskOptions = TaskOptions()) throws -> [[Double]] {
            let rows = try rows(data)
            let prepared = try makeTask([rows], options).prepare(rows, split: "train", for: .training).dataset
            return try prepared.column("label").values().map { ($0.list ?? []).compactMap(\.double) }
        }
        #expect(try flags(.stringLists([["b", "a"], [], ["c"]])) == [[1, 1, 0], [0, 0, 0], [0, 0, 1]])
        #expect(try flags(.intLists([[1, 0, 1], [0, 0, 1]])) == [[1, 0, 1], [0, 0, 1]])
        #expect(try flags(.intLists([[7, 3], [3]])) == [[1, 1], [1, 0]])
        var options = TaskOptions()
        options.labelNames = ["x", "y"]
        #expect(throws: TaskError.self) { try flags(.intLists([[1, 0, 1], [0, 0, 1]]), options) }
        options.labelNames = ["c", "b", "a"]
        #expect(try flags(.stringLists([["b", "a"]]), options) == [[0, 1, 1]])
    }

    @Test func `names that are given decide on the ids`() throws {
        var options = TaskOptions()
        options.labelNames = ["pos", "neg"]
        let texts = try rows(.strings(["pos", "neg"]))
        #expect(try classes(try makeTask([texts], options), texts).ids == [0, 1])
        let ids = try rows(.ints([0, 1]))
        #expect(try classes(try makeTask([ids], options), ids).names == ["pos", "neg"])
        let strangers = try rows(.strings(["pos", "other"]))
        #expect(throws: TaskError.self) { try makeTask([strangers], options) }
        options.labelNames = ["pos", "pos"]
        #expect(throws: TaskError.self) { try makeTask([texts], options) }
    }

    @Test func `a column of numbers of rows is questioned`() throws {
        let ids = try rows(.ints(Array(0..<2000)))
        let error = #expect(throws: TaskError.self) { try makeTask([ids]) }
        #expect(error?.kind == .labels)
        #expect(error?.remedy?.contains("maxClasses") == true && error?.remedy?.contains("--") == false)
        #expect(error?.commandLineRemedy?.contains("--max-classes") == true)
        var options = TaskOptions()
        options.maxClasses = 5000
        #expect(try classes(try makeTask([ids], options), ids).names.count == 2000)
        let one = try rows(.strings(["a", "a"]))
        #expect(throws: TaskError.self) { try makeTask([one]) }
    }

    @Test func `a missing label is named by its row`() throws {
        let missing = try rows(.optionalStrings(["a", nil, "b"]))
        let error = #expect(throws: TaskError.self) { try makeTask([missing]) }
        #expect(error?.message.contains("row 1") == true)
        // To be predicted it may be.
        let task = try makeTask([missing], use: .prediction)
        #expect(try task.prepare(missing, split: "test", for: .prediction).dataset.numRows == 3)
    }

    @Test func `labels of other splits are added and said`() throws {
        let train = try rows(.strings(["b", "a"]))
        let validation = try rows(.strings(["c", "a"]))
        let task = try makeTask([train, validation])
        #expect(try classes(task, validation).names == ["a", "b", "c"])
        #expect(task.notes.count == 1 && task.notes[0].contains("'c'"))
        // -1 in another split stands for labels that are kept secret.
        let secret = try rows(.ints([-1, -1]))
        let numbers = try rows(.ints([0, 1]))
        let other = try makeTask([numbers, secret])
        #expect(try classes(other, numbers).names == ["0", "1"] && other.notes.isEmpty)
        #expect(try classes(other, secret).ids == [-1, -1])
    }

    @Test func `a model's names decide, not its ids`() throws {
        let model = ["neg", "pos", "neutral"]
        let swapped = try rows(.ints([0, 1]), .classLabel(names: ["pos", "neg"]))
        #expect(try classes(try makeTask([swapped], model: model), swapped).ids == [1, 0])
        let subset = try rows(.strings(["pos", "pos"]))
        #expect(try classes(try makeTask([subset], model: model), subset).ids == [1, 1])
        let ids = try rows(.ints([2, 0]))
        #expect(try classes(try makeTask([ids], model: model), ids).ids == [2, 0])
        let strangers = try rows(.strings(["good", "pos"]))
        let error = #expect(throws: TaskError.self) { try makeTask([strangers], model: model, use: .evaluation) }
        #expect(error?.kind == .unknownLabels)
        #expect(error?.message.contains("'good'") == true && error?.message.contains("'neutral'") == true)
        // Names that no row has don't matter.
        let declared = try rows(.ints([1, 1]), .classLabel(names: ["unseen", "pos"]))
        #expect(try classes(try makeTask([declared], model: model), declared).ids == [1, 1])
        let beyond = try rows(.ints([0, 3]))
        #expect(throws: TaskError.self) { try makeTask([beyond], model: model) }
        // A model whose names say nothing takes those of the rows, in their order.
        #expect(try classes(try makeTask([swapped], model: ["LABEL_0", "LABEL_1"]), swapped).names == ["pos", "neg"])
        // Labels that the model doesn't know are no obstacle to predicting.
        let task = try makeTask([strangers], model: model, use: .prediction)
        #expect(try !task.prepare(strangers, split: "test", for: .prediction).hasLabels)
    }
}
