import HTTPTypes
import Synchronization

/// Memory for large answers that are made or sent. That so many requests are let in bounds the small ones; states of all
/// tokens are thousands of times as large as a vector.
final class AnswerSpace: Sendable {
    private let byteLimit: Int
    private let taken = Mutex(0)

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// Space that is taken until this is forgotten.
    final class Share: Sendable {
        private let space: AnswerSpace
        private let byteCount: Int

        fileprivate init(_ space: AnswerSpace, _ byteCount: Int) {
            (self.space, self.byteCount) = (space, byteCount)
        }

        deinit { space.taken.withLock { $0 -= byteCount } }
    }

    /// One answer is always taken, whatever it has.
    ///
    /// - Throws: `RequestError` with status 429 where the others leave no room.
    func take(_ byteCount: Int) throws -> Share {
        let fits = taken.withLock { taken in
            let (sum, overflow) = taken.addingReportingOverflow(byteCount)
            guard taken == 0 || (!overflow && sum <= byteLimit) else { return false }
            taken = overflow ? .max : sum
            return true
        }
        if fits { return Share(self, byteCount) }
        throw RequestError(
            .tooManyRequests, .overloaded, cause: "overloaded",
            "other large answers are under way; ask again, or for fewer texts at a time", retryAfter: 1)
    }
}
