import ArgumentParser
import Logging
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

/// What a run leaves besides the model.
struct PageOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: "Write report.html, run.json and the tables of predictions, doubtful labels and near duplicates.")
    var report = true
    @Option(
        parsing: .upToNextOption,
        help: "Columns of the evaluated split by whose values the report shows results; numbers in ranges.")
    var sliceColumn: [String] = []

    func validate() throws {
        if !report, !sliceColumn.isEmpty {
            throw ValidationError("--slice-column is for the report; leave out --no-report.")
        }
    }

    /// Runs a training with a report, or without one where none is wanted. Then the report that an earlier run has left in
    /// the folder goes away: it would stand beside results that it isn't about.
    func run(_ tuning: FineTuning, _ options: RunReportOptions) throws {
        guard !report else {
            try tuning.runWithReport(options)
            return
        }
        let trainer = try tuning.run().trainer
        guard trainer.accelerator.isMainProcess, !tuning.stages.isDisjoint(with: [.train, .evaluate]) else { return }
        let removed = RunFiles.removeStale(in: tuning.args.outputDir)
        guard !removed.isEmpty else { return }
        tuning.logger.notice(
            "removed the report of an earlier run from \(tuning.args.outputDir): \(removed.joined(separator: ", "))")
    }

    /// - Parameter data: where the rows come from.
    func options(_ data: DatasetOptions? = nil) -> RunReportOptions {
        var options = RunReportOptions()
        options.sliceColumns = sliceColumn
        if let data { options.inputs = data.inputs }
        return options
    }
}

