import SwiftletIO
import SwiftletTestSupport
import Testing

import SwiftletReports

/// A run that was killed.
private struct Killed: Error {}

/// Stands for trainings: a bowl whose lowest point is at a rate of 1e-3 and a size of 16, with a little noise by the seed.
private final class BowlRunner: SweepRunner {
    /// Ends done until the runner is killed; negative is never.
    var left: Int
    private(set) var count = 0
    let fails: Bool

    init(left: Int = -1, fails: Bool = false) {
        self.left = left
        self.fails = fails
    }

    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> SweepOutcome {
        if fails, run.trial == 1 { return SweepOutcome(metrics: [:], failure: "no memory") }
        let rate = values["rate"]?.double ?? 0
        var digits = 0.0
        for power in [1e-1, 1e-2, 1e-3, 1e-4] where rate < power { digits += 1 }
        let distance = rate * 1e3 - 1 + (digits - 3) * 0.5
        let size = (values["size"]?.double ?? 16) / 16 - 1
        let noise = Double(run.seed % 7) / 1000
        return SweepOutcome(metrics: [
            "eval_loss": .double(distance * distance + size * size + noise + 1 / (epochs ?? 1))
        ])
    }

    func finish(_ started: SweepOutcome, _ run: SweepRun) throws -> SweepOutcome {
        if left == 0 { throw Killed() }
        left -= 1
        count += 1
        return started
    }
}

@Suite struct SweepTests {
    private func settings(_ method: SearchMethod, parallel: Int = 1, trials: Int? = 24, seeds: [UInt64] = [1, 2]) throws
        -> SweepSettings
    {
        let grid = method == .grid
        var settings = SweepSettings(
            space: [
                ("rate", grid ? .choices([0.01, 0.001, 0.0001]) : .real(low: 1e-5, high: 1e-1, isLog: true)),
                ("size", .choices([8, 16, 32])),
            ], method: method, trialCount: grid ? nil : trials)
        settings.seeds = seeds
        settings.parallelRuns = parallel
        return settings
    }

    @Test(arguments: SearchMethod.allCases, [1, 3]) func `a sweep that is killed at any point ends with the same table`(
        method: SearchMethod, parallel: Int
    ) throws {
        let folder = try TemporaryDirectory()
        let settings = try settings(method, parallel: parallel)
        let whole = try Sweep(settings, folder: folder.file("whole")).run(BowlRunner())
        let place = folder.file("killed")
        var table: SweepTable?
        var rounds = 0
        var draws = RandomDraws(seed: 5)
        while table == nil {
            rounds += 1
            let runner = BowlRunner(left: draws.index(below: 12))
            do { table = try Sweep(settings, folder: place).run(runner) } catch is Killed {
                // As after a power cut: half a line.
                if rounds % 2 == 0 {
                    try AppendingFile("\(place)/sweep.jsonl").append(Array(#"{"trial": 3, "ro"#.utf8))
                }
            }
            try #require(rounds < 1000)
        }
        #expect(rounds > 2)
        #expect(table?.json.text() == whole.json.text())
        // What is known is not run again.
        let last = BowlRunner()
        let again = try Sweep(settings, folder: place).run(last)
        #expect(last.count == 0)
        #expect(again.json.text() == whole.json.text())
    }

    @Test func `a grid has every combination once`() throws {
        let folder = try TemporaryDirectory()
        let table = try Sweep(try settings(.grid), folder: folder.path).run(BowlRunner())
        #expect(table.rows.count == 9)
        #expect(Set(table.rows.map { JSONValue.object($0.values).text() }).count == 9)
        #expect(table.rows[0].values["rate"] == 0.001 && table.rows[0].values["size"] == 16)
        #expect(table.rows[0].results.count == 2)
        #expect(table.rows[0].deviation > 0)
        // The same names in another order number the settings otherwise.
        var turned = try settings(.grid)
        turned.space.reverse()
        let error = #expect(throws: ReportError.self) { try Sweep(turned, folder: folder.path) }
        #expect(error?.message.contains("another order of --search: rate, size there") == true)
    }

    @Test func `the estimator finds better settings than chance`() throws {
        let folder = try TemporaryDirectory()
        func best(_ method: SearchMethod, _ seed: UInt64) throws -> Double {
            var settings = try settings(method, trials: 40, seeds: [1])
            settings.seed = seed
            let table = try Sweep(settings, folder: folder.file("\(method.rawValue)-\(seed)")).run(BowlRunner())
            return table.rows.map(\.mean).sorted().prefix(5).reduce(0, +)
        }
        let seeds: [UInt64] = [0, 1, 2, 3, 4, 5]
        let (tpe, random) = (try seeds.map { try best(.tpe, $0) }, try seeds.map { try best(.random, $0) })
        #expect(tpe.reduce(0, +) < random.reduce(0, +))
    }

    @Test func `halving gives many epochs to few settings`() throws {
        let folder = try TemporaryDirectory()
        let table = try Sweep(try settings(.asha, trials: 27), folder: folder.path).run(BowlRunner())
        let epochs = Dictionary(grouping: table.rows, by: \.epochs).mapValues(\.count)
        let (long, middle, short) = (epochs[9] ?? 0, epochs[3] ?? 0, epochs[1] ?? 0)
        #expect(long + middle + short == 27)
        // A third of a round at least, and some more that were among the best when they ended.
        #expect(long >= 3 && middle + long >= 9 && short > middle + long / 2)
        // The longest first, as the others were given up.
        #expect(table.rows.map { $0.epochs ?? 0 } == table.rows.map { $0.epochs ?? 0 }.sorted(by: >))
    }

    @Test func `failed runs stay in the table, and a journal of other settings is refused`() throws {
        let folder = try TemporaryDirectory()
        let table = try Sweep(try settings(.random, trials: 4), folder: folder.path).run(BowlRunner(fails: true))
        #expect(table.rows.last?.trial == 1 && table.rows.last?.failure == "no memory")
        #expect(table.text.contains("failed"))
        let page = table.page(title: "sweep")
        #expect(page.contains("no memory") && page.contains("Parallel coordinates"))
        let error = #expect(throws: ReportError.self) {
            try Sweep(try settings(.random, trials: 4, seeds: [1]), folder: folder.path)
        }
        #expect(error?.location.key == "seeds")
        #expect(error?.message.contains("--seeds") == true)
        var other = try settings(.random, trials: 4)
        other.commonOptions = ["model": "another"]
        let common = #expect(throws: ReportError.self) { try Sweep(other, folder: folder.path) }
        #expect(
            common?.location.key == "common" && common?.message.contains("'model': none there, another now") == true)
    }

