import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTasks
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing

import SwiftletReports

/// Runs with reports: the same training, and files that say what it was.
@Suite(.oneAtATime, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct RunTests {
    let folder: TemporaryDirectory
    let small: SmallTask

    init() throws {
        folder = try TemporaryDirectory()
        small = try SmallTask(in: folder)
    }

    private func tuning(_ output: String) throws -> FineTuning {
        var args = TrainingArguments(folder.file(output))
        args.maxSteps = 4
        args.loggingSteps = 1
        args.evalStrategy = .steps
        args.evalSteps = 2
        args.saveStrategy = .no
        var tuning = FineTuning(model: small.model, dataset: try loadDataset(folder: small.data), args: args)
        tuning.options.metrics = ["glue/mrpc"]
        return tuning
    }

    private func options() -> RunReportOptions {
        var options = RunReportOptions()
        options.inputs.dataset = small.data
        options.inputs.dataFiles = [small.data]
        return options
    }

    private func section(_ content: JSONObject, _ id: String) throws -> JSONValue {
        let sections = try #require(content["sections"]?.array)
        return try #require(sections.first { $0["id"]?.string == id }, "\(id)")
    }

    @Test func `a training with a report is the same training`() throws {
        let (passes, usual) = (Passes(), Passes())
        var reported = try tuning("with")
        reported.callbacks.append(passes)
        let result = try reported.runWithReport(options())
        var plain = try tuning("without")
        plain.callbacks.append(usual)
        try plain.run()
        #expect(passes.count == usual.count)
        let replay = try RunReplay(folder: folder.file("with"))
        #expect(try replay.verdict(folder.file("without")).isIdentical)
        #expect(try replay.differences().isEmpty)

        // The answers are those that the metrics were computed of.
        let table = try PredictionTable(contentsOf: folder.file("with/predictions.parquet"))
        let metrics = try table.summary()
        let logged = try #require(result.evaluation?.first { $0.name == "eval_accuracy" }?.value)
        #expect(metrics.first { $0.name == "accuracy" }?.value == logged)
        let loss = try #require(result.evaluation?.first { $0.name == "eval_loss" }?.value)
        let own = try #require(metrics.first { $0.name == "log_loss" }?.value)
        #expect(abs(own - loss) < 1e-5)
        #expect(try table.numbers("token_count").allSatisfy { $0 > 2 })

        // The page shows them, the curves and the suspects.
        let report = try RunReport(folder: folder.file("with"))
        let content = try report.content(title: "with")
        #expect(try section(content, "curves")["blocks"]?.array?.count == 4)
        #expect(content["lead"]?.string?.contains("fine-tuned for text-classification") == true)
        for id in [
            "metrics", "classes", "confusion", "calibration", "thresholds", "scores", "rows", "labels", "leakage",
            "lengths", "run",
        ] {
            _ = try section(content, id)
        }
        #expect(FileSystem.exists(folder.file("with/report.html")))
        #expect(FileSystem.exists(folder.file("with/label_suspects.parquet")))
        let record = report.record
        #expect(record.json["versions"]?["swiftlet"]?.string == swiftletVersion)
        #expect(record.json["weights"]?.array?.first?["path"]?.string == "model.safetensors")
        #expect(record.json["machine"]?["threads"]?.int == threadCount)
    }

    /// Counts how often rows are evaluated.
    private final class Passes: TrainerCallback {
        var count = 0
        func onPredictionStep(_ state: TrainerState, done: Int, total: Int) { if done == total { count += 1 } }
    }

    @Test func `what has changed since a run is named`() throws {
        try tuning("out").runWithReport(options())
        let replay = try RunReplay(folder: folder.file("out"))
        let file = "\(small.data)/validation.jsonl"
        try AtomicFile.write(try MappedFile.text(file) + "\n", to: file)
        let changed = try replay.differences()
        #expect(changed.count == 1 && changed[0].contains("validation.jsonl") && changed[0].contains("changed"))
        try FileSystem.remove(file)
        #expect(try replay.differences().first?.contains("is gone") == true)
        let weights = folder.file("out/model.safetensors")
        try AtomicFile.write(Array(try MappedFile.text(folder.file("out/config.json")).utf8), to: weights)
        #expect(try replay.differences().contains { $0.hasPrefix("weights file '\(weights)' has changed") })
        var json = replay.record.json
        json["resumed_from"] = "last"
        try RunRecord(json).write(to: folder.file("out"))
        let error = #expect(throws: ReportError.self) { try RunReplay(folder: folder.file("out")) }
        #expect(error?.kind == .replay)
        #expect(throws: ReportError.self) { try RunReplay(folder: small.data) }
        for command: JSONValue in [.null, [], "train", ["swiftlet", 1]] {
            var json = replay.record.json
            json["command"] = command
            try RunRecord(json).write(to: folder.file("out"))
            let error = #expect(throws: ReportError.self) { try RunReplay(folder: folder.file("out")) }
            #expect(error?.message.contains("run.json' has no command") == true)
        }
    }

    @Test func `a run is made again without report and upload, and with logs of its own`() throws {
        func words(_ command: [String]) throws -> [String] {
            let record: JSONObject = [
                "format": 1, "command": .array(command.map { .string($0) }), "working_directory": "/there",
                "weights": [["path": "model.safetensors", "size": 1, "sha256": "0"]],
            ]
            try FileSystem.createDirectory(folder.file("run"))
            try RunRecord(record).write(to: folder.file("run"))
            return try RunReplay(folder: folder.file("run")).arguments(outputDir: "new")
        }
        let end = ["--push-to-hub", "false", "--output-dir", "new", "--no-report"]
        #expect(
            try words([
                "swiftlet", "train", "--push_to_hub", "true", "a.yaml", "--hub-model-id", "me/it", "--seed", "1",
            ])
                == ["train", "a.yaml", "--seed", "1"] + end)
        #expect(
            try words(["swiftlet", "train", "--hub-private-repo", "a.json", "--slice-column", "x", "y", "--fp16"])
                == ["train", "a.json", "--fp16"] + end)
        #expect(
            try words(["swiftlet", "train", "--logging_dir=logs", "--report"])
                == ["train", "--logging_dir=logs", "--push-to-hub", "false", "--logging-dir", "new/runs"]
                + end.dropFirst(2))
        #expect(try words(["swiftlet", "quickstart"]) == ["quickstart"] + end.dropFirst(2))
        // Data is looked for from where the run was started.
        var json = try RunRecord(folder: folder.file("run")).json
        json["data"] = ["files": [["path": "rows.csv", "size": 1, "sha256": "0"]]]
        try RunRecord(json).write(to: folder.file("run"))
        #expect(
            try RunReplay(folder: folder.file("run")).differences().prefix(2)
                == [
                    "data file '/there/rows.csv' is gone",
                    "weights file '\(folder.file("run"))/model.safetensors' is gone",
                ])
    }

    @Test func `runs on the same rows are compared, others are not`() throws {
        try tuning("a").runWithReport(options())
        var other = try tuning("b")
        other.args.learningRate = 3e-3
        try other.runWithReport(options())
        let comparison = try RunComparison(folders: [folder.file("a"), folder.file("b")])
        let settings = comparison.differingSettings()
        #expect(settings.map(\.name) == ["arguments.learning_rate"])
        let text = try comparison.text()
        #expect(text.contains("accuracy") && text.contains("McNemar"))
        #expect(try comparison.page().contains("Settings that differ"))
        let same = try RunComparison(folders: [folder.file("a"), folder.file("a")])
        #expect(try same.differences(1).allSatisfy { $0.first == $0.other && ($0.pValue == 1 || $0.pValue.isNaN) })
        #expect(try same.mcNemar(1)?.pValue == 1)
        #expect(try same.changedRows(1).isEmpty)

        var fewer = try tuning("c")
        fewer.splits.maxEvalSamples = 3
        try fewer.runWithReport(options())
        let error = #expect(throws: ReportError.self) {
            try RunComparison(folders: [folder.file("a"), folder.file("c")])
        }
        #expect(error?.kind == .differentRows)
    }

    @Test func `an evaluation leaves a report, with slices and explanations`() throws {
        try tuning("out").run()
        let rows = try loadDataset(folder: small.data).split("validation")
        let saved = try FineTunedModel(folder: folder.file("out"), splits: [("validation", rows)])
        var options = options()
        options.sliceColumns = ["label"]
        _ = try saved.evaluateWithReport(rows, modelFolder: folder.file("out"), to: folder.file("evaluation"), options)
        var report = try RunReport(folder: folder.file("evaluation"))
        try report.explain(2, with: saved)
        let content = try report.content(title: "evaluation")
        #expect(
            try section(content, "explanations")["blocks"]?.array?.first?["columns"]?.array?.first?["values"]?.array?
                .count == 2)
        // The values of the tokens add up to what the text adds to the logit.
        for one in try saved.explain(rows, rows: [0, 1], steps: 64) {
            #expect(one.tokens.count == one.values.count)
            #expect(
                abs(one.values.reduce(0, +) - (one.logit - one.baselineLogit)) < 0.02 + 0.05
                    * abs(one.logit - one.baselineLogit))
        }
        options.sliceColumns = ["nothing"]
        let error = #expect(throws: ReportError.self) {
            try saved.evaluateWithReport(rows, modelFolder: folder.file("out"), to: folder.file("other"), options)
        }
        #expect(error?.location.column == "nothing")
        #expect(!FileSystem.exists(folder.file("other")))
    }

    @Test(arguments: [
        (ModelTask.tokenClassification, "Examples/data/entities", PredictionTable.Kind.tokens, "entity_f1"),
        (.questionAnswering, "Examples/data/questions", .answers, "exact_match"),
        (.multipleChoice, "Examples/data/endings", .classes, "accuracy"),
        (.sentenceEmbeddings, "Sources/SwiftletCLI/Resources/paraphrases", .vectors, "mean_cosine"),
    ]) func `every task has a report`(task: ModelTask, data: String, kind: PredictionTable.Kind, metric: String) throws
    {
        var rows = try loadDataset(folder: "\(Locations.root)/\(data)")
        rows = try rows.mapDatasets { try $0.take(10) }
        var args = TrainingArguments(folder.file("out"))
        args.maxSteps = 1
        args.saveStrategy = .no
        var tuning = FineTuning(model: small.model, dataset: rows, task: task, args: args)
        tuning.options.maxLength = 64
        try tuning.runWithReport()
        let report = try RunReport(folder: folder.file("out"))
        let table = try #require(report.table)
        #expect(table.kind == kind)
        #expect(table.count == (try rows.split("validation").numRows))
        #expect(try table.summary().contains { $0.name == metric })
        let content = try report.content(title: "out")
        #expect(try section(content, "rows")["blocks"]?.array?.count == 1)
        // Rows have no file here, so their own hash is kept.
        #expect(report.record.data["splits"]?["train"]?["rows_sha256"]?.string?.count == 64)
    }

    @Test func `numbers and several labels have reports, too`() throws {
        let texts = (0..<16).map { "text number \($0) of all" }
        func run(_ label: ColumnData, _ name: String) throws -> PredictionTable {
            let rows = try Dataset.fromColumns([("text", .strings(texts)), ("label", label)])
            var args = TrainingArguments(folder.file(name))
            args.maxSteps = 1
            args.saveStrategy = .no
            try FineTuning(
                model: small.model, dataset: DatasetDict([("train", rows), ("validation", rows)]), args: args
            )
            .runWithReport()
            return try #require(try RunReport(folder: folder.file(name)).table)
        }
        let numbers = try run(.doubles((0..<16).map { Double($0) / 3 }), "numbers")
        #expect(numbers.kind == .numbers)
        #expect(try numbers.summary().contains { $0.name == "mse" && $0.baseline != nil })
        let several = try run(
            .stringLists((0..<16).map { $0 % 3 == 0 ? ["a", "b"] : $0 % 2 == 0 ? ["c"] : [] }), "several")
        #expect(several.kind == .multipleLabels)
        #expect(several.labels == ["a", "b", "c"])
        #expect(try several.summary().contains { $0.name == "micro_f1" })
    }

    @Test func `arguments are searched as in Python`() throws {
        let rows = try Dataset.fromColumns([
            ("text", .strings((0..<16).map { $0 % 2 == 0 ? "good" : "bad" })),
            ("label", .ints((0..<16).map { $0 % 2 })),
        ])
        var args = TrainingArguments(folder.file("search"))
        args.maxSteps = 1
        args.saveStrategy = .no
        let tuning = FineTuning(
            model: small.model, dataset: DatasetDict([("train", rows), ("validation", rows)]), args: args)
        let model = small.model
        var best: BestRun?
        var searching = tuning
        searching.stages = [.train, .evaluate]
        let trainer = try searching.run().trainer
        best = try trainer.hyperparameterSearch(
            hpSpace: { trial in
                ["learning_rate": .double(trial.suggestFloat("learning_rate", 1e-6, 1e-2, log: true))]
            }, computeObjective: { $0.first { $0.name == "eval_loss" }?.value ?? .nan }, nTrials: 3
        ) { try AutoModelForSequenceClassification.fromPretrained(folder: model) }
        let found = try #require(best)
        #expect(found.table.rows.count == 3)
        #expect(found.objective == found.table.rows.map(\.mean).min())
        #expect(found.hyperparameters.keys == ["learning_rate"])
        #expect(
            Trainer.defaultObjective([("eval_loss", 3), ("eval_accuracy", 0.5), ("eval_runtime", 9), ("epoch", 1)])
                == 0.5)
        #expect(Trainer.defaultObjective([("eval_loss", 3), ("epoch", 1)]) == 3)
    }
}
