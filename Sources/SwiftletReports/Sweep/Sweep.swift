public import SwiftletIO
import SwiftletRunLog

/// What runs the trainings of a sweep. `start` may return at once; `finish` waits for the end. Where several runs go side by
/// side, so many are started before one is waited for.
public protocol SweepRunner {
    /// What `start` hands to `finish` for one training, such as its process or, where `start` waits, its outcome.
    associatedtype Started

    /// - Parameters:
    ///   - values: of the settings that are searched.
    ///   - epochs: how long to train, where the sweep decides that.
    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> Started

    /// - Returns: the metrics of the run's last evaluation; for a run that failed, the reason.
    /// - Throws: what must end the sweep; a run that fails is an outcome.
    func finish(_ started: Started, _ run: SweepRun) throws -> SweepOutcome

    /// Called when the sweep has judged what `finish` gave: the time to take away what the run has left. By default nothing
    /// is done.
    ///
    /// - Parameter failure: why the run counts as failed, by its own account or because its metric is not a number; `nil`
    ///   for a run that counts.
    func close(_ started: Started, _ run: SweepRun, failure: String?) throws
}

extension SweepRunner {
    /// Leaves everything as it is.
    public func close(_ started: Started, _ run: SweepRun, failure: String?) throws {}
}

/// A search for good settings, which goes on where it was after an interruption.
///
/// Every outcome goes to a journal (`sweep.jsonl`) at once. What is tried next depends only on the settings' seed and on
/// outcomes, in an order that doesn't depend on how fast runs are: each of the runs side by side counts as taking as long
/// as its epochs. So a sweep that was killed ends with the table that it would have had.
public struct Sweep {
    /// What is searched and how. A journal that the sweep goes on from was written with the same settings.
    public let settings: SweepSettings
    /// Chooses a setting's values by asking for each; see `SearchTrial`.
    private let space: (inout SearchTrial) -> JSONObject
    private let journal: SweepJournal
    /// Told about each outcome, those of an earlier call too (`isKnown`).
    public var onOutcome: (SweepRun, JSONObject, SweepOutcome) -> Void = { _, _, _ in }
    /// Told what is known so far, after each new outcome.
    public var onTable: (SweepTable) throws -> Void = { _ in }
    /// How many runs' outcomes an earlier call has left in the journal.
    public var knownRunCount: Int { known.count }
    /// How many of them failed.
    public var knownFailureCount: Int { known.count { $0.value.failure != nil } }

    private var known: [SweepRun: SweepOutcome] {
        journal.outcomes.filter {
            $0.key.trial < settings.trialCount ?? .max && settings.seeds.contains($0.key.seed)
        }
    }

    /// - Parameters:
    ///   - folder: for the journal. One that is there must be of the same settings; only the number of trials may be
    ///     another, and for a grid and for random choices the number of runs at a time.
    ///   - retriesFailures: whether runs that failed in an earlier call are run again.
    /// - Throws: `ReportError` for settings that make no sense, for a journal of others, and where another sweep is
    ///   writing it.
    public init(_ settings: SweepSettings, folder: String, retriesFailures: Bool = false) throws {
        try settings.validate()
        self.settings = settings
        space = { trial in
            JSONObject(settings.space.map { ($0.name, trial.suggest($0.name, $0.dimension)) })
        }
        journal = try SweepJournal(
            FileSystem.join(folder, "sweep.jsonl"), settings, retriesFailures: retriesFailures)
    }

    /// A search whose space is a function, as in Optuna.
    init(_ settings: SweepSettings, folder: String?, space: @escaping (inout SearchTrial) -> JSONObject) throws {
        self.settings = settings
        self.space = space
        journal = try SweepJournal(folder.map { FileSystem.join($0, "sweep.jsonl") }, settings)
    }

    /// A run that is under way, or whose outcome is known already.
    private struct Active<Started> {
        let run: SweepRun
        let end: Double
        let order: Int
        let started: Started?
    }

