import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

/// The options of a training: those of the table of training arguments, and what a command adds to them.
struct TrainingOptions: ParsableArguments {
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Length") var length: LengthOptions
    @OptionGroup(title: "Optimizer and schedule") var optimizer: OptimizerOptions
    @OptionGroup(title: "Loss and precision") var loss: LossOptions
    @OptionGroup(title: "Speed") var speed: KernelOptions
    @Flag(help: "Write where the time of 20 steps goes to profile.txt and, as a Chrome trace, to profile.json.")
    var profile = false
    @OptionGroup(title: "Logs") var logging: LoggingOptions
    @OptionGroup(title: "Logs") var reports: ReportOptions
    @OptionGroup(title: "Evaluations and early stopping") var evaluation: EvaluationOptions
    @OptionGroup(title: "Evaluations and early stopping") var stopping: StoppingOptions
    @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions
    @OptionGroup(title: "Seeds and data") var rows: RowOptions
    @OptionGroup(title: "Several processes") var processes: ProcessOptions

    /// What can be known of the options before anything is read.
    func validate() throws {
        do {
            let args = try arguments()
            try args.validate()
            try stopping.callback?.prepare(args)
        } catch let error as TrainingError { throw ValidationError(error.commandLineDescription) }
    }

    func arguments() throws -> TrainingArguments {
        var args = TrainingArguments()
        let sections: [any ArgumentOptions] = [
            output, length, optimizer, loss, speed, logging, evaluation, checkpoints, rows, processes,
        ]
        for section in sections { try section.apply(to: &args) }
        return args
    }

    /// Early stopping and the reports that were asked for.
    ///
    /// - Throws: `UsageError` for a report that can't be made.
    func callbacks(_ args: TrainingArguments) throws -> [any TrainerCallback] {
        var callbacks: [any TrainerCallback] = stopping.callback.map { [$0] } ?? []
        let targets = Set(reports.reportTo)
        if targets.contains(.tensorboard) || targets.contains(.all) {
            callbacks.append(
                TensorBoardCallback(
                    outputDir: args.outputDir, folder: reports.loggingDir.map(FileSystem.expandingTilde),
                    arguments: args.json.object))
        }
        if targets.contains(.jsonl) || targets.contains(.all) {
            callbacks.append(JSONLinesLogCallback(FileSystem.join(args.outputDir, "log.jsonl")))
        }
        if profile {
            guard speed.device == .cpu else {
                throw UsageError(
                    message:
                        "error: option '--profile' measures operations of the CPU, and those of a GPU run beside it; "
                        + "give --use-cpu too, or leave it out")
            }
            callbacks.append(ProfileCallback(folder: args.outputDir) { print($0, terminator: "") })
        }
        return callbacks
    }
}

struct OutputOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.output
    var given: [String: JSONValue] = [:]
}

struct LengthOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.length
    var given: [String: JSONValue] = [:]
}

struct OptimizerOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.optimizer
    var given: [String: JSONValue] = [:]
}

struct LossOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.loss
    var given: [String: JSONValue] = [:]
}

struct LoggingOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.logging
    var given: [String: JSONValue] = [:]
}

struct EvaluationOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.evaluation
    var given: [String: JSONValue] = [:]
}

struct CheckpointOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.checkpoints
    var given: [String: JSONValue] = [:]
}

struct RowOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.rows
    var given: [String: JSONValue] = [:]
}

/// Where logs go.
struct ReportOptions: ParsableArguments {
    @Option(parsing: .upToNextOption, help: "tensorboard, jsonl, all or none.") var reportTo = [ReportTarget.none]
    @Option(help: "Folder of TensorBoard's event files; by default one of its own below <output-dir>/runs.")
    var loggingDir: String?

    func validate() throws {
        if loggingDir != nil, !reportTo.contains(.tensorboard), !reportTo.contains(.all) {
            throw ValidationError(
                "--logging-dir is for TensorBoard's event files; add --report-to tensorboard, or leave it out.")
        }
    }
}

enum ReportTarget: String, CaseIterable, ExpressibleByArgument { case none, tensorboard, jsonl, all }

struct StoppingOptions: ParsableArguments {
    @Option(help: "End after this many evaluations without a better metric.") var earlyStoppingPatience: Int?
    @Option(help: "The least that counts as better.") var earlyStoppingThreshold: Double?

    var callback: EarlyStoppingCallback? {
        earlyStoppingPatience.map { EarlyStoppingCallback(patience: $0, threshold: earlyStoppingThreshold ?? 0) }
    }

    func validate() throws {
        if earlyStoppingThreshold != nil, earlyStoppingPatience == nil {
            throw ValidationError("--early-stopping-threshold needs --early-stopping-patience.")
        }
    }
}

/// What `train` does; as in Python's scripts, what is named and nothing else.
struct StageOptions: ParsableArguments {
    @Flag(help: "Train. What a run does without any of --do-train, --do-eval and --do-predict.") var doTrain = false
    @Flag(help: "Evaluate on the validation split; alone, without a training. A training evaluates too.")
    var doEval = false
    @Flag(help: "Predict the test split; without --do-train, with the model as it is.") var doPredict = false

    var stages: FineTuning.Stages {
        let named: FineTuning.Stages = [doTrain ? .train : [], doEval ? .evaluate : [], doPredict ? .predict : []]
        // A training evaluates too, where there is something to evaluate on.
        return named.isEmpty || doTrain ? named.union([.train, .evaluate]) : named
    }
}
