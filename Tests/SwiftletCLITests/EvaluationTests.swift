import SwiftletIO
import SwiftletTestSupport
import Testing

/// What evaluations say of people's own data: mistakes in a file for every task that has some, metrics of every kind.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct EvaluationTests {
    let folder: TemporaryDirectory
    let program: Program
    let model: String

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        model = try SmallTask(in: folder).model
    }

    private func file(_ name: String, _ rows: [String]) throws -> String {
        try AtomicFile.write(rows.joined(separator: "\n") + "\n", to: folder.file(name))
        return folder.file(name)
    }

    private func train(_ path: String, _ arguments: [String] = []) throws -> Program.Result {
        try program.run(
            [
                "train", "--model", model, "--train-file", path, "--output-dir", folder.file("trained"), "--max-steps",
                "1",
                "--save-strategy", "no",
            ] + arguments)
    }

    @Test func `metrics of one name are told apart, and a folder is no file for mistakes`() throws {
        let rows = try file("rows.csv", ["text,label"] + (0..<9).map { "text \($0),\(["x", "y", "z"][$0 % 3])" })
        #expect(try train(rows).status == 0)
        let evaluate = ["evaluate", "--model", folder.file("trained"), "--validation-file", rows, "--json"]
        let result = try program.run(evaluate + ["--metric", "f1/macro", "f1/micro", "accuracy"])
        let metrics = try #require(try JSONValue(parsing: result.output)["metrics"]?.object, "\(result.error)")
        #expect(
            metrics["eval_f1_micro"] == metrics["eval_accuracy"] && metrics["eval_f1_macro"] != nil
                && metrics["eval_f1"] == nil)
        let refused = try program.run(evaluate + ["--errors", folder.path])
        #expect(
            refused.status == 1 && refused.output.isEmpty && refused.error.contains("is a folder"), "\(refused.error)")
        let secret = try file("secret.csv", ["text,label", "a,-1", "b,-1"])
        let unlabelled = try program.run(["evaluate", "--model", folder.file("trained"), "--validation-file", secret])
        #expect(unlabelled.status == 1 && unlabelled.error.contains("-1"), "\(unlabelled.output)")
        // Answers to rows that have answers: the rows' own columns stay.
        let (first, second) = (folder.file("first.csv"), folder.file("second.csv"))
        let own = try file("own.csv", ["text,prediction,probability_x", "a,mine,7", "b,mine,8"])
        let predict = ["predict", "--model", folder.file("trained"), "--quiet"]
        #expect(try program.run(predict + ["--file", own, "--output", first]).status == 0)
        let header = try MappedFile.text(first).split(separator: "\n")
        #expect(header[0].hasPrefix("index,text,input_prediction,input_probability_x,prediction,score,probability_x"))
        #expect(header[1].hasPrefix("0,a,mine,7,"))
        #expect(try program.run(predict + ["--file", first, "--output", second]).status == 0)
        #expect(try MappedFile.text(second).contains(",a,mine,7,"))
    }

    @Test func `rows are set aside with a word, and classes without weight change nothing`() throws {
        let rows = try file("rows.csv", ["text,label"] + (0..<12).map { "text \($0),\($0 < 11 ? "often" : "once")" })
        let drawn = try train(rows, ["--validation-split", "0.25"])
        #expect(
            drawn.status == 0 && drawn.error.contains("'once'") && drawn.error.contains("without regard"),
            "\(drawn.error)")
        for size in ["12", "0.99"] {
            let refused = try train(rows, ["--validation-split", size])
            #expect(refused.status == 1 && refused.error.contains("validation_size is \(size)"), "\(refused.error)")
        }
        // Most batches have rows of the first class only.
        let weighted = try train(
            rows,
            [
                "--class-weights", "1", "0", "--max-steps", "12", "--per-device-train-batch-size", "1",
                "--logging-steps", "1",
            ])
        #expect(weighted.status == 0)
        let state = try MappedFile.text(folder.file("trained/trainer_state.json"))
        #expect(state.contains("grad_norm") && !state.contains("NaN"))
        #expect(try train(rows, ["--class-weights", "0", "0"]).status == 1)
    }

    /// The mistakes of the model that was just trained, with its metrics.
    private func mistakes(_ path: String, _ name: String = "wrong.jsonl") throws -> (
        rows: [JSONValue], results: JSONValue
    ) {
        let result = try program.run([
            "evaluate", "--model", folder.file("trained"), "--validation-file", path, "--errors", folder.file(name),
            "--json",
        ])
        try #require(result.status == 0, "\(result.error)")
        let lines = try MappedFile.text(folder.file(name)).split(separator: "\n")
        return (try lines.map { try JSONValue(parsing: String($0)) }, try JSONValue(parsing: result.output))
    }

    @Test func `mistakes of several labels, numbers, tags and choices`() throws {
        let tags = try file(
            "tags.jsonl", (0..<12).map { #"{"text": "text \#($0)", "label": ["\#($0 % 2 == 0 ? "a" : "b")"]}"# })
        #expect(try train(tags).status == 0)
        var (rows, results) = try mistakes(tags)
        #expect(!rows.isEmpty && results["metrics"]?["eval_accuracy"]?.double ?? 0 < 1)
        for row in rows {
            let (missed, given) = (row["missed"]?.array ?? [], row["wrongly_given"]?.array ?? [])
            #expect(missed.count + given.count > 0 && row["label"]?.array?.count == 1 && row["text"]?.string != nil)
        }
        let scores = rows.compactMap { $0["score"]?.double }
        #expect(scores == scores.sorted(by: >) && scores.count == rows.count)

        let numbers = try file("numbers.csv", ["text,label"] + (0..<8).map { "text \($0),\(Double($0) + 0.5)" })
        #expect(try train(numbers).status == 0)
        rows = try mistakes(numbers).rows
        #expect(rows.count == 8)
        let errors = try rows.map { row in
            let difference = try #require(row["prediction"]?.double) - (try #require(row["true_label"]?.double))
            #expect(abs(difference - (row["error"]?.double ?? .nan)) < 1e-4)
            return abs(difference)
        }
        #expect(errors == errors.sorted(by: >))

        let words = try file(
            "words.jsonl", (0..<8).map { _ in #"{"tokens": ["Ann", "lives"], "tags": ["B-PER", "O"]}"# })
        #expect(try train(words, ["--task", "token-classification"]).status == 0)
        rows = try mistakes(words).rows
        let accuracy = try mistakes(words).results["metrics"]?["eval_accuracy"]?.double ?? .nan
        let wrong = rows.reduce(0) { $0 + ($1["wrong_words"]?.int ?? 0) }
        #expect(abs(Double(wrong) / 16 - (1 - accuracy)) < 1e-9)
        #expect(rows.allSatisfy { $0["true_labels"] == ["B-PER", "O"] && $0["prediction"]?.array?.count == 2 })

        let choices = try file(
            "choices.jsonl",
            (0..<6).map { #"{"sent1": "one", "ending0": "two \#($0)", "ending1": "three", "label": \#($0 % 2)}"# })
        #expect(try train(choices, ["--task", "multiple-choice"]).status == 0)
        (rows, results) = try mistakes(choices)
        #expect(Double(6 - rows.count) / 6 == results["metrics"]?["eval_accuracy"]?.double)
        #expect(rows.allSatisfy { $0["true_label"]?.int != $0["prediction"]?.int && $0["sent1"] == "one" })
    }

    @Test func `mistakes of questions; other tasks have none`() throws {
        let questions = try file(
            "questions.jsonl",
            (0..<4).map {
                #"{"question": "who \#($0)", "context": "It was Ann.", "answers": {"text": ["Ann"], "answer_start": [7]}}"#
            })
        #expect(try train(questions, ["--task", "question-answering"]).status == 0)
        let (rows, results) = try mistakes(questions)
        #expect(abs(Double(4 - rows.count) * 25 - (results["metrics"]?["eval_exact_match"]?.double ?? .nan)) < 1e-9)
        #expect(rows.allSatisfy { $0["true_answers"] == ["Ann"] && $0["prediction"]?.string != "Ann" })

        let texts = try file("texts.jsonl", (0..<4).map { #"{"text": "one two three four five \#($0)"}"# })
        #expect(try train(texts, ["--task", "fill-mask", "--max-length", "8"]).status == 0)
        let refused = try program.run([
            "evaluate", "--model", folder.file("trained"), "--validation-file", texts, "--errors",
            folder.file("none.csv"),
        ])
        #expect(refused.status == 2 && refused.error.contains("--errors") && refused.output.isEmpty)
        #expect(!FileSystem.exists(folder.file("none.csv")))
    }

    @Test func `metrics of scores get probabilities; what does not fit is said before the first step`() throws {
        let two = try file("two.csv", ["text,label"] + (0..<12).map { "text \($0),\($0 % 2 == 0 ? "yes" : "no")" })
        let result = try train(
            two, ["--validation-file", two, "--metric", "roc_auc", "average_precision", "brier_score", "accuracy"])
        #expect(result.status == 0, "\(result.error)")
        // The same numbers from the probabilities that predict prints.
        let answers = try program.run(["predict", "--model", folder.file("trained"), "--file", two, "--quiet"])
        let yes = try answers.output.split(separator: "\n").map { line in
            try #require(try JSONValue(parsing: String(line))["probabilities"]?["yes"]?.double)
        }
        let all = try JSONValue(contentsOf: folder.file("trained/all_results.json"))
        var brier = 0.0
        var pairs = 0.0
        for (row, score) in yes.enumerated() {
            brier += (score - (row % 2 == 0 ? 1 : 0)) * (score - (row % 2 == 0 ? 1 : 0)) / 12
            guard row % 2 == 0 else { continue }
            for other in stride(from: 1, to: 12, by: 2) {
                pairs += score > yes[other] ? 1 : score == yes[other] ? 0.5 : 0
            }
        }
        #expect(abs((all["eval_brier_score"]?.double ?? .nan) - brier) < 1e-6)
        #expect(abs((all["eval_roc_auc"]?.double ?? .nan) - pairs / 36) < 1e-6)
        #expect(all["eval_average_precision"]?.double != nil && all["eval_accuracy"]?.double != nil)

        let three = try file("three.csv", ["text,label"] + (0..<12).map { "text \($0),\(["x", "y", "z"][$0 % 3])" })
        #expect(try train(three, ["--validation-file", three, "--metric", "roc_auc/ovr", "roc_auc/ovo"]).status == 0)
        for (metric, part) in [("roc_auc", "roc_auc/ovr"), ("brier_score", "two classes"), ("squad", "squad")] {
            let result = try train(three, ["--validation-file", three, "--metric", metric])
            #expect(
                result.status == 1 && result.error.contains(part) && !result.output.contains("train_loss"),
                "\(metric): \(result.error)")
        }
    }

    @Test func `an evaluation alone has no epoch, and the card has the labels`() throws {
        let path = try file("rows.csv", ["text,kind"] + (0..<12).map { "text \($0),\(["x", "y", "z|"][$0 % 3])" })
        let trained = try train(path)
        #expect(
            trained.status == 0 && trained.error.contains("column 'kind' is taken for the labels"), "\(trained.error)")
        #expect(trained.error.contains("--validation-split"))
        let card = try MappedFile.text(folder.file("trained/README.md"))
        #expect(card.contains("| 0 | x | 4 |\n| 1 | y | 4 |\n| 2 | z\\| | 4 |"), "\(card)")
        let alone = try program.run([
            "train", "--model", folder.file("trained"), "--do-eval", "--validation-file", path, "--output-dir",
            folder.file("alone"),
        ])
        #expect(
            alone.status == 0 && alone.output.contains("eval_accuracy") && !alone.output.contains("epoch"),
            "\(alone.output)\(alone.error)")
        #expect(try JSONValue(contentsOf: folder.file("alone/eval_results.json"))["epoch"] == Optional.none)
        // The label column of the training is found again beside one with a usual name.
        let again = try file(
            "again.csv", ["text,kind,category"] + (0..<6).map { "text \($0),\(["x", "y", "z|"][$0 % 3]),q" })
        #expect(
            try program.run(["evaluate", "--model", folder.file("trained"), "--validation-file", again]).status == 0)
        let empty = try file("empty.csv", ["text,kind"])
        let nothing = try program.run(["predict", "--model", folder.file("trained"), "--file", empty])
        #expect(nothing.status == 1 && nothing.error.contains("no rows"))
    }

    @Test func `a head for other labels is drawn anew where that is said`() throws {
        let three = try file("three.csv", ["text,label"] + (0..<6).map { "text \($0),\(["x", "y", "z"][$0 % 3])" })
        #expect(try train(three).status == 0)
        let two = try file("two.csv", ["text,label"] + (0..<6).map { "text \($0),\(["a", "b"][$0 % 2])" })
        func onward(_ options: [String]) throws -> Program.Result {
            try program.run(
                [
                    "train", "--model", folder.file("trained"), "--train-file", two, "--output-dir",
                    folder.file("onward"),
                    "--max-steps", "1", "--save-strategy", "no",
                ] + options)
        }
        let refused = try onward([])
        #expect(refused.status == 1 && refused.error.contains("--ignore-mismatched-sizes"), "\(refused.error)")
        #expect(try onward(["--ignore-mismatched-sizes"]).status == 0)
    }

    @Test func `rows of another task are told so`() throws {
        let words = try file("words.jsonl", [#"{"tokens": ["Ann"], "ner_tags": ["B-PER"]}"#])
        #expect(try train(words).error.contains("--task token-classification"))
        let folderAsFile = try train(folder.path)
        #expect(folderAsFile.status == 1 && folderAsFile.error.contains("--dataset"))
    }
}
