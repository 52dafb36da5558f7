import SwiftletIO
import SwiftletTestSupport
import Testing

/// `train --task`, then `evaluate` and `predict`, which know the task from the saved model.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct TaskTests {
    let folder: TemporaryDirectory
    let program: Program
    let model: String

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        model = try SmallTask(in: folder).model
    }

    struct Case: CustomTestStringConvertible {
        let task: String
        let data: String
        /// What `evaluate` prints.
        let metric: String
        /// What `config.json` names.
        let architecture: String
        /// Arguments of `predict`, and what its line holds.
        var text: [String] = []
        var line = ""
        var testDescription: String { task }
    }

    private static let cases = [
        Case(
            task: "token-classification", data: "entities", metric: "eval_f1",
            architecture: "BertForTokenClassification",
            text: ["--text", "Ann lives in Oslo."],
            line: #""words": ["Ann", "lives", "in", "Oslo", "."], "prediction": [""#),
        Case(
            task: "question-answering", data: "questions", metric: "eval_exact_match",
            architecture: "BertForQuestionAnswering", text: ["--text", "Where?", "--text-pair", "It is in Oslo."],
            line: #""prediction": "#),
        Case(
            task: "multiple-choice", data: "endings", metric: "eval_accuracy", architecture: "BertForMultipleChoice"),
        Case(
            task: "fill-mask", data: "questions", metric: "eval_perplexity", architecture: "BertForMaskedLM",
            text: ["--text", "Oslo is a [MASK]."], line: #""token": "#),
        Case(
            task: "sentence-embeddings", data: "pairs", metric: "eval_accuracy_at_1", architecture: "BertModel",
            text: ["--text", "A sentence."], line: #""embedding": ["#),
    ]

    /// A few rows of each split of a set.
    private func data(_ name: String) throws -> String {
        let source =
            name == "pairs"
            ? "\(Locations.root)/Sources/SwiftletCLI/Resources/paraphrases" : "\(Locations.root)/Examples/data/\(name)"
        let data = folder.file(name)
        try FileSystem.createDirectory(data)
        try AtomicFile.write(try MappedFile.text("\(source)/README.md"), to: "\(data)/README.md")
        for split in ["train", "validation", "test"] {
            let lines = try MappedFile.text("\(source)/\(split).jsonl").split(separator: "\n").prefix(12)
            try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(data)/\(split).jsonl")
        }
        return data
    }

    @Test(arguments: cases) func `train, evaluate and predict`(item: Case) throws {
        let (data, output) = (try data(item.data), folder.file("trained"))
        let train = try program.run([
            "train", "--task", item.task, "--model", model, "--dataset", data, "--output_dir", output, "--max_steps",
            "2",
            "--max_seq_length", "64", "--do_train", "--do_predict",
        ])
        #expect(train.status == 0, "\(train.error)")
        #expect(train.output.contains(item.metric))
        let config = try JSONValue(contentsOf: "\(output)/config.json")
        #expect(config["architectures"] == [.string(item.architecture)])
        // The card names the task where its metrics are known to hubs.
        if ["token-classification", "multiple-choice"].contains(item.task) {
            #expect(try MappedFile.text("\(output)/README.md").contains("type: \(item.task)"))
        }

        let evaluation = try program.run([
            "evaluate", "--model", output, "--dataset", data, "--max-length", "64",
        ])
        #expect(evaluation.status == 0, "\(evaluation.error)")
        #expect(evaluation.output.contains(item.metric))
        // The same weights, and but for what is hidden at random the same rows.
        if item.task != "fill-mask" {
            func value(_ text: String) -> Substring? {
                text.split(separator: "\n").first { $0.contains("\(item.metric) ") }?.split(separator: "=").last
            }
            #expect(value(evaluation.output) == value(train.output) && value(train.output) != nil)
        }
        let split = try program.run([
            "predict", "--model", output, "--dataset", data, "--split", "test", "--output", folder.file("lines.jsonl"),
        ])
        #expect(split.status == (item.task == "fill-mask" ? 1 : 0), "\(split.error)")
        guard !item.text.isEmpty else { return }
        let prediction = try program.run(["predict", "--model", output] + item.text)
        #expect(prediction.status == 0, "\(prediction.error)")
        #expect(prediction.output.contains(item.line), "\(prediction.output)")
    }

    @Test func `options of other tasks are refused`() throws {
        for (task, option) in [
            ("token-classification", ["--doc-stride", "8"]), ("question-answering", ["--mlm-probability", "0.2"]),
            ("multiple-choice", ["--label_all_tokens"]), ("fill-mask", ["--metric", "accuracy"]),
            ("sentence-embeddings", ["--pad_to_max_length"]), ("fill-mask", ["--pad-to-max-length"]),
            ("text-classification", ["--whole-word-mask"]), ("fill-mask", ["--text-pair-column", "b"]),
        ] {
            let result = try program.run(
                ["train", "--task", task, "--model", model, "--dataset", "d", "--output-dir", folder.file("o")] + option
            )
            #expect(result.status == 2 && result.error.contains("makes no sense for \(task)"), "\(result.error)")
        }
        let weights = try program.run([
            "train", "--task", "question-answering", "--model", model, "--dataset", try data("questions"),
            "--output-dir",
            folder.file("o"), "--class-weights", "1", "2",
        ])
        #expect(weights.status == 1 && weights.error.contains("class_weights"))
        let smoothing = try program.run([
            "train", "--task", "question-answering", "--model", model, "--dataset", try data("questions"),
            "--output-dir",
            folder.file("o"), "--label-smoothing-factor", "0.1",
        ])
        #expect(smoothing.status == 1 && smoothing.error.contains("label_smoothing_factor"))
    }

    @Test func `an encoder without a head gives vectors, and an unknown head is refused by name`() throws {
        var config = try #require(try JSONValue(contentsOf: "\(model)/config.json").object)
        try FileSystem.remove("\(model)/modules.json")
        func predict(_ architecture: String) throws -> Program.Result {
            config["architectures"] = [.string(architecture)]
            try AtomicFile.write(JSONValue.object(config).text(), to: "\(model)/config.json")
            return try program.run(["predict", "--model", model, "--text", "a"])
        }
        let vector = try JSONValue(parsing: try predict("BertModel").output)
        #expect(vector["embedding"]?.array?.count == 384)
        let result = try predict("BertForNextSentencePrediction")
        #expect(result.status == 1 && result.error.contains("BertForNextSentencePrediction"))
    }
}
