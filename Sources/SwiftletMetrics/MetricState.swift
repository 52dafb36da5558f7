/// What a metric holds between batches, and how it becomes scores.
protocol MetricState: Sendable {
    /// The options that `compute` heeds, by name.
    var options: Set<String> { get }

    /// Takes in a batch, whose columns have the same length, or throws and leaves the state as it was.
    mutating func add(_ batch: MetricBatch) throws(MetricError)

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues

    /// How many rows stand behind each unit of resampling, such as a cell of a confusion matrix; `nil` if resampling
    /// isn't possible.
    var groups: [Int]? { get }

    /// Why `groups` is `nil`.
    var groupsError: MetricError { get }

    /// The state as it would be had each row group been seen that often.
    func taking(_ counts: [Int]) -> Self
}

extension MetricState {
    var groupsError: MetricError { .weightedIntervals }
}

extension Array {
    /// Each element as often as `counts` says.
    func repeated(_ counts: [Int]) -> [Element] {
        var elements: [Element] = []
        for (element, count) in zip(self, counts) {
            for _ in 0..<count { elements.append(element) }
        }
        return elements
    }
}
