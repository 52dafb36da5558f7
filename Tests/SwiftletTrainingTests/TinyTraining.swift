import SwiftletDatasets
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import TinyTraining

/// Two epochs of three steps, logged at each step; nothing is saved unless `change` asks for it.
func tinyTrainer(
    _ change: (inout TrainingArguments) -> Void = { _ in }, rows: Int = 20, seed: UInt64 = 42,
    callbacks: [any TrainerCallback] = [], collator: any DataCollator = TinyCollator(), label: (Int) -> Int = { $0 % 2 }
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
        }, callbacks: callbacks)
}

/// Every weight of a trainer's model, by name.
func weights(_ trainer: Trainer) -> [(name: String, values: [Float])] {
    trainer.model.parameters().map { ($0.name, $0.tensor.detach().floats()) }
}
