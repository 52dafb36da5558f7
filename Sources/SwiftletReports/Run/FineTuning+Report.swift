import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletNN
public import SwiftletTasks
import SwiftletTensor
import SwiftletTraining

/// What a report is to show, and what is known of the run.
public struct RunReportOptions: Sendable {
    /// Columns of the evaluated split by whose values results are shown. Where a page is made again from a folder and none
    /// are named, those of the run.
    public var sliceColumns: [String] = []
    /// Where the data comes from.
    public var inputs = RunInputs()
    /// How intervals are computed.
    public var bootstrap = Bootstrap()
    /// The similarity from which two rows are near duplicates; `nil` looks for none.
    public var duplicateThreshold: Double? = 0.8

    /// All sections, no slices.
    public init() {}

    /// How `run.json` keeps what a page is made again with.
    ///
    /// - Parameter searchedDuplicates: whether near duplicates were looked for; else the threshold says nothing.
    func json(searchedDuplicates: Bool) -> JSONValue {
        var json: JSONObject = ["slice_columns": .array(sliceColumns.map { .string($0) })]
        if searchedDuplicates, let duplicateThreshold { json["duplicate_threshold"] = .double(duplicateThreshold) }
        return .object(json)
    }
}

extension FineTuning {
    /// Runs the stages as `run()` does, and writes what can be known of the run into the output folder:
    /// `predictions.parquet`, `label_suspects.parquet`, `near_duplicates.parquet`, `run.json` and `report.html`.
    ///
    /// The training is the same, to the bit, and the validation split is evaluated no more often; of sentence embeddings
    /// its vectors are computed once more.
    ///
    /// - Throws: what `run()` throws; `ReportError` for a slice column that the evaluated rows don't have, and for a folder
    ///   where a file of the report would be, before the first step. A report that can't be made or written is a
    ///   `ReportError` of kind `unwritten` at the end: by then the model, its card and the predictions are saved.
    @discardableResult
    public func runWithReport(_ options: RunReportOptions = RunReportOptions()) throws -> Result {
        let meter = RunMeter()
        var tuning = try checking(options)
        let begun = try RunRecord.begun(options.inputs, model: model, name: modelName)
        let dynamics = TrainingDynamics()
        tuning.willTrain = { trainer in
            trainer.onTrainingBatch = { dynamics.observe(rows: $0, logits: $1) }
            // Of filled-in tokens there is no table, and the answers are as many as the vocabulary for each. Vectors are
            // computed anew, of all rows.
            trainer.keepsLatestOutput = ![.maskedLM, .sentenceEmbeddings].contains(trainer.model.task)
            willTrain(trainer)
        }
        // Whatever goes wrong with the report, what the training has made is saved first.
        let failures = ReportFailures()
        var spent = (tables: 0.0, report: meter.seconds)
        var made: (report: RunReport, tables: RunTables)?
        tuning.willWriteCard = { result in
            result.trainer.onTrainingBatch = nil
            let start = meter.seconds
            var answers: FineTuning.Answers?
            // Several processes answer together: where one can't, all must end.
            if result.trainer.accelerator.numProcesses == 1 {
                failures.hold { answers = try result.answers() }
            } else {
                answers = try result.answers()
            }
            guard result.trainer.accelerator.isMainProcess else { return }
            failures.hold {
                let tables = try result.makeTables(options, dynamics, answers)
                let report = RunReport(
                    record: try record(begun, result, tables, options), history: result.trainer.state.logHistory,
                    table: tables.table, suspects: tables.suspects, duplicates: tables.duplicates, options: options)
                made = (report, tables)
                // A task of one's own, whose answers have no form that is known here.
                if tables.table == nil, let name = options.sliceColumns.first {
                    throw ReportError.noRows(name, result.trainer.model.task)
                }
            }
            spent.tables = meter.seconds - start
            spent.report += spent.tables
        }
        tuning.completeCard = { card in
            let start = meter.seconds
            failures.hold {
                var whole = card
                try made?.report.complete(&whole, folder: FileSystem.name(of: args.outputDir))
                card = whole
            }
            spent.report += meter.seconds - start
        }
        let result = try tuning.run()
        let start = meter.seconds
        let folder = args.outputDir
        let isMain = result.trainer.accelerator.isMainProcess
        if let made {
            var report = made.report
            made.tables.write(to: folder, failures)
            let metrics = (result.train ?? []) + (result.evaluation ?? []) + (result.prediction ?? [])
            report.record.addMetrics(metrics, of: (try? result.task.metrics(result.trainer.model)) ?? [])
            spent.report += meter.seconds - start
            failures.hold(writing: RunFiles.record, in: folder) {
                try report.record.end(
                    meter,
                    durations: [
                        "run": .double(meter.seconds - spent.report), "tables": .double(spent.tables),
                        "report": .double(spent.report),
                    ], weightsIn: stages.contains(.train) ? folder : nil)
                try report.record.write(to: folder)
            }
            failures.hold(writing: RunFiles.page, in: folder) {
                try report.write(to: folder)
                try report.announce(folder, logger)
            }
        } else if isMain {
            // What an earlier run has left there says nothing about this one.
            RunFiles.removeStale(in: folder)
        }
        try failures.rethrow(saved: stages.contains(.train) ? "the model is saved in '\(folder)'" : nil)
        return result
    }

