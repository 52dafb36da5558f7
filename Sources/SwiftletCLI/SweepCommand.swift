public import ArgumentParser
public import Swiftlet
import SwiftletCommandLine
import SwiftletIO
import Synchronization

extension SearchMethod: ExpressibleByArgument {}
extension SweepSettings.Direction: ExpressibleByArgument {}

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Sweep.self,
        discussion: """
            swiftlet sweep --output-dir S --search learning_rate=loguniform:1e-5:1e-3 per_device_train_batch_size=8,16 \
            --metric accuracy --direction maximize -- --model M --dataset D --eval-strategy epoch

            What follows -- are options of 'swiftlet train'. Values are lists (8,16,32) or ranges (uniform:0:0.3, \
            loguniform:1e-5:1e-3, int:1:5, logint:1:64). A sweep that was interrupted goes on when the same command is given \
            again, and ends with the same table. Each setting runs with each seed, and the mean is what is compared.
            """)

    @Option(help: "Folder for the journal, the table (sweep.json) and the page (sweep.html).") var outputDir: String
    @Option(parsing: .upToNextOption, help: "Settings to search, each as name=values.") var search: [String] = []
    @Option(help: "grid, random, tpe or asha.") var method = SearchMethod.tpe
    @Option(help: "Settings to try; by default 20, for a grid all.") var trials: Int?
    @Option(parsing: .upToNextOption, help: "Seeds that each setting is run with.") var seeds: [UInt64] = [42]
    @Option(help: "Metric of the last evaluation, with or without eval_.") var metric = "eval_loss"
    @Option(help: "minimize or maximize.") var direction = SweepSettings.Direction.minimize
    @Option(help: "Of the choice of settings.") var searchSeed: UInt64 = 0
    @Option(help: "Runs at the same time, each a process with its share of the threads.") var parallel = 1
    @Option(help: "Threads for all runs together; by default those of this machine.") var threads: Int?
    @Option(help: "asha: epochs of the first round.") var minEpochs = 1.0
    @Option(help: "asha: epochs of the last round.") var maxEpochs = 9.0
    @Option(help: "asha: of so many settings of a round, one goes on to the next, with so many times as many epochs.")
    var reductionFactor = 3
    @Flag(help: "Keep the models of all runs, not only what they measured.") var keepModels = false
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
            return (String(name), try SearchDimension(parsing: String(text[text.index(after: sign)...])))
        }
        var settings = SweepSettings(space: space, method: method, trialCount: trials ?? (method == .grid ? nil : 20))
        settings.seeds = seeds
        settings.metric = metric
        settings.direction = direction
        settings.seed = searchSeed
        settings.parallelRuns = parallel
        (settings.minEpochs, settings.maxEpochs, settings.reductionFactor) = (minEpochs, maxEpochs, reductionFactor)
        return settings
    }

    func run() throws {
        let settings = try settings()
        let folder = absolute(FileSystem.expandingTilde(outputDir))
        let options = training.first == "train" ? Array(training.dropFirst()) : training
        // A name that no training has is better known before the first run.
        let sample = settings.space.flatMap { name, dimension in ["--\(name)", ProcessRunner.word(dimension.sample)] }
        _ = try SwiftletCommand.parseAsRoot(
            try normalized(["train"] + options + sample + ["--output-dir", folder], note: { _ in }))
        var sweep = try Sweep(settings, folder: folder)
        let runner = try ProcessRunner(
            options: options, folder: folder, threads: max((threads ?? threadCount) / settings.parallelRuns, 1),
            keepsModels: keepModels)
        defer { runner.stop() }
        if messages.showsProgress {
            sweep.onOutcome = { run, values, outcome in
                let said = values.map { "\($0) \(ProcessRunner.word($1))" }.joined(separator: ", ").shown()
                let result =
                    outcome.failure.map { "failed: \($0.shown())" }
                    ?? (outcome.metrics[settings.metric] ?? outcome.metrics["eval_\(settings.metric)"])?.double.map(
                        shortText) ?? ""
                print("trial \(run.trial), seed \(run.seed): \(said): \(result)")
            }
        }
        let table = try sweep.run(runner)
        try AtomicFile.write(table.json.text(JSONStyle(indent: 2)) + "\n", to: FileSystem.join(folder, "sweep.json"))
        try AtomicFile.write(table.page(title: FileSystem.name(of: folder)), to: FileSystem.join(folder, "sweep.html"))
        if messages.json { print(table.json.text(.line)) } else { print(table.text, terminator: "") }
    }
}

