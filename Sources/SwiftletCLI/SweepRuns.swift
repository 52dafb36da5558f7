import Swiftlet
import SwiftletCommandLine
import SwiftletIO
import Synchronization

/// Runs trainings of a sweep as processes of this program.
final class SweepRuns: SweepRunner {
    private let program: String
    private let training: SweepTraining
    private let folder: String
    private let keepsModels: Bool
    private let environment: [String: String]
    private let children = Children()
    private let signals: InterruptSignals

    /// What a signal's handler needs to know.
    private final class Children: Sendable {
        let running = Mutex<[ChildProcess]>([])
        let wasStopped = Atomic<Bool>(false)

        func send(_ number: Int32) { running.withLock { $0.forEach { $0.send(number) } } }
    }

    init(_ training: SweepTraining, folder: String, threads: Int, keepsModels: Bool) throws {
        guard let program = ProgramProcess.path else { throw LaunchError("this program's own file is not known") }
        (self.program, self.training, self.folder, self.keepsModels) = (program, training, folder, keepsModels)
        var environment = ChildProcess.inheritedEnvironment()
        environment["OMP_NUM_THREADS"] = String(threads)
        environment[ParentWatch.variable] = "1"
        self.environment = environment
        let children = children
        signals = InterruptSignals { number in
            children.wasStopped.store(true, ordering: .sequentiallyConsistent)
            children.send(number)
        }
    }

    /// Ends what still runs, and takes the folder of the runs away where none has left anything.
    func stop() {
        signals.cancel()
        children.send(9)
        if (try? FileSystem.names(in: runs))?.isEmpty == true { try? FileSystem.remove(runs) }
    }

    private var runs: String { FileSystem.join(folder, "runs") }

    struct Started {
        let child: ChildProcess
        /// Of this attempt, and of those that an interruption has ended.
        let folders: [String]
        let log: String
    }

    func start(_ run: SweepRun, values: JSONObject, epochs: Double?) throws -> Started {
        let name = "trial-\(run.trial)" + (epochs == nil ? "" : "-round-\(run.round)") + "-seed-\(run.seed)"
        // What an interrupted run has left may still be written to for a moment.
        var folders = [FileSystem.join(runs, name)]
        while FileSystem.exists(folders[folders.count - 1]) {
            folders.append(FileSystem.join(runs, "\(name)-attempt-\(folders.count + 1)"))
        }
        let place = folders[folders.count - 1]
        try FileSystem.createDirectory(place)
        let words = [program, "train"] + training.arguments(values, seed: run.seed, epochs: epochs, folder: place)
        let log = FileSystem.join(place, "log.txt")
        let child = try ChildProcess(words, environment: environment, log: log)
        children.running.withLock { $0.append(child) }
        return Started(child: child, folders: folders, log: log)
    }

    func finish(_ started: Started, _ run: SweepRun) throws -> SweepOutcome {
        let end = started.child.wait()
        children.running.withLock { $0.removeAll { $0.id == started.child.id } }
        guard !children.wasStopped.load(ordering: .sequentiallyConsistent) else {
            throw LaunchError(
                "the sweep was interrupted",
                remedy: "Give the same command again to go on; what has ended is in '\(folder)'.")
        }
        guard end.isSuccess else {
            return SweepOutcome(metrics: [:], failure: Self.reason(end, (try? MappedFile.text(started.log)) ?? ""))
        }
        let path = FileSystem.join(started.folders[started.folders.count - 1], "all_results.json")
        guard let results = (try? JSONValue(contentsOf: path))?.object else {
            return SweepOutcome(metrics: [:], failure: "it left no results in '\(path)'")
        }
        return SweepOutcome(metrics: results)
    }

    func close(_ started: Started, _ run: SweepRun, failure: String?) throws {
        // What failed has a log to look at.
        guard !keepsModels, failure == nil else { return }
        for folder in started.folders where FileSystem.exists(folder) { try FileSystem.remove(folder) }
    }

    /// Why a run failed: its own error, or how it ended.
    static func reason(_ end: ChildProcess.End, _ log: String) -> String {
        let lines = log.split(whereSeparator: \.isNewline)
        let error = lines.last { $0.hasPrefix("error: ") }.map { $0.dropFirst("error: ".count) }
        let text =
            switch (end, error) {
            case (.signal(9), _): "\(end.text), as the system does where memory runs out"
            case (.signal, _): end.text
            case (.exit, let error?): String(error)
            case (.exit, nil): end.text + (lines.last.map { ": \($0)" } ?? "")
            }
        return text.count > 500 ? String(text.prefix(500)) + "…" : text
    }
}
