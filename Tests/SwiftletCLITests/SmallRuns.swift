import SwiftletIO
import SwiftletTestSupport

/// Trainings and sweeps of the built program on a small model and a few rows, in a folder of their own.
struct SmallRuns {
    let folder: TemporaryDirectory
    let program: Program
    let small: SmallTask

    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
        small = try SmallTask(in: folder)
    }

    /// Model, data and the length of a run.
    private func inputs(steps: Int) -> [String] {
        ["--model", small.model, "--dataset", small.data, "--max-steps", String(steps), "--save-strategy", "no"]
    }

    /// Two steps, quietly but for options that say otherwise.
    func train(_ output: String, _ more: [String] = [], isQuiet: Bool = true) throws -> Program.Result {
        try program.run(
            ["train", "--output-dir", folder.file(output)] + inputs(steps: 2) + (isQuiet ? ["--quiet"] : []) + more)
    }

    /// The words of a sweep over runs of one step.
    ///
    /// - Parameters:
    ///   - own: options of the sweep itself.
    ///   - training: more options of its runs.
    ///   - output: the sweep's folder.
    func sweepArguments(_ own: [String], _ training: [String] = [], output: String = "sweep") -> [String] {
        ["sweep", "--output-dir", folder.file(output)] + own + ["--"] + inputs(steps: 1) + training
    }

    func sweep(_ own: [String], _ training: [String] = []) throws -> Program.Result {
        try program.run(sweepArguments(own, training))
    }

    func json(_ path: String) throws -> JSONValue { try JSONValue(contentsOf: folder.file(path)) }
}
