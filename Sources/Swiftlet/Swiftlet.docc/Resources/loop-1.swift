import Swiftlet

let checkpoint = ".deps/models/all-MiniLM-L6-v2"
let raw = try loadDataset(folder: "Sources/SwiftletCLI/Resources/paraphrases")
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)
let tokenized = try raw.map(batched: true) { batch in
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}
