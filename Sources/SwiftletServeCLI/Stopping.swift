import Dispatch
import SwiftletServe
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Ends the program when it has not ended by itself: a while after the grace period, and at a second signal.
enum StopWatch {
    private static let count = Mutex(0)

    static func start(grace: Duration) {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // Holds the source as long as the program runs.
                _ = source
                let isFirst = count.withLock { count in
                    count += 1
                    return count == 1
                }
                guard isFirst else { _exit(1) }
                // Two seconds for what the server does after the grace period: it cuts off what is left.
                let (seconds, attoseconds) = grace.components
                let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000) + 2000
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { _exit(1) }
            }
            source.resume()
        }
    }
}

/// What a task ended with, for a thread that waits for it.
final class Outcome: Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func set(_ result: Result<Void, any Error>) {
        self.result.withLock { $0 = result }
        semaphore.signal()
    }

    /// - Throws: what the task threw.
    func wait() throws {
        semaphore.wait()
        try result.withLock { $0 }?.get()
    }
}
