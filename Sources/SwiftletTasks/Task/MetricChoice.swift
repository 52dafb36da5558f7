import SwiftletIO
package import SwiftletMetrics
package import SwiftletModels

/// Metrics by the names that a user gives: `accuracy`, `glue/mrpc`, `f1/macro`, `roc_auc/ovr`.
package enum MetricChoice {
    /// - Parameters:
    ///   - names: after a slash stands a config, how scores of labels become one, or how classes are compared.
    ///   - options: given to the metrics that take them.
    /// - Throws: `TaskError` for a metric that does not fit the classes, or an option that no metric takes.
    package static func metrics(
        _ names: [String], _ options: [MetricOption], problem: ProblemType?, labelCount: Int?
    ) throws -> [Metric] {
        var seen: Set<TextKey> = []
        let names = names.filter { seen.insert(TextKey($0)).inserted }
        var unused = options
        let problem = problem ?? (labelCount == 1 ? .regression : .singleLabelClassification)
        let metrics = try names.map { name in
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            let base = parts.first ?? name
            var given: [MetricOption] = []
            var config = parts.count > 1 ? parts[1] : nil
            if let text = config, !Evaluate.configs(base).contains(text) {
                if let average = Average(rawValue: text) {
                    given.append(.average(average))
                    config = nil
                } else if let way = MetricOption.MultiClass(rawValue: text) {
                    given.append(.multiClass(way))
                    config = nil
                }
            }
            var metric = try Evaluate.load(base, config ?? usualConfig(base, problem, labelCount))
            try check(metric, problem, labelCount)
            for option in options {
                if case .labels(let ids) = option, problem != .regression, let labelCount,
                    let id = ids.first(where: { !(0..<labelCount).contains($0) })
                {
                    throw TaskError(
                        .metric, "the metric option labels has \(id), and there are \(labelCount) labels",
                        remedy: "Labels have the numbers 0 to \(labelCount - 1).")
                }
                if let own = given.first(where: { $0.name == option.name }), own != option {
                    throw TaskError(
                        .metric, "the metric \(name) contradicts the option \(option.name)",
                        remedy: "Leave one of both out: what stands behind the slash, or {metricOptions|--metric-args}."
                    )
                }
                guard let changed = try? metric.with(option) else { continue }
                metric = changed
                unused.removeAll { $0 == option }
            }
            for option in given { metric = try metric.with(option) }
            let all = given + options
            if problem == .singleLabelClassification, let labelCount, labelCount > 2 {
                try checkMany(metric, all, labelCount)
                // Rows of some class may be missing, and then scores of all classes are still there.
                if metric.takes == .probabilities,
                    !all.contains(where: { if case .labels = $0 { true } else { false } })
                {
                    metric = (try? metric.with(.labels(Array(0..<labelCount)))) ?? metric
                }
            } else if problem == .multiLabelClassification {
                try checkMany(metric, all, labelCount ?? 0)
            }
            return metric
        }
        if let option = unused.first {
            throw TaskError(
                .metric, "none of the metrics \(names.joined(separator: ", ")) takes the option \(option.name)",
                remedy: "Leave it out of {metricOptions|--metric-args}, or give a metric that takes it.")
        }
        return metrics
    }

    /// Some metrics have a config of their own for several labels, several classes, or several numbers.
    private static func usualConfig(_ base: String, _ problem: ProblemType, _ labelCount: Int?) -> String? {
        let wanted =
            switch problem {
            case .multiLabelClassification: "multilabel"
            case .regression: (labelCount ?? 1) > 1 ? "multilist" : ""
            case .singleLabelClassification: (labelCount ?? 0) > 2 ? "multiclass" : ""
            }
        return Evaluate.configs(base).contains(wanted) ? wanted : nil
    }

    /// Whether a metric is about what the head answers.
    private static func check(_ metric: Metric, _ problem: ProblemType, _ labelCount: Int?) throws {
        let name = metric.name
        func refusal(_ reason: String, _ remedy: String) -> TaskError {
            TaskError(.metric, "\(name) \(reason)", remedy: remedy)
        }
        switch (metric.takes, problem) {
        case (.others, _):
            throw refusal(
                "takes texts, tags or losses, which no head for classes or numbers answers",
                "Give another metric, or compute it in a program of your own.")
        case (.classes, .regression), (.probabilities, .regression):
            throw refusal(
                "is for classes, and numbers are predicted",
                "Give mse, mae, r_squared, pearsonr or spearmanr, or predict classes with {problemType "
                    + "= .singleLabelClassification|--problem-type single_label_classification}.")
        case (.numbers, .multiLabelClassification):
            throw refusal("is for numbers, and each row has several labels", "Give f1/micro, accuracy or roc_auc.")
        case (_, .multiLabelClassification)
        where metric.config != "multilabel" && !["roc_auc", "average_precision"].contains(name):
            throw refusal(
                "is for one class a row, and each row may have several labels", "Give f1/micro, accuracy or roc_auc.")
        case (.probabilities, .singleLabelClassification) where name == "brier_score" && (labelCount ?? 2) > 2:
            throw refusal(
                "is for two classes, and there are \(labelCount ?? 0)", "Give accuracy, f1/macro or roc_auc/ovr.")
        default: break
        }
    }

    /// What metrics need to be told where there are more than two classes, or several labels a row.
    private static func checkMany(_ metric: Metric, _ options: [MetricOption], _ labelCount: Int) throws {
        let (name, isMultiLabel) = (metric.name, metric.config == "multilabel")
        let hasAverage = options.contains { if case .average(let way) = $0 { way != .binary } else { false } }
        if ["f1", "precision", "recall"].contains(name), !hasAverage {
            throw TaskError(
                .metric, "\(name) is for two classes, and there are \(labelCount)",
                remedy:
                    "Say how the scores of the classes become one: \(name)/macro, \(name)/micro or \(name)/weighted.")
        }
        if name == "roc_auc", !isMultiLabel,
            !options.contains(where: { if case .multiClass = $0 { true } else { false } })
        {
            throw TaskError(
                .metric, "roc_auc is for two classes, and there are \(labelCount)",
                remedy: "Say how they are compared: roc_auc/ovr, each with all others, or roc_auc/ovo, each with each.")
        }
    }
}