    @Test func `a metric that the first run doesn't have ends the sweep, and nothing is kept of it`() throws {
        let folder = try TemporaryDirectory()
        var wrong = try settings(.random, trials: 4)
        wrong.metric = "f1"
        let error = #expect(throws: ReportError.self) { try Sweep(wrong, folder: folder.path).run(BowlRunner()) }
        #expect(error?.location.option == "metric" && error?.message.contains("'f1' but eval_loss") == true)
        // Another name may be given at once.
        let table = try Sweep(try settings(.random, trials: 4), folder: folder.path).run(BowlRunner())
        #expect(table.rows.count == 4 && table.failureCount == 0)
    }

    @Test func `runs without a number are failures with a reason, and the sweep goes on`() throws {
        let folder = try TemporaryDirectory()
        let runner = ToldRunner { run, _ in
            switch run.trial {
            case 1: SweepOutcome(metrics: ["eval_loss": .double(.nan)])
            case 2: SweepOutcome(metrics: ["eval_accuracy": 1])
            case 3: SweepOutcome(metrics: ["eval_loss": .double(-.infinity)])
            default: SweepOutcome(metrics: ["eval_loss": .double(Double(run.trial))])
            }
        }
        var seen: [SweepTable] = []
        func first() throws -> SweepTable {
            var sweep = try Sweep(try settings(.random, trials: 5, seeds: [1]), folder: folder.path)
            sweep.onTable = { seen.append($0) }
            return try sweep.run(runner)
        }
        let table = try first()
        #expect(table.rows.map(\.trial) == [0, 4, 1, 2, 3])
        #expect(table.rows[2].failure == "eval_loss is NaN: the training diverged")
        #expect(table.rows[3].failure == "it gave no metric 'eval_loss' but eval_accuracy")
        #expect(table.rows[4].failure == "eval_loss is -Infinity: the training diverged")
        #expect(table.failureCount == 3 && table.runCount == 5 && table.isComplete)
        #expect(table.json["failed_runs"] == 3 && table.json["complete"] == true)
        #expect(table.text.contains("3 of 5 runs failed") && table.text.contains("trial 1 failed: eval_loss is NaN"))
        // A table after each, of what there was.
        #expect(seen.map(\.rows.count) == [1, 2, 3, 4, 5] && seen.allSatisfy { !$0.isComplete })
        // As it was, from the journal; then the failures once more, which go well.
        let again = try Sweep(try settings(.random, trials: 5, seeds: [1]), folder: folder.path)
        #expect(again.knownRunCount == 5 && again.knownFailureCount == 3 && again.settings.runCount == 5)
        #expect(try again.run(ToldRunner { _, _ in SweepOutcome(metrics: [:]) }).json == table.json)
    }

