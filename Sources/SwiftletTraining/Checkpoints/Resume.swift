import SwiftletIO

/// The checkpoint from which a run goes on.
public enum ResumePoint: Sendable, Equatable {
    /// The newest whole checkpoint of `output_dir`.
    case last
    /// A checkpoint folder.
    case path(String)

    /// `last`, `true` as in Python, or a path.
    public init(_ text: String) {
        self = ["last", "true", "True"].contains(text) ? .last : .path(FileSystem.expandingTilde(text))
    }

    /// - Parameter onDamage: told about each newer checkpoint that can't be used.
    /// - Throws: `TrainingError` if there is none; `FileError` where the system is short of what reading takes.
    package func find(in folder: String, onDamage: (String) -> Void) throws -> Checkpoint {
        switch self {
        case .path(let path):
            try? Checkpoint.recover(in: FileSystem.parent(of: path))
            guard let checkpoint = try Checkpoint(path) else {
                throw TrainingError(
                    "'\(path)' is no checkpoint",
                    remedy: "Give a folder named checkpoint-N that a training has written.", kind: .checkpoint,
                    at: ErrorLocation(path: path, option: "resume_from_checkpoint"))
            }
            try checkpoint.verify()
            return checkpoint
        case .last:
            // Where nothing can be written, there is nothing to take back either.
            try? Checkpoint.recover(in: folder)
            let all = try Checkpoint.all(in: folder)
            for name in try Checkpoint.namesWithoutStep(in: folder) {
                onDamage("\(FileSystem.join(folder, name)) is passed over: its name is not that of a step")
            }
            for checkpoint in all.reversed() {
                let isWhole = try checkpoint.isWhole { onDamage("\(checkpoint.path) is passed over: \($0)") }
                if isWhole { return checkpoint }
            }
            throw TrainingError(
                all.isEmpty ? "there is no checkpoint in '\(folder)'" : "no checkpoint in '\(folder)' is whole",
                remedy: "Start without resumeFrom.", commandLine: "Start without --resume-from-checkpoint.",
                kind: .checkpoint, at: ErrorLocation(path: folder))
        }
    }
}
