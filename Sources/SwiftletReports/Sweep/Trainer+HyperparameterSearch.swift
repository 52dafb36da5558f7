public import SwiftletIO
public import SwiftletModels
import SwiftletRunLog
import SwiftletTensor
public import SwiftletTraining

/// The best run of a search; as `transformers.trainer_utils.BestRun`.
public struct BestRun: Sendable {
    /// The number of its setting, as text.
    public let runID: String
    /// What the objective gave for the best setting's last evaluation.
    public let objective: Double
    /// Values by the names of their arguments.
    public let hyperparameters: JSONObject
    /// All settings, the best first.
    public let table: SweepTable
}

extension Trainer {
    /// Searches for good arguments, as `Trainer.hyperparameter_search` of Python: each setting trains a model of its own
    /// with this Trainer's data and is judged by its last evaluation.
    ///
    ///     let best = try trainer.hyperparameterSearch(nTrials: 10, direction: .maximize) {
    ///         try AutoModelForSequenceClassification.fromPretrained(folder: "all-MiniLM-L6-v2")
    ///     }
    ///
    /// - Parameters:
    ///   - hpSpace: values of training arguments by their Python names; by default `defaultSearchSpace`, Python's.
    ///   - computeObjective: one number for an evaluation's metrics; by default `defaultObjective`, Python's: the sum of the
    ///     metrics, or the loss where there are none.
    ///   - nTrials: settings to try.
    ///   - direction: whether the objective is to be small or large. As in Python, small by default, whatever the objective:
    ///     give `.maximize` for an accuracy.
    ///   - method: `.grid` needs steps and is for `Sweep`; here `.tpe` or `.random`.
    ///   - hpName: the name of a setting's output folder below `args.outputDir`; `run-<number>` by default.
    ///   - seed: of the choice of settings.
    ///   - modelInit: makes a fresh model for each setting, as `model_init` does.
    /// - Returns: the best setting. The models are not kept; train with its values.
    /// - Throws: `ReportError` for a method that is none of both; `TrainingError` for values that an argument can't have;
    ///   what training throws.
    public func hyperparameterSearch(
        hpSpace: ((inout SearchTrial) -> JSONObject)? = nil,
        computeObjective: (([(name: String, value: Double)]) -> Double)? = nil, nTrials: Int = 20,
        direction: SweepSettings.Direction = .minimize, method: SearchMethod = .tpe,
        hpName: ((Int) -> String)? = nil, seed: UInt64 = 0, modelInit: @escaping () throws -> any PretrainedModel
    ) throws -> BestRun {
        guard method == .tpe || method == .random else {
            throw ReportError(
                .option, "hyperparameterSearch can't search by \(method.rawValue)",
                remedy: "Give .tpe or .random, or use Sweep, which has all methods.",
                at: ErrorLocation(option: "method"))
        }
        // A name that stands for the objective; the space is a function, so there are no dimensions to name.
        var settings = SweepSettings(space: [], method: method, trialCount: nTrials)
        settings.metric = "objective"
        settings.direction = direction
        settings.seed = seed
        settings.seeds = [args.seed]
        guard nTrials > 0 else {
            throw ReportError(
                .option, "the number of trials is \(nTrials)", remedy: "Give at least 1.",
                at: ErrorLocation(option: "n_trials"))
        }
        let sweep = try Sweep(settings, folder: nil, space: hpSpace ?? Trainer.defaultSearchSpace)
        let table = try sweep.run(
            TrainerRunner(
                trainer: self, modelInit: modelInit, objective: computeObjective ?? Trainer.defaultObjective,
                name: hpName ?? { "run-\($0)" }))
        guard let best = table.rows.first, best.mean.isFinite else {
            throw ReportError(.sweep, "no setting of the search gave an objective that is a number")
        }
        return BestRun(runID: String(best.trial), objective: best.mean, hyperparameters: best.values, table: table)
    }

    /// The space that Python's Optuna backend has: learning rate 1e-6 to 1e-4, 1 to 5 epochs, seed 1 to 40, batches of 4 to
    /// 64.
    public static func defaultSearchSpace(_ trial: inout SearchTrial) -> JSONObject {
        [
            "learning_rate": .double(trial.suggestFloat("learning_rate", 1e-6, 1e-4, log: true)),
            "num_train_epochs": .int(trial.suggestInt("num_train_epochs", 1, 5)),
            "seed": .int(trial.suggestInt("seed", 1, 40)),
            "per_device_train_batch_size": trial.suggestCategorical("per_device_train_batch_size", [4, 8, 16, 32, 64]),
        ]
    }

    /// As `transformers.trainer_utils.default_compute_objective`.
    public static func defaultObjective(_ metrics: [(name: String, value: Double)]) -> Double {
        let loss = metrics.first { $0.name == "eval_loss" }?.value
        let others = metrics.filter { metric in
            metric.name != "eval_loss" && !MetricName.isBookkeeping(metric.name)
        }
        return others.isEmpty ? loss ?? .nan : others.reduce(0) { $0 + $1.value }
    }
}

/// Trains in this process, one setting after the other.
private struct TrainerRunner: SweepRunner {
    let trainer: Trainer
    let modelInit: () throws -> any PretrainedModel
    let objective: ([(name: String, value: Double)]) -> Double
    let name: (Int) -> String

    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> Trainer {
        var json = trainer.args.json.object ?? [:]
        for (name, value) in values { json[name] = value }
        var args = try TrainingArguments(json: .object(json))
        args.outputDir = FileSystem.join(trainer.args.outputDir, name(run.trial))
        // A fresh head is drawn from the seed of the setting, as in Python.
        manualSeed(args.seed)
        return try trainer.again(try modelInit(), args)
    }

    func finish(_ started: Trainer, _ run: SweepRun) throws -> SweepOutcome {
        try started.train()
        let metrics = try started.latestEvaluation ?? started.evaluate()
        return SweepOutcome(metrics: ["objective": .double(objective(metrics))])
    }
}
