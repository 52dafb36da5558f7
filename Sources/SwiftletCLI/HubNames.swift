import Dispatch
import Swiftlet
import SwiftletCommandLine
import SwiftletIO
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The models and datasets that a command line names: folders and files of this machine, or names on the Hub.
enum HubNames {
    /// The folder of a model, downloaded first where it is one of the Hub's.
    static func model(
        _ name: String, parts: HubModelParts = [.model, .tokenizer], revision: String = "main"
    ) throws -> String {
        let path = FileSystem.expandingTilde(name)
        if FileSystem.isDirectory(path) { return path }
        let hub = HubClient(settings: try HubSettings())
        let line = TransferLine("downloading \(name)")
        defer { line.finish() }
        return try waiting(saying: asks("model", name)) {
            try await hub.modelFolder(name, parts: parts, revision: revision, progress: line.show)
        }
    }

    static func dataset(_ name: String, _ config: String?, _ options: FileOptions = FileOptions()) throws -> DatasetDict
    {
        let line = TransferLine("downloading \(name)")
        defer { line.finish() }
        let isFolder = FileSystem.isDirectory(FileSystem.expandingTilde(name))
        return try waiting(saying: isFolder ? nil : asks("dataset", name)) {
            try await loadDataset(name, config, options: options, progress: line.show)
        }
    }

    private static func asks(_ what: String, _ name: String) -> String {
        "there is no folder '\(name)' here; the Hub is asked for a \(what) of that name"
    }
}

/// Runs what waits for the network, and waits for it: commands themselves are not asynchronous.
///
/// - Parameter note: what to say where it takes longer than a mistyped name should.
func waiting<Value: Sendable>(
    saying note: String? = nil, _ work: @escaping @Sendable () async throws -> Value
) throws -> Value {
    let outcome = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    Task {
        do {
            let value = try await work()
            outcome.result.withLock { $0 = .success(value) }
        } catch {
            outcome.result.withLock { $0 = .failure(error) }
        }
        done.signal()
    }
    if let note, done.wait(timeout: .now() + 1) == .timedOut {
        // In place of how far a download is.
        if isatty(STDERR_FILENO) == 1 { writeToStandardError("\r\u{1B}[K") }
        noteOnStandardError(note)
        done.wait()
    } else if note == nil {
        done.wait()
    }
    guard let result = outcome.result.withLock({ $0 }) else { throw CancellationError() }
    return try result.get()
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}

/// How far a download or an upload is: one line that changes on a terminal's standard error, else one when it begins.
final class TransferLine: Sendable {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let isShown = Mutex(false)

    init(_ title: String) { self.title = title }

    var show: HubProgressHandler {
        { [self] progress in
            // What is cached already is not worth a line.
            guard progress.bytesTotal > 0 || progress.bytesTransferred > 0 else { return }
            let isFirst = isShown.withLock { shown in
                defer { shown = true }
                return !shown
            }
            if isTerminal {
                let files = progress.filesTotal > 1 ? ", \(progress.filesDone) of \(progress.filesTotal) files" : ""
                let sizes = "\(sizeText(progress.bytesDone)) of \(sizeText(progress.bytesTotal))"
                writeToStandardError("\r\u{1B}[K\(title): \(sizes)\(files), \(sizeText(progress.rate.clampedToInt))/s")
            } else if isFirst {
                writeToStandardError("\(title)\n")
            }
        }
    }

    /// Takes the line away.
    func finish() {
        if isTerminal, isShown.withLock(\.self) { writeToStandardError("\r\u{1B}[K") }
    }
}

/// `90.9 MB`, with thousands as the Hub counts them.
func sizeText(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), "B")
    for next in ["kB", "MB", "GB", "TB"] where value >= 999.95 {
        value /= 1000
        unit = next
    }
    return unit == "B" ? "\(bytes) B" : "\((value * 10).rounded() / 10) \(unit)"
}
