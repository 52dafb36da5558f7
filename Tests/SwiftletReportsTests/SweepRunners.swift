import SwiftletIO

import SwiftletReports

/// Gives what it is told to.
final class ToldRunner: SweepRunner {
    let outcome: (SweepRun, JSONObject) -> SweepOutcome
    private(set) var runs: [SweepRun] = []

    init(_ outcome: @escaping (SweepRun, JSONObject) -> SweepOutcome) { self.outcome = outcome }

    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> SweepOutcome { outcome(run, values) }

    func finish(_ started: SweepOutcome, _ run: SweepRun) throws -> SweepOutcome {
        runs.append(run)
        return started
    }
}

/// Gives the same to all, and keeps what it is told at the end of each run.
final class ClosingRunner: SweepRunner {
    let metrics: JSONObject
    private(set) var closed: [String?] = []

    init(metrics: JSONObject) { self.metrics = metrics }

    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> SweepOutcome {
        SweepOutcome(metrics: metrics)
    }

    func finish(_ started: SweepOutcome, _ run: SweepRun) throws -> SweepOutcome { started }

    func close(_ started: SweepOutcome, _ run: SweepRun, failure: String?) { closed.append(failure) }
}
