/// What a metric holds between batches, and how it becomes scores.
protocol MetricState: Sendable {
    /// The options that `compute` heeds, by name.
    var options: Set<String> { get }

    /// Takes in a batch, whose columns have the same length, or throws and leaves the state as it was.
    mutating func add(_ batch: MetricBatch) throws(MetricError)

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues

    /// How many rows stand behind each unit of resampling, such as a cell of a confusion matrix; `nil` if rows that
    /// are needed for it weren't kept.
    var groups: [Int]? { get }

    /// The state as it would be had each row group been seen that often.
    func taking(_ counts: [Int]) -> Self
}
