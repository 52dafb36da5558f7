import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing

/// Small files as people have them: rows as Python's load_dataset reads them, labels as run_classification.py finds them,
/// metrics as scikit-learn computes them.
@Suite(.enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct OwnDataReferenceTests {
    static let cases: [JSONValue] =
        (try? JSONValue(contentsOf: Locations.fixture("own-data.json")))?["cases"]?.array ?? []

    @Test func `there are cases`() { #expect(Self.cases.count == 18) }

    @Test(arguments: cases.indices) func `rows, labels and metrics`(index: Int) throws {
        let wanted = Self.cases[index]
        let name = try #require(wanted["name"]?.string)
        let folder = try TemporaryDirectory()
        try AtomicFile.write(try #require(wanted["content"]?.string), to: folder.file(name))
        let data = try loadDataset(files: [("train", folder.file(name))]).split("train")
        #expect(data.features.description == wanted["features"]?.string, "\(name)")
        let rows = try (0..<data.numRows).map { try data[$0].description }
        #expect(rows == wanted["rows"]?.array?.compactMap(\.string), "\(name)")

        let task = try ModelTask.sequenceClassification.make(
            TaskContext(
                tokenizer: try AutoTokenizer.fromPretrained(folder: Locations.miniLM), splits: [("train", data)],
                config: try AutoConfig.fromPretrained(folder: Locations.miniLM), isFineTuned: false))
        let problem = try #require(wanted["problem"]?.string.flatMap(ProblemType.init(rawValue:)))
        let names = try #require(wanted["names"]?.array).compactMap(\.string)
        let labels: [Label]
        if problem == .singleLabelClassification {
            let classes = try #require(try task.classes(of: data, split: "train"))
            #expect(classes.names.map { TextKey($0) } == names.map { TextKey($0) }, "\(name)")
            #expect(classes.ids == wanted["labels"]?.array?.compactMap(\.int), "\(name)")
            labels = classes.ids.map { .id($0) }
        } else {
            let cells = try task.prepare(data, split: "train", for: .training).dataset.column("label").values()
            labels = cells.map { cell in
                cell.list.map { .values($0.map { $0.double ?? .nan }) } ?? .value(cell.double ?? .nan)
            }
            let numbers = try #require(wanted["labels"]?.array).map { row in
                row.array.map { .values($0.compactMap(\.double)) } ?? Label.value(row.double ?? .nan)
            }
            #expect(labels == numbers, "\(name)")
        }

        let logits = try #require(wanted["logits"]?.array).map { $0.array?.compactMap(\.double) ?? [] }
        let width = try #require(logits.first?.count)
        let answers = NumberArray(logits.flatMap(\.self).map { Float($0) }, shape: [logits.count, width])
        for (metricName, value) in try #require(wanted["metrics"]?.object) {
            let metric = try #require(
                MetricChoice.metrics([metricName], [], problem: problem, labelCount: width).first)
            try metric.addBatch(logits: answers, labels: labels, problem: problem)
            let computed = try #require(try metric.compute().first { _ in true }?.value)
            let expected = try #require(value.double)
            #expect(
                abs(computed - expected) <= 1e-6 * max(1, abs(expected)),
                "\(name) \(metricName): \(computed), not \(expected)")
        }
    }

    @Test(
        arguments: [
            ("accuracy", ProblemType.regression, 1, "numbers are predicted"),
            ("roc_auc", .regression, 1, "numbers are predicted"),
            ("mse", .multiLabelClassification, 3, "several labels"),
            ("confusion_matrix", .multiLabelClassification, 3, "several labels"),
            ("brier_score", .singleLabelClassification, 3, "two classes"),
            ("f1", .singleLabelClassification, 3, "f1/macro"),
            ("roc_auc", .singleLabelClassification, 3, "roc_auc/ovr"), ("f1", .multiLabelClassification, 2, "f1/macro"),
            ("squad", .singleLabelClassification, 2, "texts, tags or losses"),
            ("seqeval", .regression, 1, "texts, tags or losses"),
        ] as [(String, ProblemType, Int, String)])
    func `a metric that does not fit is refused with a way out`(
        name: String, problem: ProblemType, count: Int, part: String
    ) throws {
        let error = try #require(throws: TaskError.self) {
            try MetricChoice.metrics([name], [], problem: problem, labelCount: count)
        }
        #expect(error.kind == .metric && error.description.contains(part), "\(error)")
        #expect(error.remedy?.isEmpty == false)
    }

    @Test func `columns of unusual names are told by what they hold`() throws {
        func task(_ columns: [(String, ColumnData)]) throws -> any FineTuningTask {
            try ModelTask.sequenceClassification.make(
                TaskContext(
                    tokenizer: try AutoTokenizer.fromPretrained(folder: Locations.miniLM),
                    splits: [("train", try .fromColumns(columns))],
                    config: try AutoConfig.fromPretrained(folder: Locations.miniLM), isFineTuned: false))
        }
        let texts = ColumnData.strings((0..<12).map { "text \($0)" })
        let kinds = ColumnData.strings((0..<12).map { ["a", "b", "c"][$0 % 3] })
        let ids = ColumnData.ints(Array(100..<112))
        for columns in [
            [("message", texts), ("kind", kinds)], [("Nachricht", texts), ("Kategorie", kinds)],
            [("queue", kinds), ("ticket", texts), ("number", ids)],
        ] {
            let task = try task(columns)
            #expect(task.notes.count == 1 && task.notes[0].contains("is taken for the labels"), "\(columns.map(\.0))")
            #expect(
                task.savedOptions["label_column"]?.string
                    == columns.map(\.0).first { ["kind", "Kategorie", "queue"].contains($0) })
        }
        // Two columns may be the label, or two the text: nothing is guessed.
        for columns in [
            [("text", texts), ("kind", kinds), ("topic", kinds)], [("a", texts), ("b", texts)],
        ] {
            let prepared = try? task(columns).prepare(.fromColumns(columns), split: "train", for: .training)
            #expect(prepared == nil, "\(columns.map(\.0))")
        }
        #expect(try task([("text", texts), ("label", kinds)]).savedOptions.isEmpty)
    }

    private func context(
        _ columns: [(String, ColumnData)], _ options: TaskOptions = TaskOptions(), config: ModelConfig? = nil,
        isFineTuned: Bool = false, use: RowUse = .training
    ) throws -> TaskContext {
        TaskContext(
            tokenizer: try AutoTokenizer.fromPretrained(folder: Locations.miniLM),
            splits: [("train", try .fromColumns(columns))], options: options,
            config: try config ?? AutoConfig.fromPretrained(folder: Locations.miniLM), isFineTuned: isFineTuned,
            use: use)
    }

    @Test func `usual names may have capital letters`() throws {
        let texts = ColumnData.strings((0..<6).map { "text \($0)" })
        let kinds = ColumnData.strings((0..<6).map { ["a", "b"][$0 % 2] })
        for (text, label) in [("Text", "Label"), ("SENTENCE", "Category"), ("Message", "LABEL")] {
            let columns = [("Other", texts), (label, kinds), (text, texts)]
            let rows = try Dataset.fromColumns(columns)
            let task = try ModelTask.sequenceClassification.make(try context(columns))
            #expect(task.notes.isEmpty && task.savedOptions["text_column"]?.string == text, "\(text)")
            let prepared = try task.prepare(rows, split: "train", for: .training)
            #expect(try prepared.dataset.ints("label") == [0, 1, 0, 1, 0, 1])
        }
        // The name as it is written goes first.
        let both = [("Text", kinds), ("text", texts), ("label", kinds)]
        #expect(try ModelTask.sequenceClassification.make(try context(both)).savedOptions.isEmpty)
        let pair = [("Sentence1", texts), ("Sentence2", texts), ("Label", kinds)]
        let prepared = try ModelTask.sequenceClassification.make(try context(pair))
            .prepare(.fromColumns(pair), split: "train", for: .training)
        let ids = try #require(try prepared.dataset.column("token_type_ids").values().first?.list)
        #expect(ids.contains { $0.int == 1 })
        #expect(
            try FillMaskTask.textColumn(
                of: .fromColumns([("Ticket", texts)]), options: TaskOptions(), config: try context(pair).config)
                == "Ticket")
    }

    @Test func `what is said of columns names only what the task reads`() throws {
        let texts = ColumnData.strings(["one", "two", "three", "four"])
        func error(
            _ task: ModelTask, _ columns: [(String, ColumnData)], _ change: (inout TaskOptions) -> Void = { _ in }
        ) throws -> TaskError {
            var options = TaskOptions()
            change(&options)
            let context = try context(columns, options)
            return try #require(throws: TaskError.self) { try task.make(context) }
        }
        for (task, missing, left) in [
            (ModelTask.questionAnswering, "'question'", ["--label-column"]),
            (.maskedLM, "text", ["--label-column", "--text-pair-column"]),
            (.tokenClassification, "text", ["--text-pair-column"]),
        ] {
            let error = try error(task, [("a", texts), ("b", texts)])
            #expect(
                error.message.contains(missing) && error.commandLineDescription.contains("--text-column"), "\(error)")
            #expect(!left.contains { error.commandLineDescription.contains($0) }, "\(error)")
        }
        let endings = try error(.multipleChoice, [("sent1", texts), ("ending0", texts)])
        #expect(endings.message.contains("'ending1'") && endings.remedy?.contains("ending0") == true, "\(endings)")
        let articles = try error(.questionAnswering, [("title", texts), ("paragraphs", texts)])
        #expect(articles.message.contains("SQuAD") && articles.remedy?.contains("answer_start") == true, "\(articles)")
        // A label column that is not there is what is wrong, not the text beside it.
        let label = try error(.sequenceClassification, [("Nachricht", texts), ("Team", texts)]) {
            $0.labelColumn = "team"
        }
        #expect(label.message.contains("no column 'team'"), "\(label)")
    }

    @Test func `a model keeps whether it was trained on pairs and on questions without answers`() throws {
        let texts = ColumnData.strings(["one", "two", "three", "four"])
        let labels = ColumnData.strings(["a", "b", "a", "b"])
        let pairs = try ModelTask.sequenceClassification.make(
            try context([("sentence1", texts), ("sentence2", texts), ("label", labels)]))
        var config = try AutoConfig.fromPretrained(folder: Locations.miniLM)
        config.save(taskOptions: pairs.savedOptions)
        let alone = try #require(throws: TaskError.self) {
            try ModelTask.sequenceClassification.make(
                try context([("text", texts)], config: config, isFineTuned: true, use: .prediction))
        }
        #expect(alone.message.contains("pairs"), "\(alone)")
        let again = try ModelTask.sequenceClassification.make(
            try context([("text", texts), ("text_pair", texts)], config: config, isFineTuned: true, use: .prediction))
        #expect(again.notes.isEmpty)

        let questions = [
            ("question", texts), ("context", texts),
            (
                "answers",
                ColumnData.values(
                    (0..<4).map { _ in Value(json: ["text": [], "answer_start": []]) })
            ),
        ]
        var options = TaskOptions()
        let refused = try ModelTask.questionAnswering.make(try context(questions))
        #expect(throws: TaskError.self) { try refused.prepare(.fromColumns(questions), split: "train", for: .training) }
        options.mayHaveNoAnswer = true
        let trained = try ModelTask.questionAnswering.make(try context(questions, options))
        config = try AutoConfig.fromPretrained(folder: Locations.miniLM)
        config.save(taskOptions: trained.savedOptions)
        let measured = try ModelTask.questionAnswering.make(
            try context(questions, config: config, isFineTuned: true, use: .evaluation))
        #expect(
            try measured.prepare(.fromColumns(questions), split: "validation", for: .evaluation).dataset.numRows == 4)
        // One question without a context.
        let error = try #require(throws: TaskError.self) {
            try ModelTask.questionAnswering.make(
                try context([("text", texts)], config: config, isFineTuned: true, use: .prediction))
        }
        #expect(error.commandLineDescription.contains("--text-pair"), "\(error)")
    }
}
