import Logging
import SwiftletDatasets
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Synchronization
import TinyTraining

/// Two epochs of three steps, logged at each step; nothing is saved unless `change` asks for it.
func tinyTrainer(
    _ change: (inout TrainingArguments) -> Void = { _ in }, rows: Int = 20, seed: UInt64 = 42,
    callbacks: [any TrainerCallback] = [], collator: any DataCollator = TinyCollator(),
    label: (Int) -> Int = { $0 % 2 },
    logger: Logger = Logger(label: "swiftlet.trainer")
) throws -> Trainer {
    var args = TrainingArguments("unused")
    args.numTrainEpochs = 2
    args.loggingSteps = 1
    args.saveStrategy = .no
    args.seed = seed
    change(&args)
    let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
    return try Trainer(
        model: model, args: args, trainDataset: try tinyDataset(rows: rows, label: label),
        evalDataset: try tinyDataset(rows: 10), dataCollator: collator,
        computeMetrics: { prediction in
            try Evaluate.load("accuracy").compute(
                predictions: prediction.predictions.argmax(), references: prediction.labelIDs)
        }, callbacks: callbacks, logger: logger)
}

/// One that saves at each second step into a folder.
func savingTrainer(
    in folder: TemporaryDirectory, epochs: Double, limit: Int?, rows: Int = 20, callbacks: [any TrainerCallback] = [],
    logger: Logger = Logger(label: "swiftlet.trainer"), change: (inout TrainingArguments) -> Void = { _ in }
) throws -> Trainer {
    try tinyTrainer(
        {
            $0.outputDir = folder.path
            $0.numTrainEpochs = epochs
            $0.saveStrategy = .steps
            $0.saveSteps = 2
            $0.saveTotalLimit = limit
            change(&$0)
        }, rows: rows, callbacks: callbacks, logger: logger)
}

/// Every weight of a trainer's model, by name.
func weights(_ trainer: Trainer) -> [(name: String, values: [Float])] {
    trainer.model.parameters().map { ($0.name, $0.tensor.detach().floats()) }
}

/// Keeps the warnings of a run.
final class Warnings: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(warnings: self) } }

    private struct Handler: LogHandler {
        let warnings: Warnings
        var logLevel = Logger.Level.warning
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { warnings.lines.withLock { $0.append("\(event.message)") } }
    }
}
