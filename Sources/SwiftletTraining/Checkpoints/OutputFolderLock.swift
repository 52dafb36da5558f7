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

    /// Says that checkpoints of other runs lie in `output_dir`, which `save_total_limit` neither counts nor deletes.
    func warnOfOtherRuns() throws {
        guard args.saveTotalLimit != nil, accelerator.isMainProcess else { return }
        let others = try Checkpoint.all(in: args.outputDir).filter { $0.run?.id != runIdentity.id }
        guard let newest = others.last else { return }
        logger.warning(
            "'\(args.outputDir)' has \(others.count) checkpoints of other runs, such as \(FileSystem.name(of: newest.path)); save_total_limit leaves them alone"
        )
    }
}
