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
            #expect(abs(computed - expected) <= 1e-6 * max(1, abs(expected)), "\(name) \(metricName): \(computed), not \(expected)")
        }
    }

    @Test(arguments: [
        ("accuracy", ProblemType.regression, 1, "numbers are predicted"),
        ("roc_auc", .regression, 1, "numbers are predicted"), ("mse", .multiLabelClassification, 3, "several labels"),
        ("confusion_matrix", .multiLabelClassification, 3, "several labels"),
        ("brier_score", .singleLabelClassification, 3, "two classes"), ("f1", .singleLabelClassification, 3, "f1/macro"),
        ("roc_auc", .singleLabelClassification, 3, "roc_auc/ovr"), ("f1", .multiLabelClassification, 2, "f1/macro"),
        ("squad", .singleLabelClassification, 2, "texts, tags or losses"),
        ("seqeval", .regression, 1, "texts, tags or losses"),
    ] as [(String, ProblemType, Int, String)])
    func `a metric that does not fit is refused with a way out`(name: String, problem: ProblemType, count: Int, part: String) throws {
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
            #expect(task.savedOptions["label_column"]?.string == columns.map(\.0).first { ["kind", "Kategorie", "queue"].contains($0) })
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
}