    /// What was known before a run, and what is known after its training and evaluation.
    private func record(
        _ begun: RunRecord, _ result: Result, _ tables: RunTables, _ options: RunReportOptions
    ) throws -> RunRecord {
        var record = begun
        record.json["stages"] = .array(
            [(Stages.train, "train"), (.evaluate, "evaluate"), (.predict, "predict")].filter { stages.contains($0.0) }
                .map { .string($0.1) })
        record.json["arguments"] = args.json
        if stages.contains(.train) { record.json["effective_arguments"] = .object(effective(result.trainer.state)) }
        record.json["task"] = .string(result.trainer.model.task.rawValue)
        record.json["labels"] = .array((tables.table?.labels ?? []).map { .string($0) })
        record.json["text_columns"] = result.task.textColumns.map { .array($0.map { .string($0) }) } ?? .null
        record.json["report"] = options.json(
            searchedDuplicates: tables.duplicates != nil)
        record.json["tables"] = tables.json
        record.json["processes"] = .int(result.trainer.accelerator.numProcesses)
        if let resumeFrom { record.json["resumed_from"] = .string("\(resumeFrom)") }
        for split in [result.trainRows, result.evaluationRows].compactMap(\.self) {
            try record.addSplit(split.name, split.given)
        }
        record.json["evaluated_split"] = result.evaluationRows.map { .string($0.name) } ?? .null
        record.json["parameters"] = .int(result.trainer.model.parameters().reduce(0) { $0 + $1.count })
        return record
    }

    /// What became of arguments that the length of a run changes or a share stands for: numbers of steps, and the batch
    /// size that was found. Intervals stand here where their strategy goes by steps.
    private func effective(_ state: TrainerState) -> JSONObject {
        var found: JSONObject = [
            "max_steps": .int(state.maxSteps), "per_device_train_batch_size": .int(state.trainBatchSize),
        ]
        if args.loggingStrategy == .steps { found["logging_steps"] = .int(state.loggingSteps) }
        if args.evalStrategy == .steps { found["eval_steps"] = .int(state.evalSteps) }
        if args.saveStrategy == .steps { found["save_steps"] = .int(state.saveSteps) }
        return found
    }

    /// What `estimate()` gives, after the checks that `runWithReport` makes before its first step.
    ///
    /// - Parameters:
    ///   - options: of the report that the run would have.
    ///   - measured: how many steps are timed, after one that is not.
    /// - Throws: what `estimate()` throws; `ReportError` as `runWithReport` before the first step.
    public func estimateWithReport(
        _ options: RunReportOptions = RunReportOptions(), measuring measured: Int = 5
    ) throws -> RunEstimate {
        try checking(options).estimate(measuring: measured)
    }