    @Test func `what failed is run again when asked`() throws {
        let folder = try TemporaryDirectory()
        let settings = try settings(.tpe, trials: 14, seeds: [1])
        let bowl = { (run: SweepRun, values: JSONObject) in
            SweepOutcome(metrics: ["eval_loss": .double(abs(values["rate"]?.double ?? 0))])
        }
        _ = try Sweep(settings, folder: folder.file("some")).run(
            ToldRunner { $0.trial == 3 ? SweepOutcome(metrics: [:], failure: "no disk") : bowl($0, $1) })
        let runner = ToldRunner(bowl)
        let table = try Sweep(settings, folder: folder.file("some"), retriesFailures: true).run(runner)
        let whole = try Sweep(settings, folder: folder.file("whole")).run(ToldRunner(bowl))
        #expect(runner.runs.contains { $0.trial == 3 } && !runner.runs.contains { $0.trial < 10 && $0.trial != 3 })
        // What was chosen by the failure is chosen anew.
        #expect(table.json == whole.json)
    }

    @Test func `more settings may be tried later, and a journal has one sweep at a time`() throws {
        let folder = try TemporaryDirectory()
        let few = try Sweep(try settings(.tpe, trials: 12), folder: folder.file("grown")).run(BowlRunner())
        #expect(few.rows.count == 12)
        let runner = BowlRunner()
        let grown = try Sweep(try settings(.tpe, trials: 20), folder: folder.file("grown"))
        #expect(grown.knownRunCount == 24 && grown.settings.runCount == 40)
        let error = #expect(throws: ReportError.self) {
            try Sweep(try settings(.tpe, trials: 20), folder: folder.file("grown"))
        }
        #expect(error?.message.contains("another sweep writes to") == true)
        let table = try grown.run(runner)
        #expect(runner.count == 16)
        #expect(
            table.json
                == (try Sweep(try settings(.tpe, trials: 20), folder: folder.file("whole")).run(BowlRunner()).json))
    }

    @Test(
        arguments: [
            ("accuracy", .maximize), ("eval_f1", .maximize), ("macro_f1", .maximize),
            ("f1/macro", .maximize), ("eval_matthews_correlation", .maximize), ("pearson", .maximize),
            ("spearmanr", .maximize), ("exact_match", .maximize), ("eval_loss", .minimize), ("mse", .minimize),
            ("ece", .minimize), ("perplexity", .minimize), ("wer", .minimize), ("eval_PER_f1", .maximize),
            ("score", nil),
            ("hardness", nil), ("", nil),
        ] as [(String, SweepSettings.Direction?)]) func `a metric's name says its direction`(
            name: String, direction: SweepSettings.Direction?
        ) throws
    {
        #expect(SweepSettings.Direction(ofMetric: name) == direction)
        var settings = try settings(.random, trials: 3)
        settings.metric = name
        #expect(settings.direction == direction ?? .minimize)
        if direction == nil {
            let error = #expect(throws: ReportError.self) { try settings.validate() }
            #expect(error?.commandLineRemedy == "Give --direction minimize or maximize.")
        } else {
            try settings.validate()
        }
        settings.direction = .maximize
        try settings.validate()
        #expect(settings.direction == .maximize)
    }

    @Test func `a page says which direction is the better one`() throws {
        var settings = try settings(.random, trials: 2, seeds: [1])
        settings.metric = "accuracy"
        let folder = try TemporaryDirectory()
        let table = try Sweep(settings, folder: folder.path).run(
            ToldRunner { run, _ in SweepOutcome(metrics: ["eval_accuracy": .double(Double(run.trial) / 2)]) })
        #expect(table.rows.map(\.trial) == [1, 0])
        #expect(table.page(title: "sweep").contains("the largest is the best (maximize)"))
        #expect(table.text.hasPrefix("2 settings by random search, the largest accuracy first (maximize)\n"))
    }
}
