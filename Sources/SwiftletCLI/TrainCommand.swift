import ArgumentParser
import Logging
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Train.self,
        discussion: """
            Without --do-train, --do-eval and --do-predict the model is trained and evaluated. With one or more of them, \
            just that is done, as by Python's scripts.
            """)

    @Option(
        help: "Folder of a pretrained model, or its name on the Hub, such as bert-base-uncased.", completion: .directory
    )
    var model: String
    @Option(help: "Branch, tag or commit of a model on the Hub.") var modelRevision = "main"
    @Option(help: "What to train for.") var task = TaskName(task: .sequenceClassification)
    @Option(
        help: "Go on from a checkpoint: a folder, or 'last' for the newest of --output-dir.", completion: .directory)
    var resumeFromCheckpoint: String?
    @OptionGroup var stages: StageOptions
    @OptionGroup var data: DatasetOptions
    @OptionGroup(title: "Rows and columns, as Python's scripts have them") var scriptData: ScriptDataOptions
    @OptionGroup(title: "Rows") var splits: SplitOptions
    @OptionGroup(title: "Labels") var labels: LabelOptions
    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Tasks") var taskOptions: TaskArguments
    @OptionGroup var training: TrainingOptions
    @OptionGroup(title: "Output") var output: MessageOptions
    @OptionGroup(title: "Report") var page: PageOptions
    @Flag(help: "Run a few steps, say what the whole run would take, and leave nothing behind.") var dryRun = false
    @OptionGroup(title: "Hub") var push: HubPushOptions

    func validate() throws {
        try taskOptions.check(task.task, columns: data.columns, labels: labels, metrics: metrics)
    }

    func run() throws {
        let args = try training.arguments()
        let watch = ParentWatch()
        defer { withExtendedLifetime(watch) {} }
        // Before the data is read: whoever is missing or has other arguments is better known early.
        let group = try ProcessGroup.shared(timeout: .seconds(args.ddpTimeout))
        defer { group?.close() }
        do { try train(args, group) } catch {
            group?.announceFailure("\(error)")
            throw error
        }
    }

    /// What the whole run would take, from a few steps; leaves nothing behind.
    ///
    /// - Parameter metric: what evaluations have to give, if that is to be looked at.
    func estimate(expecting metric: String?) throws -> RunEstimate { try estimate(try rehearsal(metric)) }

    /// Checks what can be known before the first step, and that evaluations give a metric.
    func check(expecting metric: String) throws { try rehearsal(metric).check() }

    private func rehearsal(_ metric: String?) throws -> FineTuning {
        var tuning = try tuning(try training.arguments(), isMainProcess: true)
        tuning.expectedMetric = metric
        return tuning
    }

    private func estimate(_ tuning: FineTuning) throws -> RunEstimate {
        page.report ? try tuning.estimateWithReport(page.options(data)) : try tuning.estimate()
    }

    /// The training as the options say it, without what shows it and ends it early.
    private func tuning(_ args: TrainingArguments, isMainProcess: Bool) throws -> FineTuning {
        var tuning = FineTuning(
            model: try HubNames.model(model, revision: modelRevision), dataset: try scriptData.applied(to: data.load()),
            task: task.task, args: args)
        data.apply(to: &tuning.options)
        labels.apply(to: &tuning.options)
        try metrics.apply(to: &tuning.options)
        taskOptions.apply(to: &tuning.options)
        tuning.splits = splits.selection(seed: args.seed)
        tuning.modelName = model
        tuning.cardDatasets = data.cardDatasets
        tuning.stages = stages.stages
        tuning.resumeFrom = resumeFromCheckpoint.map(ResumePoint.init)
        // All must stop at the same step; the rest only writes.
        tuning.callbacks = try training.callbacks(args).filter { isMainProcess || $0 is EarlyStoppingCallback }
        tuning.logger = output.logger
        if !isMainProcess { tuning.logger.logLevel = .error }
        return tuning
    }

    private func train(_ args: TrainingArguments, _ group: ProcessGroup?) throws {
        let isMainProcess = group.map { $0.rank == 0 } ?? true
        var tuning = try tuning(args, isMainProcess: isMainProcess)
        if dryRun {
            let estimate = try estimate(tuning)
            if isMainProcess { show(estimate) }
            return
        }
        // A launcher that starts all again means: from where they were. Without a checkpoint of that, as at first.
        if let own = try Checkpoint.ofThisLaunch(in: args.outputDir, group) { tuning.resumeFrom = .path(own) }
        if isMainProcess, output.showsProgress {
            // An evaluation alone is printed as a table.
            let progress = ProgressCallback(showsBar: !args.disableTqdm, printsLogs: tuning.stages.contains(.train))
            tuning.callbacks.append(progress)
            // What follows is printed as a table, not as a log too.
            tuning.didTrain = { _ in progress.printsLogs = false }
        }
        tuning.onResults = { output.show($0, $1) }
        var signals: InterruptSignals?
        tuning.willTrain = { signals = InterruptSignals($0.stop) }
        defer { signals?.cancel() }
        let upload = isMainProcess ? try push.prepare(outputDir: args.outputDir) : nil
        try page.run(tuning, page.options(data))
        try upload?.run()
    }

    private func show(_ estimate: RunEstimate) {
        say(output.json ? JSONValue.object(estimate.json).text(.line) : estimate.text)
    }
}

extension RunEstimate {
    /// In a form for programs; times of fewer than two steps are `null`.
    var json: JSONObject {
        [
            "steps": .int(steps), "seconds_per_step": .finite(secondsPerStep), "seconds": .finite(seconds),
            "peak_memory_bytes": .int(peakMemory), "disk_bytes": .int(diskSpace),
        ]
    }

    /// Two lines for a terminal.
    var text: String {
        let whole = Int(exactly: seconds.rounded())
        let time = whole.map { " of \(shortText(secondsPerStep)) s: about \($0) s, without evaluations" }
        return "\(steps) step\(steps == 1 ? "" : "s")\(time ?? ", too few to be timed")\n"
            + "memory so far \(sizeText(peakMemory)), disk \(sizeText(diskSpace))"
    }
}
