import Dispatch
import SwiftletCommandLine
import SwiftletIO
import SwiftletTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Ctrl-C and SIGTERM end a training after the step under way; a second one ends the program at once, without
/// leaving a temporary file.
final class InterruptSignals {
    private let sources: [any DispatchSourceSignal]

    init(_ stop: StopRequest) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if stop.isSet {
                    AtomicFile.removeTemporaries()
                    _exit(1)
                }
                stop.set()
                writeToStandardError("\nstopping after this step; once more to stop at once\n")
            }
            source.resume()
            return source
        }
    }

    /// Passes both on to processes that this one has started, which end by them.
    init(passingOnTo pass: @escaping @Sendable (Int32) -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { pass(number) }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}

/// Ends this process once the one that started it is gone, where that was asked for: runs of a sweep that was killed must
/// not go on beside those of the next.
final class ParentWatch {
    /// The environment's wish.
    static let variable = "SWIFTLET_ENDS_WITH_PARENT"
    private let timer: any DispatchSourceTimer

    /// - Returns: `nil` where nobody asked for it.
    init?() {
        guard getenv(Self.variable) != nil else { return nil }
        let parent = getppid()
        timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + 1, repeating: 1)
        timer.setEventHandler {
            guard getppid() != parent else { return }
            AtomicFile.removeTemporaries()
            _exit(1)
        }
        timer.resume()
    }

    deinit { timer.cancel() }
}
