public import SwiftletDatasets
import SwiftletIO
import SwiftletModels
public import SwiftletTasks
import SwiftletTensor
import SwiftletNN
import SwiftletTraining

/// What a report is to show, and what is known of the run.
public struct RunReportOptions: Sendable {
    /// Columns of the evaluated split by whose values results are shown.
    public var sliceColumns: [String] = []
    /// Where the data comes from.
    public var inputs = RunInputs()
    /// How intervals are computed.
    public var bootstrap = Bootstrap()
    /// The similarity from which two rows are near duplicates; `nil` looks for none.
    public var duplicateThreshold: Double? = 0.8

    /// All sections, no slices.
    public init() {}
}

extension FineTuning {
    /// Runs the stages as `run()` does, and writes what can be known of the run into the output folder:
    /// `predictions.parquet`, `label_suspects.parquet`, `near_duplicates.parquet`, `run.json` and `report.html`.
    ///
    /// The training is the same, to the bit, and the validation split is evaluated no more often; of sentence embeddings
    /// its vectors are computed once more.
    ///
    /// - Throws: what `run()` throws; `ReportError` for a slice column that the rows don't have, before anything else.
    @discardableResult
    public func runWithReport(_ options: RunReportOptions = RunReportOptions()) throws -> Result {
        try checkSlices(options)
        let meter = RunMeter()
        let begun = try RunRecord.begun(options.inputs, model: model, name: modelName)
        let dynamics = TrainingDynamics()
        var tuning = self
        tuning.willTrain = { trainer in
            trainer.onTrainingBatch = { dynamics.observe(rows: $0, logits: $1) }
            // Of filled-in tokens there is no table, and the answers are as many as the vocabulary for each. Vectors are
            // computed anew, of all rows.
            trainer.keepsLatestOutput = ![.maskedLM, .sentenceEmbeddings].contains(trainer.model.task)
            willTrain(trainer)
        }
        let prepared = meter.seconds
        var made: (report: RunReport, tables: RunTables, seconds: Double)?
        tuning.willWriteCard = { result in
            result.trainer.onTrainingBatch = nil
            let start = meter.seconds
            let tables = try result.makeTables(options, dynamics)
            guard let tables else { return }
            let report = RunReport(
                record: try record(begun, result, tables.table?.labels ?? []),
                history: result.trainer.state.logHistory, table: tables.table, suspects: tables.suspects,
                duplicates: tables.duplicates, options: options)
            made = (report, tables, meter.seconds - start)
        }
        tuning.completeCard = { try made?.report.complete(&$0, folder: FileSystem.name(of: args.outputDir)) }
        let result = try tuning.run()
        guard let made else { return result }

        let folder = args.outputDir
        try made.tables.write(to: folder)
        var report = made.report
        let metrics = (result.train ?? []) + (result.evaluation ?? []) + (result.prediction ?? [])
        report.record.json["metrics"] = .object(JSONObject(metrics.map { ($0.name, .double($0.value)) }))
        try report.record.end(
            meter,
            durations: ["run": .double(meter.seconds - prepared - made.seconds), "tables": .double(made.seconds)],
            weightsIn: stages.contains(.train) ? folder : nil)
        try report.record.write(to: folder)
        try report.write(to: folder)
        return result
    }

    /// What was known before a run, and what is known after its training and evaluation.
    private func record(_ begun: RunRecord, _ result: Result, _ labels: [String]) throws -> RunRecord {
        var record = begun
        record.json["stages"] = .array(
            [(Stages.train, "train"), (.evaluate, "evaluate"), (.predict, "predict")].filter { stages.contains($0.0) }
                .map { .string($0.1) })
        record.json["arguments"] = args.json
        record.json["task"] = .string(result.trainer.model.task.rawValue)
        record.json["labels"] = .array(labels.map { .string($0) })
        record.json["processes"] = .int(result.trainer.accelerator.numProcesses)
        record.json["seed"] = .int(Int(clamping: args.seed))
        if let resumeFrom { record.json["resumed_from"] = .string("\(resumeFrom)") }
        for split in [result.trainRows, result.evaluationRows].compactMap(\.self) {
            try record.addSplit(split.name, split.given)
        }
        record.json["evaluated_split"] = result.evaluationRows.map { .string($0.name) } ?? .null
        record.json["parameters"] = .int(result.trainer.model.parameters().reduce(0) { $0 + $1.count })
        return record
    }

    /// Names that no split has are known before the training.
    private func checkSlices(_ options: RunReportOptions) throws {
        for name in options.sliceColumns
        where !dataset.pairs.contains(where: { $0.dataset.columnNames.contains(text: name) }) {
            throw ReportError.noSlice(name, dataset.pairs.first?.dataset.columnNames ?? [])
        }
    }
}

extension ReportError {
    static func noSlice(_ name: String, _ columns: [String]) -> ReportError {
        ReportError(
            .option,
            "there is no column '\(name)' to show results by; the columns are \(columns.joined(separator: ", "))",
            remedy: "Name one of them with {sliceColumns|--slice-column}.",
            at: ErrorLocation(column: name, option: "slice_column"))
    }
}

/// The tables of a run.
struct RunTables {
    var table: PredictionTable?
    var suspects: Dataset?
    var duplicates: Dataset?

