// "Fine-tuning with the Trainer" of the Hugging Face course's chapter on fine-tuning, in Swift.
// docs/course.md shows both side by side.
//
// usage: swift run -c release example-trainer [MODEL [DATASET [CONFIG]]]
//
// MODEL is a folder with a pretrained model, DATASET one in the Hub's layout with the columns of MRPC: sentence1,
// sentence2, label and idx. The defaults are what the package comes with.
import Swiftlet

var arguments = CommandLine.arguments.dropFirst().makeIterator()
let checkpoint = arguments.next() ?? ".deps/models/all-MiniLM-L6-v2"
let data = arguments.next() ?? "Sources/SwiftletCLI/Resources/paraphrases"
let config = arguments.next()

// docs: begin trainer-data
let raw = try loadDataset(folder: data, config)
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)

func tokenize(_ batch: Batch) throws -> BatchEncoding {
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}

let tokenized = try raw.map(batched: true, tokenize)
let collator = try DataCollatorWithPadding(tokenizer: tokenizer)
// docs: end trainer-data

// docs: begin arguments
let args = TrainingArguments("test-trainer")
// docs: end arguments

// docs: begin model
let model = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint, numLabels: 2)
// docs: end model

// docs: begin trainer
let trainer = try Trainer(
    model: model,
    args: args,
    trainDataset: tokenized["train"],
    evalDataset: tokenized["validation"],
    dataCollator: collator,
    tokenizer: tokenizer,
    callbacks: [ProgressCallback()])
// docs: end trainer

// docs: begin train
try trainer.train()
// docs: end train

// docs: begin predict
let predictions = try trainer.predict(tokenized["validation"])
let labels = predictions.labelIDs ?? []
print(predictions.predictions.shape, labels.count)
// docs: end predict

// docs: begin argmax
let classes = predictions.predictions.argmax(axis: -1)
// docs: end argmax

// docs: begin metric
let metric = try Evaluate.load("glue", "mrpc")
print(try metric.compute(predictions: classes, references: labels))
// docs: end metric
