// "A full training loop" of the Hugging Face course's chapter on fine-tuning, in Swift.
// docs/course.md shows both side by side.
//
// usage: swift run -c release example-full-training [MODEL [DATASET [CONFIG]]]
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

// docs: begin loop-columns
let columns = try tokenized.removeColumns(["sentence1", "sentence2", "idx"]).renameColumn("label", to: "labels")
print(try columns["train"].columnNames)
// docs: end loop-columns

// docs: begin loaders
let trainLoader = try DataLoader(
    columns["train"], batchSize: 8, shuffle: true, collate: collator)
let evalLoader = try DataLoader(
    columns["validation"], batchSize: 8, collate: collator)
// docs: end loaders

// docs: begin first-batch
let batch = try trainLoader.first()
print(batch.shapes)
// docs: end first-batch

// docs: begin loop-model
let model = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint, numLabels: 2)
// docs: end loop-model

// docs: begin one-output
let outputs = try model(batch)
print(try outputs.loss, outputs.logits.shape)
// docs: end one-output

// docs: begin optimizer
let optimizer = AdamW(model.parameters(), lr: 5e-5)
// docs: end optimizer

// docs: begin scheduler
let numEpochs = 3
let numTrainingSteps = numEpochs * trainLoader.count
let lrScheduler = try getScheduler(
    "linear",
    optimizer: optimizer,
    numWarmupSteps: 0,
    numTrainingSteps: numTrainingSteps)
print(numTrainingSteps)
// docs: end scheduler

// docs: begin device
let device = Device.isCUDAAvailable ? Device.cuda() : .cpu
model.to(device)
print(device)
// docs: end device

// docs: begin loop
let progressBar = ProgressBar(total: numTrainingSteps)

model.train()
for _ in 0..<numEpochs {
    for batch in trainLoader {
        let outputs = try model(batch.to(device))
        let loss = try outputs.loss
        loss.backward()

        optimizer.step()
        lrScheduler.step()
        optimizer.zeroGrad()
        progressBar.update(1)
    }
}
// docs: end loop

// docs: begin evaluation
let metric = try Evaluate.load("glue", "mrpc")
model.eval()
for batch in evalLoader {
    let batch = batch.to(device)
    let outputs = try noGrad { try model(batch) }

    let predictions = outputs.logits.argmax(-1)
    try metric.addBatch(predictions: predictions, references: batch.labels)
}
print(try metric.compute())
// docs: end evaluation
