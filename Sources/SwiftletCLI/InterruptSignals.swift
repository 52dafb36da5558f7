import Dispatch
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

    func cancel() {
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}
