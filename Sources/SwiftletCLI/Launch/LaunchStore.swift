import Dispatch
import Swiftlet
import Synchronization

/// The store that the launchers of all machines and their processes share, asked on a thread of its own: where the
/// network is cut, a question may get no answer for many minutes.
final class LaunchStore: Sendable {
    private let store: SharedStore
    private let queue = DispatchQueue(label: "swiftlet.launch.store")
    private let isLost = Mutex(false)
    let port: UInt16

    init(_ store: SharedStore) {
        self.store = store
        port = store.port
    }

    /// An answer; `nil` if there was none within `limit`, and from then on.
    func ask<Answer: Sendable>(
        _ limit: Duration = .seconds(20), _ question: @escaping @Sendable (SharedStore) throws -> Answer
    ) -> Answer? {
        let pending = begin(question)
        let milliseconds = Int(limit.components.seconds * 1000)
        _ = pending.done.wait(timeout: .now() + .milliseconds(milliseconds))
        guard case .answered(let value) = look(at: pending, .zero) else { return nil }
        return value
    }

    /// Begins a question without waiting for its answer.
    func begin<Answer: Sendable>(
        _ question: @escaping @Sendable (SharedStore) throws -> Answer
    ) -> Pending<Answer> {
        let pending = Pending<Answer>()
        guard !isLost.withLock({ $0 }) else {
            pending.state.withLock { $0 = .lost }
            pending.done.signal()
            return pending
        }
        queue.async { [store] in
            let value = try? question(store)
            pending.state.withLock { $0 = value.map { .answered($0) } ?? .lost }
            pending.done.signal()
        }
        return pending
    }

    /// What has become of a question. No answer within `limit` means that there is none, and from then on to no other.
    func look<Answer>(at pending: Pending<Answer>, _ limit: Duration = .seconds(20)) -> Pending<Answer>.State {
        let state = pending.state.withLock { $0 }
        switch state {
        case .answered: return state
        case .waiting where ContinuousClock.now - pending.start < limit: return state
        case .waiting, .lost:
            isLost.withLock { $0 = true }
            return .lost
        }
    }

    final class Pending<Answer: Sendable>: Sendable {
        enum State: Sendable {
            case waiting, lost
            case answered(Answer)
        }

        let state = Mutex<State>(.waiting)
        let start = ContinuousClock.now
        let done = DispatchSemaphore(value: 0)
    }
}
