import SwiftletDatasets
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining

// A training that takes milliseconds: a BERT of two layers on rows of made-up ids.

/// Rows of ids that the tiny BERT takes, of 3 to 7 tokens.
func tinyDataset(rows: Int, label: (Int) -> Int = { $0 % 2 }) throws -> Dataset {
    let ids: [[Int32]] = (0..<rows).map { row in
        let length = 3 + row % 5
        return (0..<length).map { position in Int32(5 + (row * 7 + position * 3) % 90) }
    }
    return try .fromColumns([
        ("input_ids", .intLists(ids)),
        ("sentence", .strings((0..<rows).map { "row \($0)" })),
        ("label", .ints((0..<rows).map(label))),
    ])
}

struct TinyCollator: DataCollator {
    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        let length = examples.map(\.inputIDs.count).max() ?? 0
        func rows(_ values: (TokenizedExample) -> [Int32]) -> Tensor {
            Tensor(
                examples.flatMap { example in
                    values(example).map(Int64.init) + [Int64](repeating: 0, count: length - example.inputIDs.count)
                }, shape: [examples.count, length])
        }
        let labels = examples.compactMap { if case .id(let id)? = $0.label { Int64(id) } else { nil } }
        return ModelInputs(
            inputIDs: rows(\.inputIDs), attentionMask: rows { $0.inputIDs.map { _ in 1 } },
            labels: labels.isEmpty ? nil : Tensor(labels, shape: [labels.count]))
    }
}

/// Two epochs of three steps, logged at each step; nothing is saved unless `change` asks for it.
func tinyTrainer(
    _ change: (inout TrainingArguments) -> Void = { _ in }, rows: Int = 20, seed: UInt64 = 42,
    callbacks: [any TrainerCallback] = [], label: (Int) -> Int = { $0 % 2 }
) throws -> Trainer {
    var args = TrainingArguments("unused")
    args.numTrainEpochs = 2
    args.loggingSteps = 1
    args.saveStrategy = .no
    args.seed = seed
    change(&args)
    let model = try AutoModelForSequenceClassification.fromPretrained(Locations.fixture("tiny-bert"))
    return try Trainer(
        model: model, args: args, trainDataset: try tinyDataset(rows: rows, label: label),
        evalDataset: try tinyDataset(rows: 10), dataCollator: TinyCollator(),
        computeMetrics: { prediction in
            try Evaluate.load("accuracy").compute(
                predictions: prediction.predictions.argmax(), references: prediction.labelIDs)
        }, callbacks: callbacks)
}

/// Every weight of a trainer's model, by name.
func weights(_ trainer: Trainer) -> [(name: String, values: [Float])] {
    trainer.model.parameters().map { ($0.name, $0.tensor.detach().floats()) }
}
