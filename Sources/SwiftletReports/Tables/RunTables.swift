import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTraining

/// The tables of a run.
struct RunTables {
    var table: PredictionTable?
    /// The most suspect training rows, and how many were judged.
    var suspects: Dataset?
    var judgedRows = 0
    var duplicates: Dataset?

    /// Writes those that there are; those of an earlier run in the same folder go away.
    func write(to folder: String, _ failures: ReportFailures) {
        for (name, rows) in [
            (RunFiles.predictions, table?.dataset), (RunFiles.labelSuspects, suspects),
            (RunFiles.nearDuplicates, duplicates),
        ] {
            guard let rows else {
                RunFiles.removeStale(name, in: folder)
                continue
            }
            failures.hold(writing: name, in: folder) { try rows.toParquet(FileSystem.join(folder, name)) }
        }
    }

    /// How many rows the files have, and of how many those of suspects are the worst.
    var json: JSONValue {
        var json: JSONObject = [:]
        json["predictions"] = table.map { ["rows": .int($0.count)] }
        json["label_suspects"] = suspects.map { ["rows": .int($0.numRows), "of": .int(judgedRows)] }
        json["near_duplicates"] = duplicates.map { ["rows": .int($0.numRows)] }
        return .object(json)
    }
}

extension FineTuning.Result {
    /// The tables of the main process.
    ///
    /// - Parameter answers: to the evaluated rows, where there are any.
    func makeTables(
        _ options: RunReportOptions, _ dynamics: TrainingDynamics, _ answers: FineTuning.Answers?
    ) throws -> RunTables {
        var tables = RunTables()
        if let answers, let split = evaluationRows {
            tables.table = try PredictionTable(
                task, trainer.model, output: answers.output, prepared: answers.prepared, given: split.given)
        }
        guard let train = trainRows else { return tables }
        if let labels = try train.classes,
            trainer.model.task == .sequenceClassification || trainer.model.task == .multipleChoice
        {
            let names = tables.table?.labels ?? (try? trainer.model.config.labelNames) ?? []
            var opinion: [[Double]]?
            if let task = task as? TextClassificationTask, let pair = task.pair {
                opinion = PairOverlap(try train.given.strings(task.text), try train.given.strings(pair))
                    .logProbabilities(labels: labels, classCount: names.count)
            }
            let suspects = dynamics.suspects(labels: labels, opinion: opinion)
            tables.suspects = try TrainingDynamics.table(of: suspects, names: names, given: train.given)
            tables.judgedRows = suspects.count
        }
        if let threshold = options.duplicateThreshold, let table = tables.table {
            let (texts, others) = (try train.texts(as: table), try table.texts())
            let found = NearDuplicates(of: others, in: texts, threshold: threshold)
            tables.duplicates = try found.table(of: others, in: texts)
        }
        return tables
    }
}

extension FineTuning.Split {
    /// The class of each row; `nil` where rows have none.
    fileprivate var classes: [Int]? {
        get throws {
            guard let name = ["label", "labels"].first(where: prepared.dataset.columnNames.contains),
                prepared.dataset.numRows == given.numRows
            else { return nil }
            switch prepared.dataset.features[name] {
            case .classLabel?: return try prepared.dataset.ints(name)
            case .value(let type)? where type.hasPrefix("int"): return try prepared.dataset.ints(name)
            default: return nil
            }
        }
    }

    /// The rows' texts, of the columns that a table of another split has texts of.
    fileprivate func texts(as table: PredictionTable) throws -> [String] {
        if table.kind == .tokens, let words = prepared.details as? [[String]] {
            return words.map { $0.joined(separator: " ") }
        }
        let names = table.modelColumns ?? table.textColumns.map(table.nameInSplit)
        let columns = try names.filter { given.columnNames.contains(text: $0) }.map { try given.column($0).values() }
        return (0..<given.numRows).map { row in columns.map { $0[row].string ?? "" }.joined(separator: "\n") }
    }
}
