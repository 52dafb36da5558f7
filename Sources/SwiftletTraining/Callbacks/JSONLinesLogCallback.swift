public import Logging
public import SwiftletIO

/// Appends each log to a file as one line of JSON: the entry of `log_history`, with `step` and `epoch`.
///
/// A line is there as soon as it is logged, so `tail -f` follows a run and a killed run keeps its log. A run that is
/// resumed goes on in the same file; it logs the steps after its checkpoint once more, so of two lines for a step the
/// later one counts. Losses that are no number stand as `NaN` and `Infinity`, as in `trainer_state.json`.
///
/// A log that can't be written does not end a run of hours: it is reported once, and the run goes on without it.
public final class JSONLinesLogCallback: TrainerCallback {
    /// The file that is written.
    public let path: String
    /// Why nothing more is written, if something went wrong.
    public private(set) var failure: FileError?
    private let logger: Logger
    private var file: AppendingFile?

    /// - Parameters:
    ///   - path: the file to append to; it is made at the first log.
    ///   - logger: told once if the file can't be written.
    public init(_ path: String, logger: Logger = Logger(label: "swiftlet.log")) {
        self.path = path
        self.logger = logger
    }

    public func onLog(_ state: TrainerState, logs: JSONObject) {
        record(logs, step: state.globalStep)
    }

    /// Appends one log.
    package func record(_ logs: JSONObject, step: Int) {
        guard failure == nil else { return }
        var entry = logs
        entry["step"] = .int(step)
        do throws(FileError) {
            if file == nil { file = try open() }
            try file?.append([UInt8]((JSONValue.object(entry).text(.line) + "\n").utf8))
        } catch {
            failure = error
            file = nil
            logger.warning("the run goes on without its log file: \(error)")
        }
    }

    private func open() throws(FileError) -> AppendingFile {
        let file = try AppendingFile(path)
        try file.dropUnfinishedLine()
        return file
    }
}
