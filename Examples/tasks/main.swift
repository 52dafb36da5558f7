// A training for each task of docs/tasks.md, which shows them.
//
// usage: swift run -c release example-tasks [MODEL [ROWS]]
//
// MODEL is a folder with a pretrained BERT; of each split the first ROWS rows are taken, by default all. Run in the
// package's folder, where the sets of Examples/data are.
import Swiftlet

func entities(_ raw: DatasetDict, _ tokenizer: Tokenizer, _ checkpoint: String) throws {
    // docs: begin token-classification
    let tokenized = try raw.mapDatasets { split in
        try split.map(batched: true) { try tokenizer.alignLabels($0, words: "tokens", labels: "ner_tags") }
    }
    let names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]
    let model = try AutoModelForTokenClassification.fromPretrained(folder: checkpoint, labelNames: names)
    let trainer = try Trainer(
        model: model, args: TrainingArguments("out/entities"), trainDataset: tokenized["train"],
        evalDataset: tokenized["validation"], tokenizer: tokenizer)
    try trainer.train()
    // docs: end token-classification
    try report("entities", trainer)
}

func questions(_ raw: DatasetDict, _ tokenizer: Tokenizer, _ checkpoint: String) throws {
    // docs: begin question-answering
    let train = try QuestionRows(raw["train"])
    let trainer = try Trainer(
        model: try AutoModelForQuestionAnswering.fromPretrained(folder: checkpoint),
        args: TrainingArguments("out/questions"),
        trainDataset: try tokenizer.questionFeatures(train, maxLength: 384, stride: 128).dataset, tokenizer: tokenizer)
    try trainer.train()

    let questions = try QuestionRows(raw["validation"])
    let features = try tokenizer.questionFeatures(questions, maxLength: 384, stride: 128)
    let output = try trainer.predict(try features.dataset)
    let answers = try AnswerSearch()(questions, features, starts: output.outputs[0], ends: output.outputs[1])
    print(answers.first?.text ?? "", try answerScores(answers, questions))
    // docs: end question-answering
    print("questions", trainer.state.globalStep, answers.count)
}

func endings(_ raw: DatasetDict, _ tokenizer: Tokenizer, _ checkpoint: String) throws {
    // docs: begin multiple-choice
    let tokenized = try raw.mapDatasets { split in
        try split.map(batched: true) {
            try tokenizer.encodeChoices($0, endings: ["ending0", "ending1", "ending2", "ending3"])
        }
    }
    let trainer = try Trainer(
        model: try AutoModelForMultipleChoice.fromPretrained(folder: checkpoint),
        args: TrainingArguments("out/endings"),
        trainDataset: tokenized["train"], evalDataset: tokenized["validation"],
        tokenizer: tokenizer)
    try trainer.train()
    // docs: end multiple-choice
    try report("endings", trainer)
}

func fillingIn(_ raw: Dataset, _ tokenizer: Tokenizer, _ checkpoint: String) throws {
    // docs: begin fill-mask
    let tokenized = try raw.map(batched: true, removeColumns: raw.columnNames) { try tokenizer($0["text"]) }
    let blocks = try tokenized.map(batched: true, removeColumns: tokenized.columnNames) {
        try groupTexts($0, blockSize: 128)
    }
    let collator = try DataCollatorForLanguageModeling(tokenizer: tokenizer, mlmProbability: 0.15)
    let trainer = try Trainer(
        model: try AutoModelForMaskedLM.fromPretrained(folder: checkpoint),
        args: TrainingArguments("out/field"),
        trainDataset: blocks, dataCollator: collator, tokenizer: tokenizer)
    try trainer.train()
    // docs: end fill-mask
    print("field", trainer.state.globalStep, blocks.numRows)
}

func sentences(_ raw: Dataset, _ tokenizer: Tokenizer, _ checkpoint: String) throws {
    // docs: begin sentence-embeddings
    let pairs = try raw.map(batched: true, removeColumns: raw.columnNames) { batch -> Columns in
        try tokenizer.encodeSeparately(try batch.strings("sentence1"), try batch.strings("sentence2"))
    }
    let trainer = try Trainer(
        model: try SentenceEmbeddingModel.fromPretrained(folder: checkpoint),
        args: TrainingArguments("out/vectors"),
        trainDataset: pairs, tokenizer: tokenizer)
    try trainer.train()
    // docs: end sentence-embeddings
    print("vectors", trainer.state.globalStep, pairs.numRows)
}

func report(_ name: String, _ trainer: Trainer) throws {
    let metrics = try trainer.evaluate()
    print(name, trainer.state.globalStep, metrics.first { $0.name == "eval_loss" }?.value ?? .nan)
}

let arguments = CommandLine.arguments.dropFirst()
let checkpoint = arguments.first ?? ".deps/models/all-MiniLM-L6-v2"
let most = arguments.dropFirst().first.flatMap { Int($0) } ?? .max
let tokenizer = try AutoTokenizer.fromPretrained(folder: checkpoint)

func rows(_ name: String) throws -> DatasetDict {
    try loadDataset(folder: name).mapDatasets { try $0.select(0..<min($0.numRows, most)) }
}

try entities(try rows("Examples/data/entities"), tokenizer, checkpoint)
let asked = try rows("Examples/data/questions")
try questions(asked, tokenizer, checkpoint)
try endings(try rows("Examples/data/endings"), tokenizer, checkpoint)
try fillingIn(asked["train"].renameColumn("context", to: "text"), tokenizer, checkpoint)
try sentences(try rows("Sources/SwiftletCLI/Resources/paraphrases").split("train"), tokenizer, checkpoint)
