import Foundation
import Logging
import SwiftletIO

/// Keeps a second training out of a folder while one writes to it. Only the main process of several holds it, as only
/// that one writes.
package final class OutputFolderLock {
    package static let fileName = ".swiftlet-training.lock"
    /// `nil` on a file system without locks.
    private let lock: FileLock?

    /// - Throws: `TrainingError` that names the holder.
    init(_ folder: String, _ logger: Logger) throws {
        let path = FileSystem.join(folder, Self.fileName)
        let taken: FileLock?
        do { taken = try FileLock.attempt(path, removesFile: true) } catch {
            // The folder itself can be written to, or what follows says so.
            logger.warning("a second training in '\(folder)' would not be noticed: \(error.message)")
            lock = nil
            return
        }
        guard let taken else {
            let holder = FileLock.note(path).map { ": \($0)" } ?? ""
            throw TrainingError(
                "another training writes to '\(folder)'\(holder)",
                remedy: "Wait until it has ended, or choose another output_dir.", kind: .invalidArgument,
                at: ErrorLocation(path: folder, option: "output_dir"))
        }
        try taken.write(note: "process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
        lock = taken
    }
}

extension Trainer {
    /// Keeps others out of `output_dir` from here on. All processes call it.
    func holdOutputFolder() throws {
        try accelerator.onMain {
            guard outputLock == nil else { return }
            try FileSystem.createDirectory(args.outputDir)
            outputLock = try OutputFolderLock(args.outputDir, logger)
        }
    }

    /// Says, before the first step, that checkpoints of other runs lie in `output_dir`, and what becomes of them.
    func warnOfOtherRuns() throws {
        guard args.saveStrategy != .no, accelerator.isMainProcess else { return }
        let others = try Checkpoint.all(in: args.outputDir).filter { $0.run?.id != runIdentity.id && !$0.isMisnamed }
        guard let newest = others.last else { return }
        let isOne = others.count == 1
        var fates: [String] = []
        if args.saveTotalLimit != nil { fates.append("save_total_limit leaves \(isOne ? "it" : "them") out") }
        // What no run of this library wrote is kept, and told when it makes room.
        if others.contains(where: { $0.run != nil && $0.step > state.globalStep && $0.step <= state.maxSteps }) {
            fates.append(
                isOne
                    ? "this run replaces it where it saves at that step"
                    : "this run replaces those of the steps at which it saves")
        }
        guard !fates.isEmpty else { return }
        let example = FileSystem.name(of: newest.path)
        let what =
            isOne
            ? "a checkpoint of another run, \(example)"
            : "\(others.count) checkpoints of other runs, such as \(example)"
        logger.warning("'\(args.outputDir)' has \(what): \(fates.joined(separator: ", and "))")
    }
}
