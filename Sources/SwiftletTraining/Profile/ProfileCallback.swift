public import Logging
import SwiftletIO
import SwiftletTensor

/// Records some steps of a run, and writes `profile.txt`, a table of where their time went, and `profile.json`, a trace
/// for `chrome://tracing` or Perfetto.
///
/// A profile that can't be recorded or written does not end a run: it is reported, and the run goes on.
public final class ProfileCallback: TrainerCallback {
    private let folder: String
    private let warmUp: Int
    private let count: Int
    private let logger: Logger
    private let onReport: (String) -> Void
    private var firstStep: Int?
    private var isRecording = false

    /// - Parameters:
    ///   - folder: gets the two files.
    ///   - warmUp: steps before those that are recorded.
    ///   - steps: how many are recorded; fewer where the run is shorter.
    ///   - onReport: is given the table.
    public init(
        folder: String, warmUp: Int = 5, steps: Int = 20, logger: Logger = Logger(label: "swiftlet.profile"),
        onReport: @escaping (String) -> Void = { _ in }
    ) {
        self.folder = folder
        self.warmUp = warmUp
        count = steps
        self.logger = logger
        self.onReport = onReport
    }

    public func onTrainBegin(_ state: TrainerState, _ control: inout TrainerControl) {
        firstStep = state.globalStep + warmUp
        if warmUp == 0 { start() }
    }

    public func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
        guard let firstStep else { return }
        if isRecording, state.globalStep >= firstStep + count { finish() }
        if state.globalStep == firstStep, !isRecording { start() }
    }

    public func onTrainEnd(_ state: TrainerState, _ control: inout TrainerControl) { finish() }

    deinit { if isRecording { _ = Profile.stop() } }

    private func start() {
        do {
            try Profile.start()
            isRecording = true
        } catch {
            logger.warning("the run goes on without a profile: \(error)")
        }
    }

    private func finish() {
        guard isRecording else { return }
        isRecording = false
        guard let report = ProfileReport(Profile.stop()) else { return }
        let text = report.text(limit: report.measureLimit())
        do {
            try FileSystem.createDirectory(folder)
            try AtomicFile.write(text, to: FileSystem.join(folder, "profile.txt"))
            try AtomicFile.write(report.chromeTrace.text(.line) + "\n", to: FileSystem.join(folder, "profile.json"))
        } catch {
            logger.warning("the run goes on without its profile: \(error)")
        }
        onReport(text)
    }
}
