import Foundation
import SwiftletIO
import SwiftletTestSupport
import Testing

/// `sweep`: what it refuses before the first run, and what it makes of runs that fail.
@Suite(.serialized, .enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct SweepTests {
    let folder: TemporaryDirectory
    let program: Program
    let small: SmallTask

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        small = try SmallTask(in: folder)
    }

    private func sweep(_ own: [String], _ training: [String]) throws -> Program.Result {
        try program.run(
            ["sweep", "--output-dir", folder.file("sweep")] + own
                + ["--", "--model", small.model, "--dataset", small.data, "--max-steps", "1", "--save-strategy", "no"]
                + training)
    }

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
            (["learning_rate=1e-3"], ["--dry-run"], "'--dry-run' is for the sweep itself to decide"),
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
        let result = try sweep(["--search"] + own, training)
        #expect(result.status == 2, "\(result.error)")
        let error = result.error.replacingOccurrences(of: folder.path + "/", with: "")
        #expect(error.contains(said), "\(error)")
        #expect(error.components(separatedBy: "error:").count == 2, "\(error)")
        #expect(!FileSystem.exists(folder.file("sweep")))
    }

    @Test func `a model or data that are not there are told before the first run`() throws {
        for training in [["--model", folder.file("no-model")], ["--dataset", folder.file("no-data")]] {
            let result = try sweep(["--search", "learning_rate=1e-3,1e-2"], training)
            #expect(result.status == 1 && result.error.contains("no-"), "\(result.error)")
            #expect(!FileSystem.exists(folder.file("sweep/runs")))
        }
    }

    @Test func `a run that fails stays in table and page, and the sweep goes on`() throws {
        // Two tokens are too few, which only the task knows.
        let own = ["--search", "max_length=2,32", "--method", "grid", "--metric", "accuracy"]
        let result = try sweep(own, [])
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
        let again = try sweep(own, [])
        #expect(
            again.output.contains("already known: 2 of 2 runs, of which 1 failed; --retry-failed runs them again\n"))
        #expect(again.output.contains("trial 1, seed 42: max_length 32: ") && again.output.contains(" (known)\n"))
        #expect(try JSONValue(contentsOf: folder.file("sweep/sweep.json")) == table)
        // Another training is another sweep.
        let other = try sweep(own, ["--learning-rate", "1e-3"])
        #expect(other.status == 1, "\(other.output)")
        #expect(other.error.contains("another option 'learning_rate': none there, 1e-3 now"), "\(other.error)")
    }

    @Test func `where all fail, the table is there, and the end is an error`() throws {
        let own = ["--search", "max_length=2,3", "--method", "grid", "--json"]
        let result = try sweep(own, [])
        #expect(result.status == 1)
        #expect(result.error.hasPrefix("error: all 2 runs failed: "), "\(result.error)")
        #expect(try JSONValue(parsing: result.output)["failed_runs"] == 2)
        #expect(FileSystem.exists(folder.file("sweep/sweep.html")))
        let again = try sweep(own + ["--retry-failed"], [])
        #expect(again.status == 1)
        #expect(FileSystem.exists(folder.file("sweep/runs/trial-0-seed-42-attempt-2/log.txt")))
    }
}
