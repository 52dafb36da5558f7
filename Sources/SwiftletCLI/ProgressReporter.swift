import SwiftletIO
import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Shows a run: a bar with rate and time left on a terminal, and each log as a line.
final class ProgressReporter: TrainerCallback {
    private let showsBar: Bool
    private let printsLogs: Bool
    private let clock = ContinuousClock()
    private var start: ContinuousClock.Instant
    private var lastDrawn: ContinuousClock.Instant?
    private var isTraining = false

    init(showsBar: Bool, printsLogs: Bool = true) {
        self.showsBar = showsBar && isatty(STDERR_FILENO) == 1
        self.printsLogs = printsLogs
        start = clock.now
    }

    func onTrainBegin(_ state: TrainerState) {
        isTraining = true
        start = clock.now
    }

    func onStepEnd(_ state: TrainerState) {
        draw("training", state.globalStep, of: state.maxSteps, since: start)
    }

    private var evaluationStart: ContinuousClock.Instant?

    func onPredictionStep(done: Int, total: Int) {
        if done == 1 { evaluationStart = clock.now }
        draw(isTraining ? "  evaluating" : "evaluating", done, of: total, since: evaluationStart ?? start)
        if done == total { erase() }
    }

    func onTrainEnd(_ state: TrainerState) {
        isTraining = false
        erase()
    }

    func onLog(_ state: TrainerState, logs: JSONObject) {
        guard printsLogs else { return }
        erase()
        let entries = logs.filter { $0.0 != "total_flos" }.map { key, value in
            "'\(key)': '\(value.double.map(Self.fourDigits) ?? value.text())'"
        }
        print("{\(entries.joined(separator: ", "))}")
        fflush(nil)
    }

    /// As Python's `%.4g`.
    static func fourDigits(_ value: Double) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            withVaList([value]) { _ = vsnprintf(buffer.baseAddress!, 64, "%.4g", $0) }
            return String(cString: buffer.baseAddress!)
        }
    }

    private func draw(_ label: String, _ done: Int, of total: Int, since start: ContinuousClock.Instant) {
        guard showsBar, total > 0 else { return }
        let now = clock.now
        if let lastDrawn, now - lastDrawn < .milliseconds(100), done < total { return }
        lastDrawn = now
        let elapsed = Double((now - start).components.seconds) + Double((now - start).components.attoseconds) * 1e-18
        let rate = elapsed > 0 ? Double(done) / elapsed : 0
        let left = rate > 0 ? Double(total - done) / rate : 0
        let width = 30
        let filled = width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let tenths = (rate * 10).rounded() / 10
        writeToStandardError(
            "\r\u{1B}[K\(label) \(100 * done / total)% \(bar) \(done)/\(total) [\(Self.time(elapsed))<\(Self.time(left)), \(tenths) it/s]"
        )
    }

    private func erase() {
        if showsBar, lastDrawn != nil { writeToStandardError("\r\u{1B}[K") }
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return whole >= 3600
            ? "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))" : "\(two(whole / 60)):\(two(whole % 60))"
    }
}
