// "A full training loop" of the Hugging Face course's chapter on fine-tuning, its part on several processes, in Swift.
// docs/course.md shows both side by side.
//
// usage: swift build -c release
//        .build/release/swiftlet launch --nproc-per-node 2 -- .build/release/example-accelerate [MODEL [DATASET [CONFIG]]]
//
// Without the launcher it is the training loop of example-full-training, in one process. MODEL, DATASET and CONFIG are
// those of that program.
import Swiftlet

var arguments = CommandLine.arguments.dropFirst().makeIterator()
let checkpoint = arguments.next() ?? ".deps/models/all-MiniLM-L6-v2"
let data = arguments.next() ?? "Sources/SwiftletCLI/Resources/paraphrases"
let config = arguments.next()

let raw = try loadDataset(folder: data, config)
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)
let columns = try raw.map(batched: true) { batch -> BatchEncoding in
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}
let collator = try DataCollatorWithPadding(tokenizer: tokenizer)

// docs: begin accelerate-prepare
let accelerator = try Accelerator()

let network = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint, numLabels: 2)
let (model, optimizer, trainLoader, evalLoader) = try accelerator.prepare(
    network,
    AdamW(network.parameters(), lr: 5e-5),
    DataLoader(columns["train"], batchSize: 8, shuffle: true, collate: collator),
    DataLoader(columns["validation"], batchSize: 8, collate: collator))
// docs: end accelerate-prepare

// docs: begin accelerate-loop
let numEpochs = 3
let numTrainingSteps = numEpochs * trainLoader.count
let lrScheduler = try getScheduler(
    "linear",
    optimizer: optimizer,
    numWarmupSteps: 0,
    numTrainingSteps: numTrainingSteps)
accelerator.print(numTrainingSteps)

model.train()
for _ in 0..<numEpochs {
    for batch in trainLoader {
        let outputs = try model(batch)
        let loss = try outputs.loss
        try accelerator.backward(loss)

        optimizer.step()
        lrScheduler.step()
        optimizer.zeroGrad()
    }
}
// docs: end accelerate-loop

// docs: begin accelerate-evaluation
let metric = try Evaluate.load("glue", "mrpc")
model.eval()
for batch in evalLoader {
    let outputs = try noGrad { try model(batch) }

    let (predictions, labels) = try accelerator.gatherForMetrics(
        outputs.logits.argmax(-1), batch.labels)
    try metric.addBatch(predictions: predictions, references: labels)
}
accelerator.print(try metric.compute())
accelerator.endTraining()
// docs: end accelerate-evaluation
