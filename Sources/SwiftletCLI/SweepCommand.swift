public import ArgumentParser
public import Swiftlet
import SwiftletCommandLine
import SwiftletIO

extension SearchMethod: ExpressibleByArgument {}
extension SweepSettings.Direction: ExpressibleByArgument {}

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Sweep.self,
        discussion: """
            swiftlet sweep --output-dir S --search learning_rate=loguniform:1e-5:1e-3 per_device_train_batch_size=8,16 \
            --metric accuracy -- --model M --dataset D --eval-strategy epoch

            What follows -- are options of 'swiftlet train'. Values are lists (8,16,32) or ranges (uniform:0:0.3, \
            loguniform:1e-5:1e-3, int:1:5, logint:1:64). A sweep that was interrupted goes on when the same command is given \
            again, and ends with the same table. Each setting runs with each seed, and the mean is what is compared. A run \
            that fails stays in the table with its reason. Exit status 1 if all fail.
            """)

    @Option(help: "Folder for the journal, the table (sweep.json) and the page (sweep.html).") var outputDir: String
    @Option(parsing: .upToNextOption, help: "Settings to search, each as name=values.") var search: [String] = []
    @Option(help: "grid, random, tpe or asha.") var method = SearchMethod.tpe
    @Option(help: "Settings to try; by default 20, for a grid all.") var trials: Int?
    @Option(parsing: .upToNextOption, help: "Seeds that each setting is run with.") var seeds: [UInt64] = [42]
    @Option(help: "Metric of the last evaluation, with or without eval_.") var metric = "eval_loss"
    @Option(
        help: "minimize or maximize; by default what the metric's name says, such as maximize for accuracy and f1.")
    var direction: SweepSettings.Direction?
    @Option(help: "Of the choice of settings.") var searchSeed: UInt64 = 0
    @Option(help: "Runs at the same time, each a process with its share of the threads.") var parallel = 1
    @Option(help: "Threads for all runs together; by default those of this machine.") var threads: Int?
    @Option(help: "asha: epochs of the first round.") var minEpochs = 1.0
    @Option(help: "asha: epochs of the last round.") var maxEpochs = 9.0
    @Option(help: "asha: of so many settings of a round, one goes on to the next, with so many times as many epochs.")
    var reductionFactor = 3
    @Flag(help: "Keep the models of all runs, not only what they measured.") var keepModels = false
    @Flag(help: "Of a sweep that goes on: run again what failed.") var retryFailed = false
    @Flag(
        help:
            "Check all settings, model and data, run a few steps of one, say what it would take, and leave nothing behind."
    )
    var dryRun = false
    @OptionGroup(title: "Output") var messages: MessageOptions
    @Argument(parsing: .postTerminator, help: "Options of 'swiftlet train'.") var training: [String] = []

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is below 1.") }
        do { try settings().validate() } catch let error as ReportError {
            throw ValidationError(error.commandLineDescription)
        }
    }

    private func settings() throws -> SweepSettings {
        let space = try search.map { text -> (name: String, dimension: SearchDimension) in
            guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
                throw ValidationError("--search '\(text)' is not like name=values.")
            }
            let name = text[..<sign].drop { $0 == "-" }.replacing("-", with: "_")
            let range = String(text[text.index(after: sign)...])
            return (String(name), try SearchDimension(parsing: range, for: String(name)))
        }
        var settings = SweepSettings(space: space, method: method, trialCount: trials ?? (method == .grid ? nil : 20))
        settings.seeds = seeds
        settings.metric = metric
        if let direction { settings.direction = direction }
        settings.seed = searchSeed
        settings.parallelRuns = parallel
        (settings.minEpochs, settings.maxEpochs, settings.reductionFactor) = (minEpochs, maxEpochs, reductionFactor)
        return settings
    }

    func run() throws {
        var settings = try settings()
        let folder = absolute(FileSystem.expandingTilde(outputDir))
        let training = try SweepTraining(training, settings, search: search)
        let samples = try training.checked(folder: folder)
        settings.commonOptions = training.common
        settings.metricTitle = training.title(ofMetric: metric)
        if dryRun {
            try estimate(settings, samples, folder)
            return
        }
        let sweep = try Sweep(settings, folder: folder, retriesFailures: retryFailed)
        let table: SweepTable
        do { table = try self.table(of: sweep, training, samples, folder) } catch {
            // What was refused leaves nothing.
            sweep.removeIfEmpty()
            throw error
        }
        try write(table, to: folder)
        say(
            messages.json ? table.json.text(.line) : table.text(listsFailures: !messages.showsProgress),
            terminator: messages.json ? "\n" : "")
        guard table.failureCount < table.runCount else {
            // Reasons stand above, but for a reader of the JSON.
            let reason = messages.json ? ": \(table.rows.first?.failure ?? "for unknown reasons")" : ""
            throw LaunchError(
                "all \(table.runCount) runs failed\(reason)",
                remedy:
                    "Their logs are in '\(FileSystem.join(folder, "runs"))'. Once the reason is gone, give the same command with "
                    + "--retry-failed.")
        }
    }

    private func table(
        of sweep: Sweep, _ training: SweepTraining, _ samples: [TrainCommand], _ folder: String
    ) throws -> SweepTable {
        var sweep = sweep
        let settings = sweep.settings
        if settings.runCount != sweep.knownRunCount { try SweepTraining.fetchInputs(of: samples) }
        if sweep.knownRunCount == 0 { try checkMetric(samples) }
        let runs = try SweepRuns(
            training, folder: folder, threads: max((threads ?? threadCount) / settings.parallelRuns, 1),
            keepsModels: keepModels)
        defer { runs.stop() }
        if messages.showsProgress {
            sayBeginning(sweep)
            sweep.onOutcome = { show($0, $1, $2, settings) }
        }
        sweep.onTable = { try write($0, to: folder) }
        return try sweep.run(runs)
    }

    /// Checks what can be known before the first run, and says what it would be like.
    private func estimate(_ settings: SweepSettings, _ samples: [TrainCommand], _ folder: String) throws {
        // A journal that is there must be of the same sweep.
        if FileSystem.exists(FileSystem.join(folder, "sweep.jsonl")) { _ = try Sweep(settings, folder: folder) }
        try SweepTraining.fetchInputs(of: samples)
        guard let first = samples.first else { return }
        let estimate = try namingChoices { try first.estimate(expecting: checkedMetric) }
        if messages.json {
            var object = estimate.json
            object["runs"] = settings.runCount.map { .int($0) } ?? .null
            say(JSONValue.object(object).text(.line))
        } else {
            let count = settings.runCount.map(String.init) ?? "an unknown number of"
            sayGoal(settings)
            say("\(count) runs, \(settings.parallelRuns) at a time; one of them, with all threads:\n\(estimate.text)")
        }
    }

    private func write(_ table: SweepTable, to folder: String) throws {
        try AtomicFile.write(table.json.text(JSONStyle(indent: 2)) + "\n", to: FileSystem.join(folder, "sweep.json"))
        try AtomicFile.write(table.page(title: FileSystem.name(of: folder)), to: FileSystem.join(folder, "sweep.html"))
    }

    /// The metric, where evaluations in a training give it. Others can't be asked for before there is a model.
    private var checkedMetric: String? {
        ["train_", "test_", "predict_"].contains(where: { metric.hasPrefix($0) }) ? nil : metric
    }

    /// A run takes its time; whether it will have the metric is known before.
    private func checkMetric(_ samples: [TrainCommand]) throws {
        guard let checkedMetric else { return }
        do { try namingChoices { try samples.first?.check(expecting: checkedMetric) } } catch let error as TaskError
            where error.kind == .split
        {
            throw error
        } catch let error as ReportError { throw error } catch {
            // What else is wrong with this run may be right in the next.
        }
    }

    /// Says what is wrong with a metric in terms of this command's option.
    private func namingChoices<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as TrainingError where !error.metricChoices.isEmpty {
            throw ReportError(
                .sweep,
                "no run will have a metric '\(metric)': evaluations give \(error.metricChoices.joined(separator: ", "))",
                remedy: "Name one of those with --metric.", at: ErrorLocation(option: "metric"))
        }
    }

    private func sayGoal(_ settings: SweepSettings) {
        say(
            "the best setting has the \(settings.direction == .minimize ? "smallest" : "largest") "
                + "\(settings.shownMetric.shown()) "
                + "(\(settings.direction.rawValue))")
    }

    /// What is judged how, and what an earlier call has left.
    private func sayBeginning(_ sweep: Sweep) {
        let settings = sweep.settings
        sayGoal(settings)
        if let usual = SweepSettings.Direction(ofMetric: metric), usual != settings.direction {
            noteOnStandardError("--direction \(settings.direction.rawValue) looks for the worst \(metric.shown())")
        }
        let sizes = settings.space.map { $0.dimension.grid?.count ?? .max }
        if settings.method != .grid, let all = CheckedNumber.product(sizes), let trials = settings.trialCount,
            all < trials
        {
            noteOnStandardError(
                "there are only \(all) different settings for \(trials) trials, so some come more than once; --method grid "
                    + "tries each once")
        }
        guard sweep.knownRunCount > 0 else { return }
        let all = settings.runCount.map { " of \($0)" } ?? ""
        let failed = sweep.knownFailureCount
        say(
            "already known: \(sweep.knownRunCount)\(all) runs"
                + (failed == 0 ? "" : ", of which \(failed) failed; --retry-failed runs them again"))
    }

    private func show(_ run: SweepRun, _ values: JSONObject, _ outcome: SweepOutcome, _ settings: SweepSettings) {
        let said = values.map { "\($0) \(SweepTable.shownValue($1))" }.joined(separator: ", ").shown()
        let round = settings.method == .asha ? ", round \(run.round)" : ""
        let result =
            outcome.failure.map { "failed: \($0.shown())" }
            ?? settings.value(in: outcome).map(SweepTable.shownMetric) ?? ""
        say("trial \(run.trial)\(round), seed \(run.seed): \(said): \(result)" + (outcome.isKnown ? " (known)" : ""))
    }
}
