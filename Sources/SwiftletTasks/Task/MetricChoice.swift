import SwiftletMetrics
import SwiftletModels

/// Metrics by the names that a user gives: `accuracy`, `glue/mrpc`, `f1/macro`.
enum MetricChoice {
    /// - Parameters:
    ///   - names: after a slash stands a config, or how scores of labels become one.
    ///   - options: given to the metrics that take them.
    /// - Throws: `TaskError` for a metric that does not fit the classes, or an option that no metric takes.
    static func metrics(
        _ names: [String], _ options: [MetricOption], problem: ProblemType?, labelCount: Int?
    ) throws -> [Metric] {
        var unused = options
        let metrics = try names.map { name in
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            let base = parts.first ?? name
            var given: [MetricOption] = []
            var config = parts.count > 1 ? parts[1] : nil
            if let text = config, !Evaluate.configs(base).contains(text), let average = Average(rawValue: text) {
                given.append(.average(average))
                config = nil
            }
            var metric = try Evaluate.load(base, problem == .multiLabelClassification ? config ?? multiLabel(base) : config)
            for option in options {
                guard let changed = try? metric.with(option) else { continue }
                metric = changed
                unused.removeAll { $0 == option }
            }
            for option in given { metric = try metric.with(option) }
            // Scores have a column for each class, also for those that no row has.
            if metric.takesScores, problem != .multiLabelClassification, let labelCount, labelCount > 2,
                let named = try? metric.with(.labels(Array(0..<labelCount))), !options.contains(where: isLabels)
            {
                metric = named
            }
            try check(metric, base, average: given.isEmpty && !options.contains { if case .average = $0 { true } else { false } }, problem, labelCount)
            return metric
        }
        if let option = unused.first {
            throw TaskError(
                .metric, "none of the metrics \(names.joined(separator: ", ")) takes the option \(option)",
                remedy: "Leave it out of \(optionName("metricOptions")), or give a metric that takes it.")
        }
        return metrics
    }

    private static func isLabels(_ option: MetricOption) -> Bool {
        if case .labels = option { true } else { false }
    }

    /// Metrics of one label a row have a config of their own for several.
    private static func multiLabel(_ base: String) -> String? {
        Evaluate.configs(base).contains("multilabel") ? "multilabel" : nil
    }

    private static func check(
        _ metric: Metric, _ name: String, average isMissing: Bool, _ problem: ProblemType?, _ labelCount: Int?
    ) throws {
        guard ["f1", "precision", "recall"].contains(name), isMissing, let labelCount else { return }
        if problem == .multiLabelClassification || labelCount > 2 {
            throw TaskError(
                .metric, "\(name) is for two classes, and there are \(labelCount)",
                remedy: "Say how the scores of the classes become one: \(name)/macro, \(name)/micro or \(name)/weighted.")
        }
    }
}
