import Swiftlet

let checkpoint = ".deps/models/all-MiniLM-L6-v2"
let raw = try loadDataset(folder: "Sources/SwiftletCLI/Resources/paraphrases")
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)
let tokenized = try raw.map(batched: true) { batch in
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}

let columns = try tokenized.removeColumns(["sentence1", "sentence2", "idx"]).renameColumn("label", to: "labels")

let collator = try DataCollatorWithPadding(tokenizer: tokenizer)
let trainLoader = try DataLoader(columns["train"], batchSize: 8, shuffle: true, collate: collator)
let evalLoader = try DataLoader(columns["validation"], batchSize: 8, collate: collator)
print(try trainLoader.first().shapes)

let model = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint, numLabels: 2)
let device = Device.isCUDAAvailable ? Device.cuda() : .cpu
model.to(device)

let epochCount = 3
let optimizer = AdamW(model.parameters(), lr: 5e-5)
let schedule = try getScheduler(
    "linear", optimizer: optimizer, numWarmupSteps: 0, numTrainingSteps: epochCount * trainLoader.count)

model.train()
for _ in 0..<epochCount {
    for batch in trainLoader {
        let loss = try model(batch.to(device)).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zeroGrad()
    }
}
