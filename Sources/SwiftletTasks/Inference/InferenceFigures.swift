import Synchronization

/// What calls of a model have cost.
public struct InferenceFigures: Sendable, Equatable {
    /// How many sequences the model was given.
    public var sequenceCount = 0
    /// How many tokens these have, special ones included.
    public var tokenCount = 0
    /// How long the calls waited until the model began with them.
    public var waited: Duration = .zero
    /// How long the batches ran that the calls were in. They share these with others.
    public var ran: Duration = .zero

    /// Nothing yet.
    public init() {}

    init(sequenceCount: Int, tokenCount: Int) {
        self.sequenceCount = sequenceCount
        self.tokenCount = tokenCount
    }

    /// Adds the sequences, the tokens and both times of another call. Calls that ran side by side add up too: the sums
    /// are not the time that passed.
    public static func += (left: inout InferenceFigures, right: InferenceFigures) {
        left.sequenceCount += right.sequenceCount
        left.tokenCount += right.tokenCount
        left.waited += right.waited
        left.ran += right.ran
    }
}

/// A batch that a model has run.
public struct BatchFigures: Sendable {
    /// How many requests are in it, whole or in part.
    public var requestCount: Int
    /// How many sequences the batch has, which is its first dimension.
    public var sequenceCount: Int
    /// Special tokens included, padding not.
    public var tokenCount: Int
    /// How long the model took for the batch. The time that requests waited for it is not in it.
    public var duration: Duration
}

/// Adds up what the calls of a task cost, however deep in a pipeline they are made.
///
///     let (answer, figures) = try await InferenceMeasurement.of { try await classify("He left.") }
///     print(figures.tokenCount, figures.waited)
public final class InferenceMeasurement: Sendable {
    @TaskLocal static var current: InferenceMeasurement?
    private let total = Mutex(InferenceFigures())

    private init() {}

    func add(_ figures: InferenceFigures) { total.withLock { $0 += figures } }

    /// What the body's calls of models cost, those of its child tasks included.
    ///
    /// - Throws: what the body throws.
    public static func of<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> (result: Result, figures: InferenceFigures) {
        let measurement = InferenceMeasurement()
        let result = try await $current.withValue(measurement) { try await body() }
        return (result, measurement.total.withLock { $0 })
    }
}
