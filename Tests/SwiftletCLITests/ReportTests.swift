import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// `train` and `evaluate` with their reports, `report`, `compare`, `replay` and `sweep`.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct ReportTests {
    let runs: SmallRuns
    var folder: TemporaryDirectory { runs.folder }
    var program: Program { runs.program }
    var small: SmallTask { runs.small }

    init() throws { runs = try SmallRuns() }

    @Test func `a training leaves a report, is made again to the byte, and is compared`() throws {
        let first = try runs.train("a", ["--slice-column", "label"])
        #expect(first.status == 0, "\(first.error)")
        for name in [
            "report.html", "run.json", "predictions.parquet", "label_suspects.parquet", "near_duplicates.parquet",
        ] {
            #expect(FileSystem.exists(folder.file("a/\(name)")), "\(name)")
        }
        #expect(try MappedFile.text(folder.file("a/report.html")).contains("Results by label"))
        let card = try MappedFile.text(folder.file("a/README.md"))
        #expect(!card.contains("More information needed"))
        #expect(card.contains("import Swiftlet") && card.contains("from transformers import pipeline"))

        // The page is made again as it was, with its slices; others take their place.
        let page = try MappedFile.text(folder.file("a/report.html"))
        let again = try program.run(["report", folder.file("a"), "--json"])
        #expect(again.status == 0, "\(again.error)")
        #expect(try MappedFile.text(folder.file("a/report.html")) == page)
        let said = try JSONValue(parsing: again.output)
        #expect(said["slice_columns"] == ["label"])
        #expect(said["tables"]?["label_suspects"] == ["rows": 16, "of": 16])
        #expect(said["tables"]?["predictions"] == ["rows": 10])
        let replaced = try program.run([
            "report", folder.file("a"), "--slice-column", "sentence1", "--output", folder.file("other.html"),
        ])
        #expect(replaced.status == 0, "\(replaced.error)")
        let slices = try MappedFile.text(folder.file("other.html"))
        #expect(slices.contains("Results by sentence1") && !slices.contains("Results by label"))

        // The same weights, and nothing left of the second run.
        let replay = try program.run(["replay", folder.file("a")])
        #expect(replay.status == 0, "\(replay.error)")
        #expect(replay.output.contains("the weights are byte-identical"))
        #expect(!FileSystem.exists(folder.file("a.replay")))

        let second = try runs.train("b", ["--learning-rate", "1e-2"])
        #expect(second.status == 0, "\(second.error)")
        let compare = try program.run([
            "compare", folder.file("a"), folder.file("b"), "--output", folder.file("compare.html"),
        ])
        #expect(compare.status == 0, "\(compare.error)")
        #expect(compare.output.contains("learning_rate") && compare.output.contains("McNemar"))
        #expect(FileSystem.exists(folder.file("compare.html")))
        let json = try program.run(["compare", folder.file("a"), folder.file("b"), "--json"])
        #expect(try JSONValue(parsing: json.output)["rows"]?.int == 10)

        // A changed file is named, and other weights are told.
        let data = "\(small.data)/train.jsonl"
        let lines = try MappedFile.text(data).split(separator: "\n")
        try AtomicFile.write((lines.dropFirst() + lines.prefix(1)).joined(separator: "\n") + "\n", to: data)
        let changed = try program.run(["replay", folder.file("a"), "--check"])
        #expect(changed.status == 1)
        #expect(changed.output.contains("train.jsonl' has changed"))
        #expect(!changed.error.contains("error:"), "\(changed.error)")
        let replayed = try program.run(["replay", folder.file("a"), "--json"])
        #expect(replayed.status == 1, "\(replayed.error)")
        let line = try #require(replayed.output.split(separator: "\n").last)
        #expect(try JSONValue(parsing: String(line))["identical"] == false)
    }

    @Test func `an evaluation has a report of its own, and none where none is wanted`() throws {
        let trained = try runs.train("trained", ["--no-report"])
        #expect(trained.status == 0, "\(trained.error)")
        #expect(
            !FileSystem.exists(folder.file("trained/report.html"))
                && !FileSystem.exists(folder.file("trained/run.json")))
        let none = try program.run(["report", folder.file("trained")])
        #expect(none.status == 1 && none.error.contains("run.json"))
        let evaluated = try program.run([
            "evaluate", "--model", folder.file("trained"), "--dataset", small.data, "--quiet",
        ])
        #expect(evaluated.status == 0, "\(evaluated.error)")
        let place = folder.file("trained/evaluation/validation")
        #expect(FileSystem.exists("\(place)/report.html"))
        let explained = try program.run([
            "report", place, "--explain", "2", "--explain-steps", "4", "--slice-column", "label",
        ])
        #expect(explained.status == 0, "\(explained.error)")
        #expect(try MappedFile.text("\(place)/report.html").contains("Which tokens mattered"))
        let missing = try program.run(["report", place, "--slice-column", "none"])
        #expect(missing.status == 1 && missing.error.contains("--slice-column"))
        // Each column is listed once.
        let listed = missing.error.split(separator: "the columns are ").last?.split(separator: "\n").first ?? ""
        let names = listed.split(separator: ", ").map(String.init)
        #expect(names.count > 8 && Set(names).count == names.count)
        let unwanted = try runs.train("other", ["--no-report", "--slice-column", "label"])
        #expect(unwanted.status == 2)
    }

    @Test func `a run says where its report is and what it found, and an older report goes away`() throws {
        // Each evaluated row stands among the training rows, too.
        let rows = try MappedFile.text("\(small.data)/train.jsonl").split(separator: "\n").prefix(10)
        try AtomicFile.write(rows.joined(separator: "\n") + "\n", to: "\(small.data)/validation.jsonl")
        let first = try runs.train("run", ["--metric", "f1/macro"], isQuiet: false)
        #expect(first.status == 0, "\(first.error)")
        #expect(first.error.contains("report in \(folder.file("run"))/report.html\n"), "\(first.error)")
        #expect(
            first.error.contains("note: 10 of 10 evaluated rows (100%) stand in the training split too, or nearly"),
            "\(first.error)")
        let record = try runs.json("run/run.json")
        #expect(record["metric_names"]?["eval_f1"] == "f1/macro")
        #expect(record["arguments"]?["logging_steps"]?.double == 500)
        #expect(record["effective_arguments"]?["logging_steps"] == 1)
        #expect(record["effective_arguments"]?["max_steps"] == 2 && record["seed"] == nil)
        #expect(try MappedFile.text(folder.file("run/report.html")).contains("binary_f1"))

        // An evaluation compared with its training: only what both have.
        let evaluated = try program.run(
            ["evaluate", "--model", folder.file("run"), "--dataset", small.data, "--metric", "f1", "f1/macro"])
        #expect(evaluated.status == 0, "\(evaluated.error)")
        let place = folder.file("run/evaluation/validation")
        #expect(evaluated.error.contains("report in \(place)/report.html\n"), "\(evaluated.error)")
        let own = try JSONValue(contentsOf: "\(place)/run.json")
        #expect(own["report"] == ["slice_columns": []])
        #expect(own["metric_names"] == ["eval_f1": "f1/binary", "eval_f1_macro": "f1/macro"])
        let compared = try program.run(["compare", folder.file("run"), place])
        #expect(compared.output.contains("validation (\(place))\n"), "\(compared.output)")
        #expect(!compared.output.contains("arguments.") && compared.output.contains("model.name"))
        let hash = try #require(record["weights"]?.array?.first?["sha256"]?.string)
        #expect(compared.output.contains("\(hash.prefix(12))…") && !compared.output.contains(hash))
        let json = try JSONValue(parsing: try program.run(["compare", folder.file("run"), place, "--json"]).output)
        #expect(json["settings"]?["model.files: model.safetensors"]?.array?.last?.string == hash)

        let second = try runs.train("run", ["--no-report"], isQuiet: false)
        #expect(second.error.contains("note: removed the report of an earlier run from"), "\(second.error)")
        for name in ["report.html", "run.json", "predictions.parquet"] {
            #expect(!FileSystem.exists(folder.file("run/\(name)")), "\(name)")
        }
    }

    @Test func `a dry run sees what the run itself would refuse, and leaves nothing`() throws {
        let fine = try runs.train("run", ["--dry-run", "--slice-column", "label", "--json"])
        #expect(fine.status == 0, "\(fine.error)")
        #expect(try JSONValue(parsing: fine.output)["steps"] == 2)
        for (options, said) in [
            (["--slice-column", "nothing"], "no column 'nothing'"),
            (["--slice-column", "label", "--metric", "bleu"], "which no head for classes"),
            (["--eval-strategy", "epoch", "--metric-for-best-model", "hardness"], "hardness"),
            (["--resume-from-checkpoint", "last"], "there is no checkpoint in"),
            (["--do-eval"], "an estimate is of a training"),
        ] {
            let result = try runs.train("run", ["--dry-run"] + options)
            #expect(result.status == 1 && result.error.contains(said), "\(options): \(result.error)")
        }
        #expect(!FileSystem.exists(folder.file("run")))
    }

    @Test func `a report that can't be written leaves a model that works`() throws {
        // Before the training, a folder in the way is told at once.
        try FileSystem.createDirectory(folder.file("early/report.html"))
        let early = try runs.train("early")
        #expect(early.status == 1 && early.error.contains("report.html' is a folder"), "\(early.error)")
        #expect(!FileSystem.exists(folder.file("early/model.safetensors")))
        #expect(try runs.train("early", ["--no-report"]).status == 0)

        // An evaluation prints its results before its report fails; files may not grow beyond a few blocks.
        let place = folder.file("evaluation")
        let evaluated = try program.run(
            [
                "evaluate", "--model", folder.file("early"), "--dataset", small.data, "--quiet", "--output-dir", place,
            ], limit: "ulimit -f 60")
        #expect(evaluated.status == 1, "\(evaluated.error)")
        #expect(evaluated.output.contains("eval_accuracy"))
        #expect(evaluated.error.contains("the report is not whole") && evaluated.error.contains(place))
        #expect(evaluated.error.split(separator: "\n").count == 2, "\(evaluated.error)")
        #expect(!FileSystem.exists("\(place)/report.html"))
        #expect(FileSystem.exists("\(place)/run.json"))
    }

    @Test func `a sweep that was killed ends with the same table`() throws {
        func sweep(_ output: String) -> [String] {
            runs.sweepArguments(
                [
                    "--search", "learning_rate=loguniform:1e-5:1e-2", "--trials", "3", "--metric", "accuracy",
                    "--direction", "maximize", "--parallel", "2", "--json",
                ], output: output)
        }
        let whole = try program.run(sweep("whole"))
        #expect(whole.status == 0, "\(whole.error)")
        let process = try program.start(sweep("killed"))
        let journal = folder.file("killed/sweep.jsonl")
        // Until the first outcome is there, or all is over.
        while process.isRunning, ((try? MappedFile.text(journal)) ?? "").split(separator: "\n").count < 2 {
            usleep(20_000)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let again = try program.run(sweep("killed"))
        #expect(again.status == 0, "\(again.error)")
        #expect(again.output == whole.output)
        #expect(
            try MappedFile.text(folder.file("killed/sweep.json")) == MappedFile.text(folder.file("whole/sweep.json")))
        #expect(FileSystem.exists(folder.file("whole/sweep.html")))
        let wrong = try runs.sweep(["--search", "lerning_rate=1,2"])
        #expect(wrong.status == 2 && wrong.error.contains("lerning"))
        #expect(!FileSystem.exists(folder.file("sweep")))
    }
}
