import SwiftletIO
import SwiftletTestSupport
import Testing

/// Files as a newcomer has them, from training to answers, at the first try.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct OwnDataTests {
    let folder: TemporaryDirectory
    let program: Program
    let model: String

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        model = try SmallTask(in: folder).model
    }

    private func file(_ name: String, _ text: String) throws -> String {
        try AtomicFile.write(text, to: folder.file(name))
        return folder.file(name)
    }

    private func train(_ arguments: [String], output: String = "trained") throws -> Program.Result {
        try program.run(
            [
                "train", "--model", model, "--output-dir", folder.file(output), "--max-steps", "2", "--save-strategy",
                "no",
            ]
                + arguments)
    }

    private func labels(_ output: String = "trained") throws -> [String] {
        let names = try JSONValue(contentsOf: folder.file("\(output)/config.json"))["id2label"]?.object ?? [:]
        return names.values.compactMap(\.string)
    }

    @Test func `messages with four text labels, from one file to a file of answers`() throws {
        let kinds = ["billing", "technical", "sales", "other"]
        let rows = (0..<40).map { "\"message \($0), please\",\(kinds[$0 % 4])" }.joined(separator: "\n")
        let messages = try file("messages.csv", "message,category\n\(rows)\n")
        let result = try train(["--train-file", messages, "--validation-split", "0.1"])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("eval_accuracy"))
        #expect(try labels() == kinds.sorted())

        let new = try file("new.csv", "id,message\n7,where is my invoice\n8,it crashes\n9,hello\n")
        let answers = folder.file("new-predictions.csv")
        let prediction = try program.run([
            "predict", "--model", folder.file("trained"), "--file", new, "--output", answers,
        ])
        #expect(prediction.status == 0, "\(prediction.error)")
        let lines = try MappedFile.text(answers).split(separator: "\n").map(String.init)
        #expect(
            lines[0] == "index,id,message,prediction,score,probability_billing,probability_other,probability_sales,"
                + "probability_technical")
        #expect(lines.count == 4 && lines[1].hasPrefix("0,7,where is my invoice,"))
        #expect(lines.dropFirst().allSatisfy { line in kinds.contains { line.contains(",\($0),") } })
        // Without a file the answers are printed.
        let printed = try program.run(["predict", "--model", folder.file("trained"), "--file", new])
        #expect(printed.status == 0 && printed.output.split(separator: "\n").count == 3)
        #expect(try JSONValue(parsing: String(printed.output.split(separator: "\n")[0]))["id"] == 7)
        for name in ["answers.jsonl", "answers.json", "answers.tsv", "answers.parquet"] {
            let written = try program.run(
                ["predict", "--model", folder.file("trained"), "--file", new, "--output", folder.file(name), "--quiet"])
            #expect(written.status == 0 && written.output.isEmpty && FileSystem.exists(folder.file(name)))
        }
        let lost = try program.run([
            "predict", "--model", folder.file("trained"), "--file", new, "--output", folder.file("a.xlsx"),
        ])
        #expect(lost.status == 2 && lost.error.hasPrefix("error: ") && lost.error.contains(".xlsx"), "\(lost.error)")
        #expect(lost.error.contains(".jsonl, .json, .csv"), "\(lost.error)")
        let listed = try JSONValue(contentsOf: folder.file("answers.json")).array?.first?.object
        #expect(listed?.keys.prefix(4) == ["index", "id", "message", "prediction"])
        // Names of columns with spaces or commas between; a table without a line of names.
        let bare = try file("bare.csv", "7,where is my invoice\n8,it crashes\n")
        for names in [["id", "message"], ["id,message"]] {
            let named = try program.run(
                ["predict", "--model", folder.file("trained"), "--file", bare, "--no-header", "--column-names"] + names)
            #expect(named.status == 0 && named.output.contains(#""id": 8, "message": "it crashes""#), "\(named.error)")
        }
        // A split that is not there; an option that makes no sense.
        let folderOfSplits = folder.file("splits")
        try FileSystem.createDirectory(folderOfSplits)
        for name in ["train", "validation"] {
            try AtomicFile.write("message,category\na,sales\nb,other\n", to: "\(folderOfSplits)/\(name).csv")
        }
        let split = try program.run(["predict", "--model", folder.file("trained"), "--dataset", folderOfSplits])
        #expect(split.status == 1 && split.error.contains("--split validation"), "\(split.error)")
        let senseless = try train(["--train-file", messages, "--task", "fill-mask", "--label-column", "category"])
        #expect(
            senseless.status == 2 && senseless.error.hasPrefix("error: option '--label-column'"), "\(senseless.error)")
        let options = try file("options.json", #"{"learning_rte": 1}"#)
        let mistyped = try program.run(["train", options])
        #expect(
            mistyped.error.contains("option 'learning_rte' in \(options)")
                && mistyped.error.contains("'learning_rate'"),
            "\(mistyped.error)")
    }

    @Test func `several labels a row`() throws {
        let rows = [
            #"{"text": "fast and cheap", "tags": ["fast", "cheap"]}"#, #"{"text": "slow", "tags": []}"#,
            #"{"text": "cheap", "tags": ["cheap"]}"#, #"{"text": "fast", "tags": ["fast"]}"#,
        ]
        let path = try file("tags.jsonl", (rows + rows).joined(separator: "\n") + "\n")
        let result = try train(["--train-file", path, "--validation-file", path, "--label-column", "tags"])
        #expect(result.status == 0, "\(result.error)")
        #expect(try labels() == ["cheap", "fast"])
        let config = try JSONValue(contentsOf: folder.file("trained/config.json"))
        #expect(config["problem_type"] == "multi_label_classification")
        let prediction = try program.run(["predict", "--model", folder.file("trained"), "--text", "cheap"])
        let line = try JSONValue(parsing: prediction.output)
        #expect(line["prediction"]?.array != nil && line["probabilities"]?["fast"]?.double != nil)
    }

    @Test func `scores of pairs, in a table with stray quotes`() throws {
        let rows = (0..<8).map { "a 7\" screen \($0)\tscreens of 7 inch\t\(Double($0) / 2)" }.joined(separator: "\n")
        let path = try file("pairs.tsv", "sentence1\tsentence2\tscore\n\(rows)\n")
        let refused = try train(["--train-file", path])
        if refused.status != 0 { #expect(refused.error.contains("--quoting none"), "\(refused.error)") }
        let result = try train(
            ["--train-file", path, "--quoting", "none", "--validation-split", "2"], output: "scores")
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("eval_mse"))
        let prediction = try program.run(
            ["predict", "--model", folder.file("scores"), "--file", path, "--quoting", "none"])
        let lines = prediction.output.split(separator: "\n")
        #expect(prediction.status == 0 && lines.count == 8, "\(prediction.error)")
        let first = try JSONValue(parsing: String(lines[0]))
        #expect(
            first["prediction"]?.double != nil && first["score"]?.double == 0 && first["sentence1"] == "a 7\" screen 0")
    }

    @Test func `tags of words as texts`() throws {
        let rows = [
            #"{"tokens": ["Ann", "lives", "in", "Oslo"], "tags": ["B-PER", "O", "O", "B-LOC"]}"#,
            #"{"tokens": ["Hi"], "tags": ["O"]}"#,
        ]
        let path = try file("tags.jsonl", (rows + rows).joined(separator: "\n") + "\n")
        let result = try train(["--task", "token-classification", "--train-file", path, "--validation-file", path])
        #expect(result.status == 0, "\(result.error)")
        #expect(try labels() == ["B-LOC", "B-PER", "O"] && result.output.contains("eval_f1"))
        // A validation set with fewer names, of which one has another number, is measured by names.
        let other = try file("other.jsonl", #"{"tokens": ["Bo", "sings"], "tags": ["B-PER", "O"]}"# + "\n")
        let evaluation = try program.run(["evaluate", "--model", folder.file("trained"), "--validation-file", other])
        #expect(evaluation.status == 0, "\(evaluation.error)")
    }

    @Test func `evaluation by name, with reports and mistakes`() throws {
        let rows = (0..<12).map { "text \($0),\($0 % 2 == 0 ? "yes" : "no")" }.joined(separator: "\n")
        let path = try file("rows.csv", "text,label\n\(rows)\n")
        #expect(try train(["--train-file", path]).status == 0)
        let result = try program.run([
            "evaluate", "--model", folder.file("trained"), "--validation-file", path, "--metric", "accuracy",
            "f1/macro",
            "recall/macro", "--errors", folder.file("wrong.csv"), "--json",
        ])
        #expect(result.status == 0, "\(result.error)")
        let json = try JSONValue(parsing: result.output)
        #expect(json["metrics"]?["eval_accuracy"]?.double == json["metrics"]?["eval_recall"]?.double)
        let confusion = try #require(json["confusion_matrix"]?.array).map { $0.array?.compactMap(\.int) ?? [] }
        #expect(confusion.flatMap(\.self).reduce(0, +) == 12 && json["report"]?["yes"]?["support"] == 6)
        let wrong = try MappedFile.text(folder.file("wrong.csv")).split(separator: "\n").count
        #expect(wrong == 0 || wrong == 1 + confusion[0][1] + confusion[1][0])
        let text = try program.run(["evaluate", "--model", folder.file("trained"), "--validation-file", path])
        #expect(text.output.contains("precision") && text.output.contains("yes"))
        let strangers = try file("strangers.csv", "text,label\na,maybe\nb,no\n")
        let unknown = try program.run(["evaluate", "--model", folder.file("trained"), "--validation-file", strangers])
        #expect(unknown.status == 1 && unknown.error.contains("'maybe'") && unknown.error.contains("'yes'"))
        let wrongMetric = try train([
            "--train-file", try file("three.csv", "text,label\na,x\nb,y\nc,z\n"), "--metric", "f1",
        ])
        #expect(wrongMetric.status == 1 && wrongMetric.error.contains("f1/macro"))
        let tooLong = try train(["--train-file", path, "--max-length", "513"])
        #expect(tooLong.status == 1 && tooLong.error.contains("512"))
    }

    @Test func `lines of standard input are answered as they come`() throws {
        let path = try file("rows.csv", "text,label\na,yes\nb,no\nc,yes\nd,no\n")
        #expect(try train(["--train-file", path, "--max-length", "8"]).status == 0)
        let config = try JSONValue(contentsOf: folder.file("trained/config.json"))
        #expect(config["task_specific_params"]?["swiftlet"]?["max_length"] == 8)
        let plain = try program.run(["predict", "--model", folder.file("trained")], input: "one text\n\nanother\n")
        let lines = try plain.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(
            plain.status == 0 && lines.map { $0["index"] } == [0, 1] && lines[1]["text"] == "another", "\(plain.error)")
        let rows = try program.run(
            ["predict", "--model", folder.file("trained")],
            input: #"{"text": "x", "label": "unheard of", "id": 3}"# + "\n")
        #expect(rows.status == 0 && rows.output.contains(#""label": "unheard of""#), "\(rows.error)")
        // A mark and line ends of Windows are no part of the texts.
        let windows = try program.run(["predict", "--model", folder.file("trained")], input: "\u{FEFF}one\r\ntwo\r\n")
        let texts = try windows.output.split(separator: "\n").map { try JSONValue(parsing: String($0))["text"] }
        #expect(texts == ["one", "two"], "\(windows.error)")
        let encoding = try program.run(
            ["predict", "--model", folder.file("trained"), "--encoding", "latin-1"], input: "a\n")
        #expect(encoding.status == 2 && encoding.error.hasPrefix("error: --encoding needs --file"), "\(encoding.error)")
        let latin = folder.file("latin.txt")
        try AtomicFile.write("a\\303\\251 \\351", to: latin)
        let command = "printf \"$(cat '\(latin)')\" | '\(Program.path)' predict --model '\(folder.file("trained"))'"
        let broken = try program.run(["-c", command], program: "/bin/sh")
        #expect(broken.status == 1 && broken.error.contains("line 1 of standard input is not UTF-8"), "\(broken.error)")
        let bad = try program.run(["predict", "--model", folder.file("trained")], input: "fine\n{oops\n")
        #expect(bad.status == 1 && bad.error.contains("line 2"))
        #expect(try program.run(["predict", "--model", folder.file("trained")], input: "\n").status == 1)
        // Rows before a line that can't be read are answered; keys come in any order, and may be left out.
        #expect(bad.output.contains("fine"))
        let mixed = try program.run(
            ["predict", "--model", folder.file("trained")],
            input: #"{"text": "a", "id": 1}"# + "\n" + #"{"id": 2.5, "text": "b"}"# + "\n" + #"{"text": "c"}"#
                + "\nd\te\n")
        #expect(
            mixed.status == 1 && mixed.error.contains("line 4") && mixed.error.contains("text_pair"), "\(mixed.error)")
        #expect(mixed.output.split(separator: "\n").count == 3, "\(mixed.error)")
        let kinds = try program.run(
            ["predict", "--model", folder.file("trained")],
            input: #"{"text": "a", "id": 1}"# + "\n" + #"{"text": "b", "id": "x"}"#)
        #expect(kinds.status == 1 && kinds.error.contains("line 2") && kinds.error.contains("'id'"), "\(kinds.error)")
    }
}

/// The small inputs that are kept beside the package.
@Suite(
    .serialized,
    .enabled(
        if: Locations.hasShared && SmallTask.isAvailable, "the cases beside the package, or the model, are not there"))
struct SharedCaseTests {
    let folder: TemporaryDirectory
    let program: Program
    let model: String

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        model = try SmallTask(in: folder).model
    }

    @Test(
        arguments: [
            ("labels-text.csv", [], ["neg", "pos"]), ("labels-bool.csv", [], ["False", "True"]),
            ("labels-gaps.csv", [], ["1", "3", "5"]), ("labels-huge.csv", [], ["0", "30000000"]),
            ("labels-int64-max.csv", [], ["0", "9223372036854775807"]),
            ("labels-multi.jsonl", [], ["LABEL_0", "LABEL_1", "LABEL_2"]),
            ("tags-text.jsonl", ["--task", "token-classification"], ["B-LOC", "B-PER", "O"]),
            ("choices-text-label.jsonl", ["--task", "multiple-choice"], nil),
            ("parquet-timestamp-zone.parquet", ["--label-column", "cat"], ["x", "y"]),
            ("text-3000-words.csv", [], nil),
        ] as [(String, [String], [String]?)])
    func `one file trains at the first try`(name: String, arguments: [String], labels: [String]?) throws {
        let result = try program.run(
            [
                "train", "--model", model, "--train-file", Locations.shared("cases/data/\(name)"), "--output-dir",
                folder.file("trained"), "--max-steps", "1", "--save-strategy", "no",
            ] + arguments)
        #expect(result.status == 0, "\(result.error)")
        guard let labels, result.status == 0 else { return }
        let names = try JSONValue(contentsOf: folder.file("trained/config.json"))["id2label"]?.object ?? [:]
        #expect(names.values.compactMap(\.string) == labels)
    }

    @Test func `names in another order, and fewer names, are measured by name`() throws {
        func run(_ arguments: [String]) throws -> String {
            let result = try program.run(arguments)
            #expect(result.status == 0, "\(result.error)")
            return result.output
        }
        let (a, b) = (Locations.shared("cases/data/names-order-a"), Locations.shared("cases/data/names-order-b"))
        _ = try run([
            "train", "--model", model, "--dataset", a, "--output-dir", folder.file("names"), "--num-train-epochs", "6",
            "--learning-rate", "1e-3", "--save-strategy", "no",
        ])
        for data in [a, b] {
            let output = try run(["evaluate", "--model", folder.file("names"), "--dataset", data, "--json"])
            #expect(try JSONValue(parsing: output)["metrics"]?["eval_accuracy"] == 1.0)
        }
        _ = try run([
            "train", "--model", model, "--task", "token-classification", "--dataset",
            Locations.shared("cases/data/tags-splits-differ"), "--output-dir", folder.file("tags"), "--max-steps", "2",
            "--save-strategy", "no", "--eval-strategy", "epoch",
        ])
        _ = try run([
            "train", "--model", model, "--train-file", Locations.shared("cases/data/labels-int.csv"),
            "--validation-file",
            Locations.shared("cases/data/labels-int-as-float.csv"), "--output-dir", folder.file("ints"), "--max-steps",
            "1",
            "--save-strategy", "no",
        ])
    }
}
