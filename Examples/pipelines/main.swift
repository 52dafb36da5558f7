// The pipelines of docs/pipelines.md, which shows them.
//
// usage: swift run -c release example-pipelines [FOLDER]
//
// FOLDER has fine-tuned models in mrpc, entities, questions, field, mnli and endings, as docs/tasks.md trains them, and
// an encoder for sentence embeddings in vectors. What is not there is left out. By default it is out.
import Foundation
import Swiftlet

let folder = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "out"
func has(_ model: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(model)/config.json") }

func texts() async throws {
    let model = "\(folder)/mrpc"
    // docs: begin text-classification
    let classify = try await pipeline(.textClassification, model: model)
    let answer = try await classify("He left.", "He went away.")
    print(answer.label, answer.score)

    let answers = try await classify(["He left.", "It rained.", "She stayed."])
    for answer in answers { print(answer.label, answer.score) }
    // docs: end text-classification

    // docs: begin options
    var all = TextClassificationOptions(topK: nil)
    all.function = .sigmoid
    print(try await classify("He left.", options: all).scores)
    // docs: end options

    // docs: begin measuring
    let (measured, figures) = try await InferenceMeasurement.of { try await classify("He left.") }
    print(measured.label, figures.tokenCount, figures.waited, figures.ran)
    // docs: end measuring

    // docs: begin tasks
    try await withThrowingTaskGroup(of: (Int, String).self) { group in
        for number in 0..<64 {
            group.addTask { (number, try await classify("Text \(number)").label) }
        }
        for try await (number, label) in group { print(number, label) }
    }
    // docs: end tasks

    // docs: begin sequence
    let lines = AsyncStream<TextInput> { continuation in
        for number in 0..<1000 { continuation.yield(TextInput("Text \(number)")) }
        continuation.finish()
    }
    for try await answer in classify(lines, ahead: 128) { print(answer.label) }
    // docs: end sequence
}

func entities() async throws {
    let model = "\(folder)/entities"
    // docs: begin token-classification
    var find = try await pipeline(.tokenClassification, model: model)
    find.options.aggregationStrategy = .simple
    let text = "Greta Novak left Orchard Bank for Lowmere."
    for entity in try await find(text) {
        print(entity.label, text[entity.range], entity.start, entity.end, entity.score)
    }
    // docs: end token-classification
}

func questions() async throws {
    let model = "\(folder)/questions"
    // docs: begin question-answering
    let ask = try await pipeline(.questionAnswering, model: model)
    let context = "Divers found the bell of the ship and gave it to the Rowing Club."
    let found = try await ask(question: "Who keeps the bell?", context: context)
    if let range = found.range { print(context[range], found.score) }
    // docs: end question-answering
}

func masks() async throws {
    let model = "\(folder)/field"
    // docs: begin fill-mask
    let fill = try await pipeline(.fillMask, model: model)
    let fillings = try await fill("The ship was sold in \(fill.maskToken).")
    for filling in fillings.masks[0] { print(filling.tokenString, filling.score) }
    // docs: end fill-mask
}

func vectors() async throws {
    let model = "\(folder)/vectors"
    // docs: begin sentence-embeddings
    let embed = try await pipeline(.sentenceEmbeddings, model: model)
    let vectors = try await embed(["A man is eating.", "Somebody has a meal."])
    print(vectors.count, vectors[0].count)
    // docs: end sentence-embeddings

    // docs: begin similarity
    let rank = try await pipeline(.similarity, model: model)
    let notes = ["The key is under the mat.", "Dinner is at seven.", "Feed the cat."]
    for note in try await rank(query: "Where is the key?", texts: notes) { print(note.score, note.text) }
    // docs: end similarity
}

func labels() async throws {
    let model = "\(folder)/mnli"
    // docs: begin zero-shot-classification
    let sort = try await pipeline(.zeroShotClassification, model: model)
    let sorted = try await sort("The match ended in a draw.", candidateLabels: ["sport", "weather", "money"])
    print(sorted.label, sorted.score)
    // docs: end zero-shot-classification
}

func choices() async throws {
    let model = "\(folder)/endings"
    // docs: begin multiple-choice
    let choose = try await pipeline(.multipleChoice, model: model)
    let chosen = try await choose(prompt: "He opened the door.", choices: ["He went in.", "It rained upwards."])
    print(chosen.text, chosen.score)
    // docs: end multiple-choice
}

func anything(_ model: String) async throws {
    // docs: begin any
    let answer = try await pipeline(model: model)("A man is eating.")
    print(answer.label ?? "no label", answer.json)

    let named = try await pipeline("sentence-similarity", model: model)
    let input: JSONValue = ["source_sentence": "Where is the key?", "sentences": ["Under the mat.", "At seven."]]
    print(try await named(input, options: ["top_k": 1]).json)
    // docs: end any
}

if has("mrpc") { try await texts() }
if has("entities") { try await entities() }
if has("questions") { try await questions() }
if has("field") { try await masks() }
if has("mnli") { try await labels() }
if has("endings") { try await choices() }
if has("vectors") {
    try await vectors()
    try await anything("\(folder)/vectors")
}