/// Runs trainings as processes of this program.
final class ProcessRunner: SweepRunner {
    private let program: String
    private let options: [String]
    private let folder: String
    private let keepsModels: Bool
    private let environment: [String: String]
    private let children = Children()
    private let signals: InterruptSignals

    /// What a signal's handler needs to know.
    private final class Children: Sendable {
        let running = Mutex<[ChildProcess]>([])
        let wasStopped = Atomic<Bool>(false)

        func send(_ number: Int32) { running.withLock { $0.forEach { $0.send(number) } } }
    }

    init(options: [String], folder: String, threads: Int, keepsModels: Bool) throws {
        guard let program = ChildProcess.ownPath else { throw LaunchError("this program's own file is not known") }
        (self.program, self.options, self.folder, self.keepsModels) = (program, options, folder, keepsModels)
        var environment = ChildProcess.inheritedEnvironment()
        environment["OMP_NUM_THREADS"] = String(threads)
        environment[ParentWatch.variable] = "1"
        self.environment = environment
        let children = children
        signals = InterruptSignals { number in
            children.wasStopped.store(true, ordering: .sequentiallyConsistent)
            children.send(number)
        }
    }

    /// Ends what still runs.
    func stop() {
        signals.cancel()
        children.send(9)
    }

    struct Started {
        let child: ChildProcess
        let folder: String
        let log: String
    }

    /// A value as a word of a command line.
    static func word(_ value: JSONValue) -> String { value.string ?? value.text() }

    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> Started {
        let name = "trial-\(run.trial)" + (epochs == nil ? "" : "-round-\(run.round)") + "-seed-\(run.seed)"
        // What an interrupted run has left may still be written to for a moment.
        var place = FileSystem.join(folder, "runs/\(name)")
        var attempt = 1
        while FileSystem.exists(place) {
            attempt += 1
            place = FileSystem.join(folder, "runs/\(name)-attempt-\(attempt)")
        }
        try FileSystem.createDirectory(place)
        var words = [program, "train"] + options
        for (name, value) in values { words += ["--\(name)", Self.word(value)] }
        if let epochs { words += ["--num-train-epochs", String(epochs)] }
        words += ["--seed", String(run.seed), "--output-dir", place, "--no-report", "--quiet"]
        let log = FileSystem.join(place, "log.txt")
        let child = try ChildProcess(words, environment: environment, log: log)
        children.running.withLock { $0.append(child) }
        return Started(child: child, folder: place, log: log)
    }

    func finish(_ started: Started, _ run: SweepRun) throws -> SweepOutcome {
        let end = started.child.wait()
        children.running.withLock { $0.removeAll { $0.id == started.child.id } }
        guard !children.wasStopped.load(ordering: .sequentiallyConsistent) else {
            throw LaunchError(
                "the sweep was interrupted",
                remedy: "Give the same command again to go on; what has ended is in '\(folder)'.")
        }
        guard end.isSuccess else {
            let lines = ((try? MappedFile.text(started.log)) ?? "").split(separator: "\n")
            let message = lines.last { $0.hasPrefix("error: ") } ?? lines.last ?? ""
            // A wrong command line is wrong for every run.
            if end == .exit(2) {
                throw LaunchError(
                    "the training can't be started: \(message)", remedy: "All of it is in '\(started.log)'.")
            }
            return SweepOutcome(metrics: [:], failure: "\(end.text): \(message)")
        }
        let results = try JSONValue(contentsOf: FileSystem.join(started.folder, "all_results.json")).object ?? [:]
        if !keepsModels { try FileSystem.remove(started.folder) }
        return SweepOutcome(metrics: results)
    }
}

extension SearchDimension {
    /// Some value.
    fileprivate var sample: JSONValue {
        switch self {
        case .choices(let values): values.first ?? .null
        case .real(let low, _, _, _): .double(low)
        case .integer(let low, _, _, _): .int(low)
        }
    }
}