    /// This training, with a look at the options of a report: now at what can be known of them at once, and when the rows are
    /// there at the rest.
    private func checking(_ options: RunReportOptions) throws -> FineTuning {
        try checkSlices(options)
        try RunFiles.checkPlaces(in: args.outputDir)
        var tuning = self
        tuning.willBegin = { trainer, split in
            try willBegin(trainer, split)
            try checkSlices(options, trainer.model.task, evaluated: split)
        }
        return tuning
    }

    /// Names that no split has are known before anything is read.
    private func checkSlices(_ options: RunReportOptions) throws {
        for name in options.sliceColumns
        where !dataset.pairs.contains(where: { $0.dataset.columnNames.contains(text: name) }) {
            throw ReportError.noSlice(name, dataset.pairs.first?.dataset.columnNames ?? [])
        }
    }

    /// What can be known of slices before the first step: there are rows to evaluate, and they have the columns.
    private func checkSlices(_ options: RunReportOptions, _ task: ModelTask, evaluated split: Split?) throws {
        guard let first = options.sliceColumns.first else { return }
        guard let split, stages.contains(.evaluate) else {
            throw ReportError(
                .option, "nothing is evaluated, so there are no results to show by column '\(first)'",
                remedy: "Give rows to evaluate, or leave out {sliceColumns|--slice-column}.",
                at: ErrorLocation(column: first, option: "slice_column"))
        }
        if task == .maskedLM { throw ReportError.noRows(first, .maskedLM) }
        for name in options.sliceColumns where !split.given.columnNames.contains(text: name) {
            throw ReportError.noSlice(name, split.given.columnNames, split: split.name)
        }
    }
}

extension ReportError {
    static func noRows(_ column: String, _ task: ModelTask) -> ReportError {
        ReportError(
            .option,
            "\(task.rawValue) has no answers row by row, so there are no results to show by column '\(column)'",
            remedy: "Leave out {sliceColumns|--slice-column}.",
            at: ErrorLocation(column: column, option: "slice_column"))
    }

    static func noSlice(_ name: String, _ columns: [String], split: String? = nil) -> ReportError {
        let place = split.map { "split '\($0)' has" } ?? "there is"
        return ReportError(
            .option,
            "\(place) no column '\(name)' to show results by; the columns are \(columns.joined(separator: ", "))",
            remedy: "Name one of them with {sliceColumns|--slice-column}.",
            at: ErrorLocation(split: split, column: name, option: "slice_column"))
    }
}

extension FineTuning {
    /// What the model answers to the evaluated rows, one answer for each.
    struct Answers {
        let prepared: PreparedRows
        let output: PredictionOutput
    }
}

extension FineTuning.Result {
    /// All processes take part; `nil` where nothing is evaluated, and for tasks without an answer for each row.
    fileprivate func answers() throws -> FineTuning.Answers? {
        guard let split = evaluationRows, evaluation != nil, trainer.model.task != .maskedLM else { return nil }
        // The rows of an evaluation of embeddings may be fewer: those of pairs that mean the same.
        let isOfPairs = trainer.model.task == .sentenceEmbeddings
        let prepared = isOfPairs ? try task.prepare(split.given, split: split.name, for: .prediction) : split.prepared
        if !isOfPairs, let output = trainer.latestOutput {
            return FineTuning.Answers(prepared: prepared, output: output)
        }
        // Without a word to callbacks' logs.
        let callbacks = trainer.callbacks
        defer { trainer.callbacks = callbacks }
        trainer.callbacks = []
        return FineTuning.Answers(
            prepared: prepared, output: try trainer.predict(prepared.dataset, metricKeyPrefix: "report"))
    }
}