    /// Runs all that is missing.
    ///
    /// A run that fails, or whose metric is not a number, stays in the table with the reason, and the sweep goes on.
    ///
    /// - Returns: a row for each setting, the best first.
    /// - Throws: `ReportError` where the first run has no metric of that name; what the runner throws.
    public func run<Runner: SweepRunner>(_ runner: Runner) throws -> SweepTable {
        var progress = SweepProgress(settings)
        var active: [Active<Runner.Started>] = []
        var waiting: [SweepRun] = []
        var (now, order) = (0.0, 0)
        while true {
            while active.count < settings.parallelRuns {
                if waiting.isEmpty {
                    guard let next = progress.next(space) else { break }
                    waiting = settings.seeds.map { SweepRun(trial: next.trial, round: next.round, seed: $0) }
                }
                let run = waiting.removeFirst()
                let epochs = settings.rounds[run.round]
                let values = progress.values[run.trial]
                let isKnown = journal.outcome(of: run, values) != nil
                active.append(
                    Active(
                        run: run, end: now + (epochs ?? 1), order: order,
                        started: isKnown ? nil : try runner.start(run, values: values, epochs: epochs)))
                order += 1
            }
            guard
                let place = active.indices.min(by: {
                    (active[$0].end, active[$0].order) < (active[$1].end, active[$1].order)
                })
            else { break }
            let ended = active.remove(at: place)
            now = ended.end
            let values = progress.values[ended.run.trial]
            let outcome: SweepOutcome
            if let started = ended.started {
                let found = try runner.finish(started, ended.run)
                do { outcome = try judged(found, isFirst: !progress.hasMetric) } catch {
                    try runner.close(started, ended.run, failure: nil)
                    throw error
                }
                try journal.add(ended.run, values, outcome)
                try runner.close(started, ended.run, failure: outcome.failure)
            } else if let known = journal.outcome(of: ended.run, values) {
                outcome = try judged(known, isFirst: false)
            } else {
                continue
            }
            onOutcome(ended.run, values, outcome)
            progress.add(ended.run, outcome)
            if !outcome.isKnown { try onTable(SweepTable(settings, progress, isComplete: false)) }
        }
        return SweepTable(settings, progress, isComplete: true)
    }

    /// Takes the journal away where no run has ended, as after a refusal, and the folder with it if it was made for the
    /// journal and has nothing else. The sweep can't be run afterwards.
    package func removeIfEmpty() { journal.removeIfEmpty() }

    /// An outcome with a metric that can be compared, or with the reason why there is none.
    ///
    /// - Throws: `ReportError` where no run has had such a metric yet: then the name is wrong, and all would fail.
    private func judged(_ outcome: SweepOutcome, isFirst: Bool) throws -> SweepOutcome {
        guard outcome.failure == nil else { return outcome }
        var outcome = outcome
        guard let value = settings.value(in: outcome) else {
            // Speeds can be named, too, and are nobody's wish.
            let names = outcome.metrics.filter { $0.1.double != nil && !MetricName.isBookkeeping($0.0) }
                .map { $0.0.shown() }
            let message = "no metric '\(settings.metric)' but \(names.isEmpty ? "none" : names.joined(separator: ", "))"
            guard isFirst else {
                outcome.failure = "it gave \(message)"
                return outcome
            }
            throw ReportError(
                .sweep, "the first run gives \(message)",
                remedy: "Name one of those with {metric|--metric}; a run that evaluates nothing has none.",
                at: ErrorLocation(option: "metric"))
        }
        if !value.isFinite {
            outcome.failure = "\(settings.metric) is \(JSONValue.double(value).text()): the training diverged"
        }
        return outcome
    }
}

/// A setting that is about to be tried. A search space asks it for values.
public struct SearchTrial {
    /// Its number, from 0.
    public let number: Int
    let sampler: SearchSampler
    let results: [SearchSampler.Result]
    let grid: JSONObject?

