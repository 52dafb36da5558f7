extension MetricValues {
    mutating func addIntervals(
        of state: any MetricState, _ bootstrap: MetricOptions.Bootstrap, _ options: MetricOptions
    ) throws(MetricError) {}
}
