import SwiftletDistributed
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport

/// All runs in which nothing goes wrong, made once, and as many as possible by the same processes: to start those takes
/// longer than to train a tiny model.
struct HealthyRuns: Sendable {
    static let all = Result { try HealthyRuns() }

    /// What each process has seen, by the name of the run.
    private var results: [String: [JSONValue]] = [:]

    static let settingsOfAccelerate = ["shuffled", "in_order", "split", "seedable", "drop_last", "accumulated"]
    static func accelerate() throws -> JSONValue {
        try JSONValue(contentsOf: Locations.fixture("several-processes/accelerate.json"))
    }

    static let trainers: [(name: String, settings: JSONObject)] = Kernels.allCases.flatMap { kernels in
        let more: [JSONObject] = [["label_smoothing": 0.1], ["accumulation": 2]]
        return more.enumerated().map { index, more in
            let name = "\(kernels.rawValue) \(index == 0 ? "with label smoothing" : "with accumulation")"
            return (name: name, settings: trainer.merging(["kernels": .string(kernels.rawValue)]).merging(more))
        }
    }
    private static let trainer: JSONObject = [
        "scenario": "trainer", "rows": 24, "eval_rows": 21, "epochs": 3, "save_steps": 100,
    ]

    /// What the processes of a run have seen, in the order of the ranks.
    func of(_ name: String, _ count: Int) throws -> [JSONValue] {
        guard let found = results[name], found.count == count else {
            throw ProcessError("the run '\(name)' has \(results[name]?.count ?? 0) results, not \(count)")
        }
        return found
    }

    private init() throws {
        let processes = try Processes()
        let folder = processes.files.file("2")
        try run(2, try Self.forTwo(in: folder), "2", processes)
        for count in [3, 4] { try run(count, [Self.loop(count)], "\(count)", processes) }
        var alone = [2, 3, 4].map { count -> JSONObject in
            let steps = Self.steps(count)
            return [
                "name": .string("as \(count)"), "scenario": "replay", "rows": 50, "processes": .int(count),
                "of": .string("\(processes.files.file("\(count)"))/\(count) processes"),
                "schedule_steps": .int(steps.epochs * 13), "eval_rows": 408,
            ]
        }
        for (name, settings) in Self.trainers {
            alone.append(
                settings.merging(["name": .string("\(name) alone"), "batch_size": 8, "eval_batch_size": 8]))
        }
        try run(1, alone, "1", processes)
    }

    private static func forTwo(in folder: String) throws -> [JSONObject] {
        let expected = try accelerate()
        var all = settingsOfAccelerate.map { name -> JSONObject in
            (expected["runs"]?[name]?["settings"]?.object ?? [:]).merging(["name": .string(name), "scenario": "loop"])
        }
        all.append(loop(2))
        all += trainers.map { $0.settings.merging(["name": .string($0.name)]) }
        // As Tools/reference/trainer_options.py has it.
        for (name, averages) in [("averaged", true), ("apart", false)] {
            all.append([
                "name": .string("tokens \(name)"), "scenario": "trainer", "rows": 24, "epochs": 2, "save_steps": 100,
                "accumulation": 2, "label_smoothing": 0.1, "evaluates": false, "ignores_a_third": true,
                "averages_tokens": .bool(averages),
            ])
        }
        for scenario in ["loop", "trainer"] {
            for name in ["\(scenario) masks", "\(scenario) masks again"] {
                all.append([
                    "name": .string(name), "scenario": .string(scenario), "dropout": 0.2, "rows": 16, "epochs": 1,
                ])
            }
        }
        for (name, isSharded) in [("whole state", false), ("sharded state", true)] {
            all.append(["name": .string(name), "scenario": "loop", "rows": 21, "sharded": .bool(isSharded)])
        }
        for (name, isSharded) in [("saved", false), ("saved sharded", true)] {
            let saved: JSONObject = [
                "name": .string(name), "scenario": "loop", "rows": 21, "epochs": 3, "saves": true,
                "sharded": .bool(isSharded), "dropout": 0.1,
            ]
            all.append(saved)
            all.append(
                saved.merging([
                    "name": .string("\(name), loaded"), "saves": false, "loads": .string("\(folder)/\(name)/state"),
                ]))
        }
        return all
    }

    private static func steps(_ count: Int) -> (perEpoch: Int, epochs: Int) {
        let perEpoch = [2: 7, 3: 5, 4: 4][count] ?? 1
        return (perEpoch, (40 + perEpoch - 1) / perEpoch)
    }

    /// At least 40 steps on 50 rows, which no number of processes divides, and an evaluation on as many rows as MRPC's.
    private static func loop(_ count: Int) -> JSONObject {
        [
            "name": .string("\(count) processes"), "scenario": "loop", "rows": 50, "epochs": .int(steps(count).epochs),
            "eval_rows": 408, "eval_batch_size": 16,
        ]
    }

    private mutating func run(_ count: Int, _ settings: [JSONObject], _ name: String, _ processes: Processes) throws {
        let all: JSONObject = ["runs": .array(settings.map { .object($0) })]
        let outcome = count == 1 ? try processes.runAlone(all, in: name) : try processes.run(count, all, in: name)
        guard outcome.status == 0 else { throw ProcessError("\(count) processes failed: \(outcome.error)") }
        for run in settings.compactMap({ $0["name"]?.string }) {
            results[run] = try processes.results("\(processes.files.file(name))/\(run)", count)
        }
    }
}

extension JSONObject {
    func merging(_ other: JSONObject) -> JSONObject {
        var all = self
        for (key, value) in other { all[key] = value }
        return all
    }
}
