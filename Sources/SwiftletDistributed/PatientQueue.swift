import Dispatch
import Synchronization

/// Runs what may never return, such as a question to a machine that hangs, on a thread of its own, one after the other.
/// What has not returned in time is left alone, and from then on nothing more is run.
final class PatientQueue: Sendable {
    private let queue = DispatchQueue(label: "swiftlet.store")
    private let isStuck = Mutex(false)

    private final class Answer<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    /// - Returns: `nil` if it has not returned within `limit`.
    func run<Value: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () -> Value) -> Value? {
        guard !isStuck.withLock({ $0 }) else { return nil }
        let answer = Answer<Value>()
        queue.async {
            let value = body()
            answer.value.withLock { $0 = value }
            answer.isThere.signal()
        }
        if answer.isThere.wait(timeout: .now() + .milliseconds(Int(max(limit.milliseconds, 1)))) == .success {
            return answer.value.withLock { $0 }
        }
        isStuck.withLock { $0 = true }
        return nil
    }
}