    /// Writes those that there are; those of an earlier run in the same folder go away.
    func write(to folder: String) throws {
        for (name, rows) in [
            (RunFiles.predictions, table?.dataset), (RunFiles.labelSuspects, suspects),
            (RunFiles.nearDuplicates, duplicates),
        ] {
            guard let rows else {
                try RunFiles.remove(name, in: folder)
                continue
            }
            try rows.toParquet(FileSystem.join(folder, name))
        }
    }
}

extension FineTuning.Result {
    /// All processes take part in the evaluation; only the main one makes tables.
    ///
    /// - Returns: `nil` for the other processes, and without an evaluated split.
    fileprivate func makeTables(_ options: RunReportOptions, _ dynamics: TrainingDynamics) throws -> RunTables? {
        var tables = RunTables()
        let isMain = trainer.accelerator.isMainProcess
        if let split = evaluationRows, evaluation != nil, trainer.model.task != .maskedLM {
            var prepared = split.prepared
            var output = trainer.latestOutput
            // The rows of an evaluation may be fewer: those of pairs that mean the same.
            if trainer.model.task == .sentenceEmbeddings {
                prepared = try task.prepare(split.given, split: split.name, for: .prediction)
                output = nil
            }
            let answers = try output ?? trainer.answers(prepared.dataset)
            guard isMain else { return nil }
            tables.table = try PredictionTable(
                task, trainer.model, output: answers, prepared: prepared, given: split.given)
        }
        guard isMain else { return nil }
        if let train = trainRows {
            if let labels = try train.classes,
                trainer.model.task == .sequenceClassification || trainer.model.task == .multipleChoice
            {
                let names = tables.table?.labels ?? (try? trainer.model.config.labelNames) ?? []
                var opinion: [[Double]]?
                if let task = task as? TextClassificationTask, let pair = task.pair {
                    opinion = PairOverlap(try train.given.strings(task.text), try train.given.strings(pair))
                        .logProbabilities(labels: labels, classCount: names.count)
                }
                tables.suspects = try dynamics.table(labels: labels, names: names, given: train.given, opinion: opinion)
            }
            if let threshold = options.duplicateThreshold, let table = tables.table {
                let (texts, others) = (try train.texts(as: table), try table.texts())
                let found = NearDuplicates(of: others, in: texts, threshold: threshold)
                tables.duplicates = try found.table(of: others, in: texts)
            }
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
        let names =
            table.kind == .answers
            ? ["question", "context"]
            : table.textColumns.map(table.nameInSplit)
        let columns = try names.filter { given.columnNames.contains(text: $0) }.map { try given.column($0).values() }
        return (0..<given.numRows).map { row in columns.map { $0[row].string ?? "" }.joined(separator: "\n") }
    }
}

extension Trainer {
    /// What the model answers to rows, without a word to callbacks' logs.
    fileprivate func answers(_ rows: Dataset) throws -> PredictionOutput {
        let callbacks = self.callbacks
        defer { self.callbacks = callbacks }
        self.callbacks = []
        return try predict(rows, metricKeyPrefix: "report")
    }
}

extension FineTunedModel {
    /// Evaluates a split and writes `predictions.parquet`, `run.json` and `report.html` into a folder.
    ///
    /// - Parameters:
    ///   - modelFolder: where the model was loaded from, for the record.
    ///   - folder: is made where it is missing.
    /// - Throws: what `evaluate` throws; `ReportError` for a slice column that the rows don't have; `FileError`.
    public func evaluateWithReport(
        _ rows: Dataset, split: String = "validation", modelFolder: String, to folder: String,
        _ options: RunReportOptions = RunReportOptions()
    ) throws -> Evaluation {
        for name in options.sliceColumns where !rows.columnNames.contains(text: name) {
            throw ReportError.noSlice(name, rows.columnNames)
        }
        let meter = RunMeter()
        let evaluation = try evaluate(rows, split: split)
        let evaluated = meter.seconds
        var tables = RunTables()
        if model.task == .sentenceEmbeddings {
            let prepared = try task.prepare(rows, split: split, for: .prediction)
            let output = try predict(rows, split: split).output
            tables.table = try PredictionTable(task, model, output: output, prepared: prepared, given: rows)
        } else if model.task != .maskedLM {
            tables.table = try PredictionTable(
                task, model, output: evaluation.output, prepared: evaluation.prepared, given: rows)
        }
        guard evaluation.isMainProcess else { return evaluation }
        try FileSystem.createDirectory(folder)
        var record = try RunRecord.begun(options.inputs, model: modelFolder, name: nil)
        record.json["stages"] = ["evaluate"]
        record.json["task"] = .string(model.task.rawValue)
        record.json["labels"] = .array(evaluation.labels.map { .string($0) })
        record.json["evaluated_split"] = .string(split)
        record.json["metrics"] = .object(JSONObject(evaluation.metrics.map { ($0.name, .double($0.value)) }))
        try record.addSplit(split, rows)
        try tables.write(to: folder)
        try record.end(meter, durations: ["evaluate": .double(evaluated)], weightsIn: nil)
        try record.write(to: folder)
        try RunReport(record: record, history: [], table: tables.table, options: options).write(to: folder)
        return evaluation
    }
}