    mutating func suggest(_ name: String, _ dimension: SearchDimension) -> JSONValue {
        grid?[name] ?? sampler.value(name, dimension, trial: number, results: results)
    }

    /// A number between two others; as `optuna.Trial.suggest_float`.
    public mutating func suggestFloat(_ name: String, _ low: Double, _ high: Double, log: Bool = false) -> Double {
        suggest(name, .real(low: low, high: high, isLog: log)).double ?? low
    }

    /// A whole number between two others; as `optuna.Trial.suggest_int`.
    public mutating func suggestInt(_ name: String, _ low: Int, _ high: Int, log: Bool = false) -> Int {
        suggest(name, .integer(low: low, high: high, isLog: log)).int ?? low
    }

    /// One of several values; as `optuna.Trial.suggest_categorical`.
    public mutating func suggestCategorical(_ name: String, _ choices: [JSONValue]) -> JSONValue {
        choices.isEmpty ? .null : suggest(name, .choices(choices))
    }
}

/// What a sweep knows so far.
struct SweepProgress {
    let settings: SweepSettings
    /// Of each setting.
    private(set) var values: [JSONObject] = []
    /// Outcomes of each setting's rounds, seed by seed.
    private(set) var outcomes: [SweepRun: SweepOutcome] = [:]
    /// The means of rounds with all their seeds, in the order of their ends. The smaller, the better.
    private(set) var ended: [(trial: Int, round: Int, objective: Double)] = []
    private var promoted: Set<[Int]> = []

    init(_ settings: SweepSettings) { self.settings = settings }

    /// The next setting or round; `nil` where there is none until something ends.
    mutating func next(_ space: (inout SearchTrial) -> JSONObject) -> (trial: Int, round: Int)? {
        for round in stride(from: settings.rounds.count - 2, through: 0, by: -1) {
            let there = ended.filter { $0.round == round }.sorted {
                ($0.objective, $0.trial) < ($1.objective, $1.trial)
            }
            let best = there.prefix(there.count / settings.reductionFactor).filter { $0.objective.isFinite }
            if let next = best.first(where: { !promoted.contains([$0.trial, round]) }) {
                promoted.insert([next.trial, round])
                return (next.trial, round + 1)
            }
        }
        guard values.count < settings.trialCount ?? .max else { return nil }
        let grid = settings.method == .grid ? settings.gridValues(values.count) : nil
        if settings.method == .grid, grid == nil { return nil }
        let results = ended.map { SearchSampler.Result(values: values[$0.trial], objective: $0.objective) }
        var trial = SearchTrial(
            number: values.count, sampler: SearchSampler(method: settings.method, seed: settings.seed),
            results: results,
            grid: grid)
        values.append(space(&trial))
        return (values.count - 1, 0)
    }

    /// Whether a run has had the metric.
    var hasMetric: Bool { outcomes.contains { settings.value(in: $0.value) != nil } }

    mutating func add(_ run: SweepRun, _ outcome: SweepOutcome) {
        outcomes[run] = outcome
        let all = settings.seeds.map { outcomes[SweepRun(trial: run.trial, round: run.round, seed: $0)] }
        guard all.allSatisfy({ $0 != nil }) else { return }
        let values = all.map { $0.flatMap(settings.value) ?? .nan }
        let mean = values.reduce(0, +) / Double(values.count)
        ended.append(
            (run.trial, run.round, mean.isNaN ? .infinity : settings.direction == .minimize ? mean : -mean))
    }
}

extension SweepSettings {
    /// The metric of an outcome; `nil` for a run that failed.
    package func value(in outcome: SweepOutcome) -> Double? {
        outcome.failure == nil ? (outcome.metrics[metric] ?? outcome.metrics["eval_\(metric)"])?.double : nil
    }
}