extension DatasetOptions {
    /// What the record of a run says of the data. Of a dataset on the Hub the rows themselves are hashed.
    var inputs: RunInputs {
        var inputs = RunInputs()
        inputs.dataset = dataset
        inputs.datasetConfig = config
        let paths = [dataset, trainFile, validationFile, testFile].compactMap { $0.map(FileSystem.expandingTilde) }
        inputs.dataFiles = paths.filter(FileSystem.exists)
        return inputs
    }
}

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Report.self,
        discussion: """
            Reads run.json, trainer_state.json, predictions.parquet and the other tables in the folder. --explain shows which \
            tokens mattered for the rows that are most worth a look, by integrated gradients.
            """)

    @Argument(help: "Output folder of a training or an evaluation.") var folder: String
    @Option(
        parsing: .upToNextOption,
        help: "Columns of predictions.parquet by whose values results are shown, in place of those of the run.")
    var sliceColumn: [String] = []
    @Option(help: "Explain so many rows: the surest mistakes, then the least sure.") var explain: Int?
    @Option(help: "Points of an explanation's way; more is more exact.") var explainSteps = 32
    @OptionGroup var columns: ColumnOptions
    @Option(help: "File for the page; by default report.html in the folder.") var output: String?
    @OptionGroup var speed: KernelOptions
    @OptionGroup(title: "Output") var messages: MessageOptions

    func validate() throws {
        if let explain, explain < 1 { throw ValidationError("--explain is \(explain); it must be at least 1.") }
        guard explainSteps > 0 else { throw ValidationError("--explain-steps is below 1.") }
    }

    func run() throws {
        let folder = FileSystem.expandingTilde(folder)
        var options = RunReportOptions()
        options.sliceColumns = sliceColumn
        var report = try RunReport(folder: folder, options)
        if let explain { try report.explain(explain, with: try model(of: report, folder)) }
        let path = output.map(FileSystem.expandingTilde) ?? FileSystem.join(folder, RunFiles.page)
        try AtomicFile.write(try report.page(title: FileSystem.name(of: folder)), to: path)
        if messages.json {
            print(
                JSONValue.object([
                    "report": .string(path), "slice_columns": .array(report.sliceColumns.map { .string($0) }),
                    "tables": report.record.json["tables"] ?? .object([:]),
                ]).text(.line))
        } else if !messages.quiet {
            say("wrote \(path.shown())")
        }
    }

    /// The model that answered: that of the folder, or the one that was evaluated.
    private func model(of report: RunReport, _ folder: String) throws -> FineTunedModel {
        guard let rows = try report.evaluatedRows() else {
            throw UsageError(
                message: "error: option '--explain' needs a run with predictions, and '\(folder)' has none")
        }
        var options = TaskOptions()
        columns.apply(to: &options)
        var args = TrainingArguments()
        try speed.apply(to: &args)
        let place = FileSystem.exists(FileSystem.join(folder, "config.json")) ? folder : report.modelFolder ?? folder
        return try FineTunedModel(
            folder: place, splits: [("validation", rows)], options: options, args: args, logger: messages.logger,
            for: .prediction)
    }
}

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Replay.self,
        discussion: """
            Reads run.json in the folder, says what is not as it was (data, model, versions, processor, threads), runs the same \
            command into another folder, and compares the weights byte by byte. Exit status 0 if they are identical, 1 if not. It \
            takes as long as the run did, needs model and data where they were, and leaves the run itself alone.
            """)

    @Argument(help: "Output folder of a training.") var folder: String
    @Option(help: "Folder for the new run, which stays; by default <folder>.replay, which is removed at the end.")
    var outputDir: String?
    @Flag(help: "Only say what is not as it was; run nothing.") var check = false
    @OptionGroup(title: "Output") var messages: MessageOptions

    func run() throws {
        let folder = FileSystem.expandingTilde(folder)
        let replay = try RunReplay(folder: folder)
        let differences = try replay.differences()
        if !messages.json {
            for difference in differences { say("changed: \(difference.shown())") }
            if differences.isEmpty { say("data, model, versions and processor are as they were") }
        }
        if check {
            if messages.json { show(differences, nil) }
            if !differences.isEmpty { throw ExitCode(1) }
            return
        }
        let place = resolved(folder)
        let target = absolute(outputDir.map(FileSystem.expandingTilde) ?? place + ".replay")
        guard !FileSystem.exists(target) else {
            throw UsageError(
                message: "error: '\(target)' is there already", remedy: "Name another folder with --output-dir.")
        }
        defer { if outputDir == nil { try? FileSystem.remove(target) } }
        try start(try replay.arguments(outputDir: target), in: replay.record.workingDirectory)
        let verdict = try RunReplay(folder: place).verdict(target)
        if messages.json {
            show(differences, verdict)
        } else if verdict.isIdentical {
            print("the weights are byte-identical")
        } else {
            for file in verdict.files { print("weights: \(file.shown())") }
            print(
                "the weights are not the same"
                    + (differences.isEmpty
                        ? ", though nothing is known to have changed" : "; see what has changed, above"))
        }
        if !verdict.isIdentical { throw ExitCode(1) }
    }

    private func show(_ differences: [String], _ verdict: RunReplay.Verdict?) {
        var object: JSONObject = ["changed": .array(differences.map { .string($0) })]
        if let verdict {
            object["identical"] = .bool(verdict.isIdentical)
            object["weights"] = .array(verdict.files.map { .string($0) })
        }
        say(JSONValue.object(object).text(.line))
    }

    private func start(_ arguments: [String], in directory: String?) throws {
        guard let program = ProgramProcess.path else { throw LaunchError("this program's own file is not known") }
        if let directory, !changeDirectory(directory) {
            throw UsageError(
                message: "error: the run was started in '\(directory)', which is not there",
                remedy: "Make that folder first.")
        }
        let child = try ChildProcess([program] + arguments, environment: ChildProcess.inheritedEnvironment())
        // Signals that end this program must not leave the other one behind.
        let signals = InterruptSignals(passingOnTo: child.send)
        defer { signals.cancel() }
        let end = child.wait()
        guard end.isSuccess else { throw LaunchError("the run \(end.text)", remedy: "Its own message is above.") }
    }
}

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Compare.self,
        discussion: """
            Reads run.json and predictions.parquet of each folder. The first run is what the others are compared with: paired \
            bootstrap of the metrics, McNemar's exact test, rows with another prediction, and settings that differ.
            """)

    @Argument(help: "Output folders of trainings or evaluations.") var folders: [String]
    @Option(help: "File for a page (.html).") var output: String?
    @OptionGroup(title: "Output") var messages: MessageOptions

    func validate() throws {
        guard folders.count > 1 else { throw ValidationError("Name two output folders at least.") }
        if let output, !output.lowercased().hasSuffix(".html") {
            throw ValidationError("--output is '\(output)'; the page is an .html file.")
        }
    }

    func run() throws {
        let comparison = try RunComparison(folders: folders.map(FileSystem.expandingTilde))
        if let output { try AtomicFile.write(try comparison.page(), to: FileSystem.expandingTilde(output)) }
        print(
            messages.json ? try comparison.json().text(.line) : try comparison.text(),
            terminator: messages.json ? "\n" : "")
    }
}
