import Swiftlet

let checkpoint = ".deps/models/all-MiniLM-L6-v2"
let raw = try loadDataset(folder: "Sources/SwiftletCLI/Resources/paraphrases")
print(raw)

let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)
let tokenized = try raw.map(batched: true) { batch in
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}

let model = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint, numLabels: 2)

var args = TrainingArguments("out/paraphrases", evalStrategy: .epoch, numTrainEpochs: 3)
args.learningRate = 2e-5
args.perDeviceTrainBatchSize = 16

let metric = try Evaluate.load("glue", "mrpc")
func computeMetrics(_ prediction: EvalPrediction) throws -> MetricValues {
    try metric.compute(predictions: prediction.predictions.argmax(), references: prediction.labelIDs)
}

let trainer = try Trainer(
    model: model, args: args, trainDataset: tokenized["train"], evalDataset: tokenized["validation"],
    tokenizer: tokenizer, computeMetrics: computeMetrics, callbacks: [ProgressCallback()])
try trainer.train()

try trainer.saveModel()
