public import SwiftletIO
import SwiftletRunLog

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Shows a run: a bar with rate, time left and the last loss on a terminal, another one below it during evaluations,
/// and each log as a line on standard output, as `transformers.ProgressCallback`.
public final class ProgressCallback: TrainerCallback {
    private let showsBar: Bool
    /// Whether logs are printed on standard output. May change during a run.
    public var printsLogs: Bool
    private var training: ProgressBar?
    private var evaluation: ProgressBar?

    /// - Parameters:
    ///   - showsBar: on a terminal; elsewhere there is never a bar.
    ///   - printsLogs: on standard output, terminal or not.
    public init(showsBar: Bool = true, printsLogs: Bool = true) {
        self.showsBar = showsBar && ProgressBar.isTerminal
        self.printsLogs = printsLogs
    }

    public func onTrainBegin(_ state: TrainerState, _ control: inout TrainerControl) {
        training = ProgressBar(
            total: state.maxSteps, label: "training", initial: state.globalStep, isVisible: showsBar, leaves: false)
    }

    public func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
        training?.move(to: state.globalStep)
    }

    public func onPredictionStep(_ state: TrainerState, done: Int, total: Int) {
        if done == 1 || evaluation == nil {
            // The first call comes after the first batch, so the clock can't count that one.
            evaluation = ProgressBar(
                total: total, label: training == nil ? "evaluating" : "  evaluating", initial: done,
                isVisible: showsBar, isNested: training != nil, leaves: false)
        }
        evaluation?.move(to: done)
        if done == total {
            evaluation?.erase()
            evaluation = nil
        }
    }

    public func onLog(_ state: TrainerState, logs: JSONObject) {
        if let loss = logs["loss"]?.double { training?.note = "loss \(NumberText.significant(loss, digits: 4))" }
        guard printsLogs else { return }
        evaluation?.erase()
        training?.erase()
        print(Self.line(logs))
        fflush(nil)
    }

    public func onTrainEnd(_ state: TrainerState, _ control: inout TrainerControl) {
        training?.erase()
        training = nil
    }

    /// A log as Python prints it: a dictionary of texts, numbers to four digits.
    package static func line(_ logs: JSONObject) -> String {
        let entries = logs.filter { $0.0 != "total_flos" }.map { key, value in
            "'\(key)': '\(value.double.map { NumberText.significant($0, digits: 4) } ?? value.text())'"
        }
        return "{\(entries.joined(separator: ", "))}"
    }
}
