public import Logging
public import SwiftletIO
import SwiftletRunLog

/// Writes what a run logs for TensorBoard, under the folder and tags of `transformers`: `train/loss`,
/// `train/learning_rate`, `eval/accuracy`, and the texts `args` and `model_config`.
///
/// Look at it with `tensorboard --logdir <output_dir>/runs`. A log that can't be written does not end a run of hours:
/// it is reported once, and the run goes on without TensorBoard.
public final class TensorBoardCallback: TrainerCallback {
    /// `TENSORBOARD_LOGGING_DIR` if it is set, else `<output_dir>/runs/<MonDD_HH-MM-SS>_<host>`.
    public let folder: String
    /// Why nothing more is written, if something went wrong.
    public private(set) var failure: FileError?
    private let texts: [(tag: String, text: String)]
    private let logger: Logger
    private var writer: TensorBoardWriter?

    /// - Parameters:
    ///   - outputDir: the run's output folder.
    ///   - folder: where the event file goes instead of the folder by default.
    ///   - arguments: the run's arguments under their Python names.
    ///   - modelConfig: the content of the model's `config.json`.
    public init(
        outputDir: String, folder: String? = nil, arguments: JSONObject? = nil, modelConfig: JSONObject? = nil,
        logger: Logger = Logger(label: "swiftlet.tensorboard")
    ) {
        self.folder = folder ?? Self.defaultFolder(outputDir: outputDir)
        texts =
            (arguments.map { [("args", JSONValue.object($0).text(JSONStyle(indent: 2)))] } ?? [])
            + (modelConfig.map { [("model_config", JSONValue.object($0).text(.config) + "\n")] } ?? [])
        self.logger = logger
    }

    /// - Parameter chosen: what the environment says; it may begin with `~`.
    package static func defaultFolder(
        outputDir: String, chosen: String? = Machine.environment("TENSORBOARD_LOGGING_DIR")
    ) -> String {
        if let chosen { return FileSystem.expandingTilde(chosen) }
        return FileSystem.join(outputDir, "runs/\(Machine.stamp(Machine.now))_\(Machine.hostName)")
    }

    public func onTrainBegin(_ state: TrainerState, _ control: inout TrainerControl) { begin() }

    public func onLog(_ state: TrainerState, logs: JSONObject) {
        record(logs, step: state.globalStep)
    }

    public func onTrainEnd(_ state: TrainerState, _ control: inout TrainerControl) { end() }

    package func begin() {
        write { writer in
            for (tag, text) in texts { writer.addText(tag, text) }
        }
    }

    /// The next log, such as that of an evaluation afterwards, goes to a file of its own in the same folder.
    package func end() { writer = nil }

    /// Writes one log: numbers as curves, texts as texts; other kinds of values have no place in TensorBoard.
    package func record(_ logs: JSONObject, step: Int) {
        write { writer in
            for (key, value) in logs {
                let tag = Self.tag(key)
                if let number = value.double ?? value.bool.map({ $0 ? 1 : 0 }) {
                    writer.addScalar(tag, number, step: step)
                } else if let text = value.string {
                    writer.addText(tag, text, step: step)
                } else {
                    logger.warning("TensorBoard can't show '\(key)', which is \(value.kind): it is left out")
                }
            }
        }
    }

    /// `eval_loss` becomes `eval/loss`, `test_loss` `test/loss`, and all else `train/…`.
    static func tag(_ key: String) -> String {
        for split in ["eval", "test"] where key.hasPrefix("\(split)_") {
            return "\(split)/\(key.dropFirst(split.count + 1))"
        }
        return "train/\(key)"
    }

    private func write(_ add: (TensorBoardWriter) -> Void) {
        guard failure == nil else { return }
        do throws(FileError) {
            if writer == nil { writer = try TensorBoardWriter(folder: folder) }
            guard let writer else { return }
            add(writer)
            try writer.flush()
        } catch {
            failure = error
            writer = nil
            logger.warning("the run goes on without TensorBoard: \(error)")
        }
    }
}
