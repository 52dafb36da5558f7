// "Processing the data" of the Hugging Face course's chapter on fine-tuning, in Swift.
// docs/course.md shows both side by side.
//
// usage: swift run -c release example-processing-data [MODEL [DATASET [CONFIG]]]
//
// MODEL is a folder with a pretrained model, DATASET one in the Hub's layout with the columns of MRPC: sentence1,
// sentence2, label and idx. The defaults are what the package comes with.
import Swiftlet

var arguments = CommandLine.arguments.dropFirst().makeIterator()
let checkpoint = arguments.next() ?? ".deps/models/all-MiniLM-L6-v2"
let data = arguments.next() ?? "Sources/SwiftletCLI/Resources/paraphrases"
let config = arguments.next()

// docs: begin one-batch
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)
let model = try AutoModelForSequenceClassification.fromPretrained(folder: checkpoint)
let sequences = [
    "The ferry leaves at noon and takes an hour.",
    "What a crossing that was!",
]
let encoded = try tokenizer(sequences, padding: true, truncation: true)
let batch = try ModelInputs(encoded, labels: [1, 1])

let optimizer = AdamW(model.parameters())
let loss = try model(batch).loss
loss.backward()
optimizer.step()
// docs: end one-batch
print(loss)

// docs: begin load
let raw = try loadDataset(folder: data, config)
print(raw)
// docs: end load

// docs: begin first-row
let rawTrain = try raw["train"]
print(try rawTrain[0])
// docs: end first-row

// docs: begin features
print(rawTrain.features)
// docs: end features

// docs: begin columns-apart
let firstSentences = try tokenizer(raw["train"]["sentence1"])
let secondSentences = try tokenizer(raw["train"]["sentence2"])
// docs: end columns-apart
print(firstSentences.count, secondSentences.count)

// docs: begin pair
let inputs = try tokenizer("It snowed all night.", "Snow fell until dawn.")
print(inputs.inputIDs, inputs.tokenTypeIDs, inputs.attentionMask)
// docs: end pair

// docs: begin tokens
print(inputs.tokens)
// docs: end tokens

// docs: begin columns-together
let everything = try tokenizer(
    raw["train"]["sentence1"],
    raw["train"]["sentence2"],
    padding: true,
    truncation: true)
// docs: end columns-together
print(everything.inputIDs[0].count)

// docs: begin tokenize-function
func tokenize(_ batch: Batch) throws -> BatchEncoding {
    try tokenizer(batch["sentence1"], batch["sentence2"], truncation: true)
}
// docs: end tokenize-function

// docs: begin map
let tokenized = try raw.map(batched: true, tokenize)
print(tokenized)
// docs: end map

// docs: begin collator
let collator = try DataCollatorWithPadding(tokenizer: tokenizer)
// docs: end collator

// docs: begin samples
let samples = try TokenizedExamples(tokenized["train"].select(0..<8)).rows
print(samples.map(\.inputIDs.count))
// docs: end samples

// docs: begin padded
let padded = try collator(samples)
print(padded.shapes)
// docs: end padded
