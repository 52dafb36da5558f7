import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// `sweep`: what it refuses before the first run, and what it makes of runs that fail.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct SweepTests {
    let runs: SmallRuns
    var folder: TemporaryDirectory { runs.folder }
    var program: Program { runs.program }
    var small: SmallTask { runs.small }

    init() throws { runs = try SmallRuns() }

    @Test(
        arguments: [
            (["lr_scheduler_type=linear,x"], [], "lr_scheduler_type is 'x'; it must be "),
            (["learning_rate=loguniform:1e-5:1e30"], [], "learning_rate is 1e+30; it must be "),
            (["learning_rate=1e-5,1e30"], [], "learning_rate is 1e+30; it must be "),
            (
                ["learning_rate=1e-5", "per_device_train_batch_size=8,0"], [],
                "per_device_train_batch_size is 0; it must be "
            ),
            (["per_device_train_batch_size=uniform:4:16"], [], "per_device_train_batch_size is '"),
            (["learning_rate=uniform:1"], [], "'uniform:1' is no range of values for learning_rate: "),
            (["lerning_rate=1,2"], [], "Did you mean '--learning_rate'?"),
            (["seed=1,2"], [], "Give --seeds before --"),
            (["output_dir=a,b"], [], "'output-dir' is for the sweep itself to decide"),
            (["overwrite_output_dir=true,false"], [], "'overwrite_output_dir' changes nothing here"),
            (["learning_rate=1,2", "learning-rate=3"], [], "is searched twice"),
            (["per_device_train_batch_size=1", "per_gpu_train_batch_size=2"], [], "is searched twice"),
            (["learning_rate=1e-3"], ["--output-dir", "x"], "'--output-dir' is for the sweep itself to decide"),
            (["learning_rate=1e-3"], ["--seed=3"], "Give --seeds before --"),
            (["learning_rate=1e-3"], ["--no-report"], "'--no-report' is for the sweep itself to decide"),
            (["learning_rate=1e-3"], ["--quiet"], "'--quiet' is for the sweep itself to decide"),
            (["learning_rate=1e-3"], ["--dry-run"], "Give --dry-run before --"),
            (
                ["learning_rate=1e-3"], ["--resume_from_checkpoint", "last"],
                "goes on when the same command is given again"
            ),
            (["learning_rate=1e-3"], ["--push-to-hub"], "'--push-to-hub' is for the sweep itself to decide"),
            (["learning_rate=1e-3"], ["--learning_rate", "1"], "'--learning_rate' stands after -- too"),
            (["learning_rate=1e-3"], ["--help"], "what stands after -- is no training"),
            (["learning_rate=1e-3"], ["--max-restarts", "1"], "there is no option '--max-restarts'"),
            (
                ["learning_rate=1e-3"], ["options.json"],
                "'output_dir' in options.json is for the sweep itself to decide"
            ),
            (
                ["eval_strategy=steps,no"], ["--load-best-model-at-end", "--save-strategy=steps"],
                "--search eval_strategy=steps,no"
            ),
            (["learning_rate=1e-3", "--metric", "hardness"], [], "Give --direction minimize or maximize."),
            (["learning_rate=1e-3", "--method", "asha"], [], "give --min-epochs and --max-epochs"),
        ] as [([String], [String], String)]) func `what no training can take is refused before the first run`(
            own: [String], training: [String], said: String
        )
        throws
    {
        var training = training
        if training == ["options.json"] {
            try AtomicFile.write(#"{"output_dir": "out", "learning_rate": 5e-5}"#, to: folder.file("options.json"))
            training = [folder.file("options.json")]
        }
        let result = try runs.sweep(["--search"] + own, training)
        #expect(result.status == 2, "\(result.error)")
        let error = result.error.replacingOccurrences(of: folder.path + "/", with: "")
        #expect(error.contains(said), "\(error)")
        #expect(error.components(separatedBy: "error:").count == 2, "\(error)")
        #expect(!FileSystem.exists(folder.file("sweep")))
    }

    @Test func `a model or data that are not there are told before the first run`() throws {
        for training in [["--model", folder.file("no-model")], ["--dataset", folder.file("no-data")]] {
            let result = try runs.sweep(["--search", "learning_rate=1e-3,1e-2"], training)
            #expect(result.status == 1 && result.error.contains("no-"), "\(result.error)")
            #expect(!FileSystem.exists(folder.file("sweep")))
        }
    }

    @Test func `a metric that runs don't have is refused with those that they have, and nothing is left`() throws {
        let result = try runs.sweep(["--search", "learning_rate=1e-3,1e-2", "--metric", "pearson"])
        #expect(result.status == 1)
        #expect(
            result.error.contains(
                "no run will have a metric 'pearson': evaluations give eval_loss, eval_accuracy, eval_f1\n"),
            "\(result.error)")
        #expect(!FileSystem.exists(folder.file("sweep")))
    }

    @Test func `a dry run says how many runs there are, and leaves nothing`() throws {
        let own = ["--search", "learning_rate=1e-3,1e-2", "--method", "grid", "--seeds", "1", "2", "--dry-run"]
        let said = try runs.sweep(own)
        #expect(said.status == 0, "\(said.error)")
        #expect(said.output.contains("(minimize)\n4 runs, 1 at a time"), "\(said.output)")
        let json = try JSONValue(parsing: try runs.sweep(own + ["--json"]).output)
        #expect(json["runs"] == 4 && json["steps"] == 1 && json["seconds"] == .null)
        let wrong = try runs.sweep(own, ["--dataset", folder.file("no-data")])
        #expect(wrong.status == 1 && wrong.error.contains("no-data"))
        #expect(!FileSystem.exists(folder.file("sweep")))
    }

    @Test func `a metric that no run will have is known before the first run`() throws {
        let own = ["--search", "learning_rate=1e-3,1e-2", "--method", "grid", "--metric", "roc_auc"]
        for mode in [[], ["--dry-run"]] {
            let named = try runs.sweep(own + mode)
            #expect(named.status == 1 && named.error.contains("a metric 'roc_auc'"), "\(named.error)")
            #expect(named.error.contains("eval_accuracy"), "\(named.error)")
        }
        // Without rows to evaluate there is no metric at all.
        for name in ["README.md", "validation.jsonl"] { try FileSystem.remove("\(small.data)/\(name)") }
        for mode in [[], ["--dry-run"]] {
            let none = try runs.sweep(["--search", "learning_rate=1e-3,1e-2", "--method", "grid"] + mode)
            #expect(none.status == 1 && none.error.contains("there is no validation split"), "\(none.error)")
        }
        #expect(!FileSystem.exists(folder.file("sweep")))
    }

    @Test func `a run that diverged is told once, and stands as null in the journal`() throws {
        // Each step makes the weights so many times larger that two leave no numbers.
        let own = ["--search", "weight_decay=0,1e15", "--method", "grid", "--seeds", "3", "4"]
        let training = ["--optim", "sgd", "--max-grad-norm", "0", "--max-steps", "2", "--learning-rate", "1e15"]
        let result = try runs.sweep(own, training)
        #expect(result.status == 0, "\(result.error)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count { $0.contains("the training diverged") } == 2, "\(result.output)")
        #expect(
            result.output.contains(
                "trial 1, seed 3: weight_decay 1e+15: failed: eval_loss is NaN: the training diverged\n"))
        let journal = try MappedFile.text(folder.file("sweep/sweep.jsonl"))
        #expect(journal.contains(#""eval_loss": null"#) && !journal.contains("NaN,") && !journal.contains("NaN}"))
        let rows = try #require(try runs.json("sweep/sweep.json")["trials"]?.array)
        #expect(rows.allSatisfy { $0["seeds"] == [3, 4] })
        #expect(rows[1]["results"] == [.null, .null])
        #expect(FileSystem.exists(folder.file("sweep/runs/trial-1-seed-3/log.txt")))
        // What was read from the journal is the same, and a table alone has the reasons.
        let quiet = try runs.sweep(own + ["--quiet"], training)
        #expect(quiet.output.contains("trial 1 failed: eval_loss is NaN: the training diverged\n"), "\(quiet.output)")
    }

    @Test func `lines of progress reach a file while the sweep goes on`() throws {
        let process = try program.start(
            runs.sweepArguments(["--search", "learning_rate=loguniform:1e-5:1e-2", "--trials", "40"]))
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        var said = ""
        while process.isRunning, !said.contains("trial 0, ") {
            usleep(20_000)
            said = try MappedFile.text(folder.file("out"))
        }
        #expect(process.isRunning, "\(said)")
        #expect(said.hasPrefix("the best setting has the smallest eval_loss (minimize)\n"))
    }

    @Test func `the table names the average that runs name`() throws {
        let result = try runs.sweep(
            ["--search", "learning_rate=1e-3", "--trials", "1", "--metric", "f1"], ["--metric", "f1/macro"])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("the best setting has the largest f1/macro (maximize)\n"), "\(result.output)")
        let json = try runs.json("sweep/sweep.json")
        #expect(json["metric"] == "f1" && json["metric_title"] == "f1/macro")
        #expect(!FileSystem.exists(folder.file("sweep/runs")))
    }

    @Test func `a run that fails stays in table and page, and the sweep goes on`() throws {
        // Two tokens are too few, which only the task knows.
        let own = ["--search", "max_length=2,32", "--method", "grid", "--metric", "accuracy"]
        let result = try runs.sweep(own, [])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output.contains("the best setting has the largest accuracy (maximize)\n"))
        #expect(result.output.contains("1 of 2 runs failed"))
        let table = try JSONValue(contentsOf: folder.file("sweep/sweep.json"))
        #expect(table["direction"] == "maximize" && table["failed_runs"] == 1 && table["complete"] == true)
        let rows = try #require(table["trials"]?.array)
        #expect(rows.map { $0["values"]?["max_length"] } == [32, 2])
        let reason = try #require(rows[1]["failure"]?.string)
        #expect(reason.contains("is 2") && !reason.hasPrefix("error"))
        #expect(try MappedFile.text(folder.file("sweep/sweep.html")).contains("1 of 2 runs failed"))
        #expect(FileSystem.exists(folder.file("sweep/runs/trial-0-seed-42/log.txt")))
        #expect(!FileSystem.exists(folder.file("sweep/runs/trial-1-seed-42")))

        // Nothing is run again, and that is said.
        let again = try runs.sweep(own, [])
        #expect(
            again.output.contains("already known: 2 of 2 runs, of which 1 failed; --retry-failed runs them again\n"))
        #expect(again.output.contains("trial 1, seed 42: max_length 32: ") && again.output.contains(" (known)\n"))
        #expect(try JSONValue(contentsOf: folder.file("sweep/sweep.json")) == table)
        // Another training is another sweep.
        let other = try runs.sweep(own, ["--learning-rate", "1e-3"])
        #expect(other.status == 1, "\(other.output)")
        #expect(other.error.contains("another option 'learning_rate': none there, 1e-3 now"), "\(other.error)")
    }

    @Test func `where all fail, the table is there, and the end is an error`() throws {
        let own = ["--search", "max_length=2,3", "--method", "grid", "--json"]
        let result = try runs.sweep(own, [])
        #expect(result.status == 1)
        #expect(result.error.hasPrefix("error: all 2 runs failed: "), "\(result.error)")
        #expect(try JSONValue(parsing: result.output)["failed_runs"] == 2)
        #expect(FileSystem.exists(folder.file("sweep/sweep.html")))
        let again = try runs.sweep(own + ["--retry-failed"], [])
        #expect(again.status == 1)
        #expect(FileSystem.exists(folder.file("sweep/runs/trial-0-seed-42-attempt-2/log.txt")))
    }
}
