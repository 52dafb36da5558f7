public import SwiftletDatasets
import SwiftletIO
import SwiftletModels
public import SwiftletTasks
import SwiftletTraining

extension FineTunedModel {
    /// Evaluates a split and writes `predictions.parquet`, `run.json` and `report.html` into a folder.
    ///
    /// - Parameters:
    ///   - modelFolder: where the model was loaded from, for the record.
    ///   - folder: is made where it is missing.
    ///   - onResults: called with the results before the report is made, so that one that can't be made costs nothing else.
    /// - Throws: what `evaluate` and `onResults` throw; `ReportError` for a slice column that the rows don't have and for a
    ///   folder where a file of the report would be, before the evaluation; `ReportError` of kind `unwritten` for a report
    ///   that can't be made or written, at the end.
    public func evaluateWithReport(
        _ rows: Dataset, split: String = "validation", modelFolder: String, to folder: String,
        _ options: RunReportOptions = RunReportOptions(), onResults: (Evaluation) throws -> Void = { _ in }
    ) throws -> Evaluation {
        for name in options.sliceColumns where !rows.columnNames.contains(text: name) {
            throw ReportError.noSlice(name, rows.columnNames)
        }
        if model.task == .maskedLM, let name = options.sliceColumns.first { throw ReportError.noRows(name, model.task) }
        try RunFiles.checkPlaces(in: folder)
        let meter = RunMeter()
        let evaluation = try evaluate(rows, split: split)
        let evaluated = meter.seconds
        try onResults(evaluation)
        let failures = ReportFailures()
        var tables = RunTables()
        if model.task == .sentenceEmbeddings {
            // All processes take part, so that an error can't wait.
            let prepared = try task.prepare(rows, split: split, for: .prediction)
            let output = try predict(rows, split: split).output
            failures.hold {
                tables.table = try PredictionTable(task, model, output: output, prepared: prepared, given: rows)
            }
        } else if model.task != .maskedLM {
            failures.hold {
                tables.table = try PredictionTable(
                    task, model, output: evaluation.output, prepared: evaluation.prepared, given: rows)
            }
        }
        guard evaluation.isMainProcess else { return evaluation }
        tables.write(to: folder, failures)
        failures.hold(writing: RunFiles.page, in: folder) {
            var record = try RunRecord.begun(options.inputs, model: modelFolder, name: nil)
            failures.hold(writing: RunFiles.record, in: folder) {
                record.json["stages"] = ["evaluate"]
                record.json["task"] = .string(model.task.rawValue)
                record.json["labels"] = .array(evaluation.labels.map { .string($0) })
                record.json["text_columns"] = task.textColumns.map { .array($0.map { .string($0) }) } ?? .null
                record.json["report"] = options.json(searchedDuplicates: false)
                record.json["tables"] = tables.json
                record.json["evaluated_split"] = .string(split)
                record.addMetrics(evaluation.metrics, of: (try? task.metrics(model)) ?? [])
                try record.addSplit(split, rows)
                try record.end(
                    meter,
                    durations: ["evaluate": .double(evaluated), "report": .double(meter.seconds - evaluated)],
                    weightsIn: nil)
                try record.write(to: folder)
            }
            let report = RunReport(record: record, history: [], table: tables.table, options: options)
            try report.write(to: folder)
            try report.announce(folder, logger)
        }
        try failures.rethrow(saved: nil)
        return evaluation
    }
}
