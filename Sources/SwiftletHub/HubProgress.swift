import SwiftletIO
import Synchronization

/// How far a download or an upload is.
public struct HubProgress: Sendable {
    /// The file that moved last.
    public var file: String
    /// Bytes that are there, with those of earlier runs.
    public var bytesDone: Int
    /// Bytes in all; it grows while sizes are still being asked for.
    public var bytesTotal: Int
    /// Files that are there.
    public var filesDone: Int
    /// Files in all.
    public var filesTotal: Int
    /// Bytes that went over the network in this run.
    public var bytesTransferred: Int
    /// Bytes per second over the network in the last few seconds.
    public var rate: Double
}

/// What is told how far a download or an upload is. It may be called on any thread.
public typealias HubProgressHandler = @Sendable (HubProgress) -> Void

/// Adds up what several transfers report and passes it on, at most ten times a second.
final class ProgressMeter: Sendable {
    private struct State {
        var progress: HubProgress
        var samples: [(time: ContinuousClock.Instant, bytes: Int)] = []
        var lastCall: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let handler: HubProgressHandler?
    private static let window = Duration.seconds(5)
    private static let interval = Duration.milliseconds(100)

    init(files: Int, _ handler: HubProgressHandler?) {
        self.handler = handler
        state = Mutex(
            State(
                progress: HubProgress(
                    file: "", bytesDone: 0, bytesTotal: 0, filesDone: 0, filesTotal: files, bytesTransferred: 0, rate: 0
                )))
    }

    /// A file is about to be transferred; `present` of its bytes are there already.
    func begin(_ file: String, total: Int, present: Int) {
        update(file) {
            // Sizes are what a server says.
            $0.bytesTotal = $0.bytesTotal.addingClamped(total)
            $0.bytesDone = $0.bytesDone.addingClamped(present)
        }
    }

    /// Bytes of a file went over the network.
    func move(_ file: String, _ bytes: Int) {
        update(file) {
            $0.bytesDone = $0.bytesDone.addingClamped(bytes)
            $0.bytesTransferred = $0.bytesTransferred.addingClamped(bytes)
        }
    }

    /// What was there of a file turned out to be useless.
    func takeBack(_ file: String, _ bytes: Int) { update(file) { $0.bytesDone = $0.bytesDone.addingClamped(-bytes) } }

    func finish(_ file: String) { update(file, isFinal: true) { $0.filesDone += 1 } }

    private func update(_ file: String, isFinal: Bool = false, _ change: (inout HubProgress) -> Void) {
        guard let handler else { return }
        let now = ContinuousClock.now
        let report: HubProgress? = state.withLock { state in
            state.progress.file = file
            change(&state.progress)
            if let last = state.lastCall, now - last < Self.interval, !isFinal { return nil }
            state.lastCall = now
            state.samples.append((now, state.progress.bytesTransferred))
            state.samples.removeAll { now - $0.time > Self.window }
            if let first = state.samples.first, now > first.time {
                state.progress.rate =
                    Double(state.progress.bytesTransferred - first.bytes) / ((now - first.time) / .seconds(1))
            }
            return state.progress
        }
        if let report { handler(report) }
    }
}
