// "Fine-tuning with the Trainer" of the Hugging Face course's chapter, with metrics after each epoch, in Swift.
// docs/course.md shows both side by side.
//
// usage: swift run -c release example-trainer-metrics [MODEL [DATASET [CONFIG]]]
//
// MODEL is a folder with a pretrained model, DATASET one in the Hub's layout with the columns of MRPC: sentence1,
// sentence2, label and idx. The defaults are what the package comes with.
import Swiftlet

var arguments = CommandLine.arguments.dropFirst().makeIterator()
let checkpoint = arguments.next() ?? ".deps/models/all-MiniLM-L6-v2"
let data = arguments.next() ?? "Sources/SwiftletCLI/Resources/paraphrases"
let config = arguments.next()

let raw = try loadDataset(folder: data, config)
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)

func tokenize(_ batch: Batch) throws -> BatchEncoding {
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}

let tokenized = try raw.map(batched: true, tokenize)
let collator = try DataCollatorWithPadding(tokenizer: tokenizer)

// docs: begin compute-metrics
func computeMetrics(_ prediction: EvalPrediction) throws -> MetricValues {
    let metric = try Evaluate.load("glue", "mrpc")
    let classes = prediction.predictions.argmax(axis: -1)
    return try metric.compute(predictions: classes, references: prediction.labelIDs)
}
// docs: end compute-metrics

// docs: begin trainer-metrics
let args = TrainingArguments("test-trainer", evalStrategy: .epoch)
let model = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint, numLabels: 2)

let trainer = try Trainer(
    model: model,
    args: args,
    trainDataset: tokenized["train"],
    evalDataset: tokenized["validation"],
    dataCollator: collator,
    tokenizer: tokenizer,
    computeMetrics: computeMetrics,
    callbacks: [ProgressCallback()])
// docs: end trainer-metrics

// docs: begin train-metrics
try trainer.train()
// docs: end train-metrics

// The chapter's further settings. Making a Trainer checks them; here nothing else is done with them.

// docs: begin precision
var halfPrecision = TrainingArguments("test-trainer", evalStrategy: .epoch)
halfPrecision.bf16 = true
// docs: end precision

// docs: begin accumulation
var accumulating = TrainingArguments("test-trainer", evalStrategy: .epoch)
accumulating.perDeviceTrainBatchSize = 4
accumulating.gradientAccumulationSteps = 4  // 16 rows an update
// docs: end accumulation

// docs: begin schedule
var cosine = TrainingArguments("test-trainer", evalStrategy: .epoch)
cosine.learningRate = 2e-5
cosine.lrSchedulerType = .cosine
// docs: end schedule

for settings in [halfPrecision, accumulating, cosine] { try settings.validate() }
