import SwiftletIO
import SwiftletTestSupport
import Testing

import SwiftletReports

/// What a sweep makes of what its runs gave, and what it keeps of that.
@Suite struct SweepVerdictTests {
    private func settings(trials: Int, seeds: [UInt64] = [1]) -> SweepSettings {
        var settings = SweepSettings(
            space: [("rate", .real(low: 1e-5, high: 1e-1, isLog: true))], method: .random, trialCount: trials)
        settings.seeds = seeds
        return settings
    }

    @Test func `what is no metric of a model is not named as one, and a refusal can leave nothing`() throws {
        let folder = try TemporaryDirectory()
        var wrong = settings(trials: 4)
        wrong.metric = "f1"
        let runner = ClosingRunner(metrics: [
            "epoch": 1, "eval_loss": 0.5, "eval_runtime": 2, "eval_samples_per_second": 3, "eval_accuracy": 0.5,
            "train_loss": 0.4, "train_steps_per_second": 7, "total_flos": 8,
        ])
        let sweep = try Sweep(wrong, folder: folder.file("sweep"))
        let error = #expect(throws: ReportError.self) { try sweep.run(runner) }
        #expect(error?.message == "the first run gives no metric 'f1' but eval_loss, eval_accuracy")
        // A run that the sweep refuses is closed, too.
        #expect(runner.closed == [nil])
        sweep.removeIfEmpty()
        #expect(!FileSystem.exists(folder.file("sweep")))
        // A journal with outcomes stays, also where they are to be forgotten.
        var settings = wrong
        settings.metric = "eval_loss"
        _ = try Sweep(settings, folder: folder.file("sweep")).run(ClosingRunner(metrics: ["eval_loss": .double(.nan)]))
        try Sweep(settings, folder: folder.file("sweep"), retriesFailures: true).removeIfEmpty()
        #expect(FileSystem.exists(folder.file("sweep/sweep.jsonl")))
    }

    @Test func `the sweep alone judges a run, and a journal is JSON`() throws {
        let folder = try TemporaryDirectory()
        let settings = settings(trials: 1, seeds: [3, .max])
        let runner = ClosingRunner(metrics: ["eval_loss": 0.5, "train_loss": .double(.nan), "x": .double(.infinity)])
        let table = try Sweep(settings, folder: folder.path).run(runner)
        #expect(runner.closed == [nil, nil] && table.failureCount == 0)
        #expect(table.rows[0].seeds == [3, .max])
        #expect(table.json["trials"]?.array?.first?["seeds"] == [3, "18446744073709551615"])
        let lines = try MappedFile.text(folder.file("sweep.jsonl")).split(separator: "\n")
        #expect(lines[1].contains(#""train_loss": null, "x": null"#) && lines.count == 3)
        // Older journals have numbers that are none in Python's form.
        try AtomicFile.write(
            lines.map { $0.replacing(#""train_loss": null"#, with: #""train_loss": NaN"#) }.joined(separator: "\n")
                + "\n",
            to: folder.file("sweep.jsonl"))
        let again = try Sweep(settings, folder: folder.path).run(ToldRunner { _, _ in SweepOutcome(metrics: [:]) })
        #expect(again.json == table.json)
    }
}
