/// `evaluate.load` and `evaluate.combine`.
public enum Evaluate {
    /// A metric by the name and configuration it has in `evaluate`, such as `"glue"` with `"mrpc"`.
    public static func load(_ name: String, _ config: String? = nil) throws(MetricError) -> Metric {
        guard let entry = registry.first(where: { $0.name == name }) else {
            throw MetricError(
                "Couldn't find a metric named '\(name)'",
                remedy: "Metrics are: \(names.joined(separator: ", ")).", kind: .unknownMetric)
        }
        guard let state = entry.state(config) else {
            if entry.needsConfig {
                let configs = entry.configs.map { "\"\($0)\"" }.joined(separator: ", ")
                throw MetricError(
                    "You should supply a configuration name selected in [\(configs)]",
                    remedy: config.map { "'\(name)' has no configuration '\($0)'." }
                        ?? "For example: Evaluate.load(\"\(name)\", \"\(entry.configs[0])\").",
                    commandLine: config.map { "'\(name)' has no configuration '\($0)'." }
                        ?? "For example: --metric \(name)/\(entry.configs[0]).", kind: .unknownMetric)
            }
            throw MetricError(
                "'\(name)' has no configuration '\(config ?? "")'",
                remedy: entry.configs.isEmpty
                    ? "Leave the configuration out." : "It has: \(entry.configs.joined(separator: ", ")).",
                kind: .unknownMetric)
        }
        return Metric(name, config, state)
    }

    /// One metric of several, which takes the inputs once and merges the results.
    ///
    /// Keys that more than one of them has get the metric's name before them, as in `f1_f1`; with a number where the
    /// metric comes more than once. Options go to those that have them. The inputs so far of `metrics` aren't used.
    ///
    /// - Parameters:
    ///   - names: other names for these prefixes.
    ///   - forcePrefix: whether every key gets one.
    public static func combine(
        _ metrics: [Metric], names: [String]? = nil, forcePrefix: Bool = false
    ) throws(MetricError) -> Metric {
        guard !metrics.isEmpty, names == nil || names?.count == metrics.count else {
            throw MetricError("combine needs at least one metric, and as many names as metrics, if any")
        }
        let parts = metrics.enumerated().map { index, metric in
            CombinedState.Part(name: names?[index] ?? metric.name, presets: metric.presets, state: metric.empty)
        }
        return Metric("combined", nil, CombinedState(parts: parts, forcePrefix: forcePrefix))
    }

    /// `combine` of metrics by name.
    public static func combine(_ names: [String], forcePrefix: Bool = false) throws(MetricError) -> Metric {
        var metrics: [Metric] = []
        for name in names { metrics.append(try load(name)) }
        return try combine(metrics, forcePrefix: forcePrefix)
    }

    /// The names that `load` knows.
    public static var names: [String] { registry.map(\.name).sorted() }

    /// The configurations of a metric; empty if it has none.
    public static func configs(_ name: String) -> [String] { registry.first { $0.name == name }?.configs ?? [] }

    private struct Entry: Sendable {
        var name: String
        var configs: [String] = []
        var needsConfig = false
        var make: @Sendable (String?) -> (any MetricState)

        func state(_ config: String?) -> (any MetricState)? {
            guard let config else { return needsConfig ? nil : make(nil) }
            if configs.contains(config) { return make(config) }
            return config == "default" && !needsConfig ? make(nil) : nil
        }
    }

    private static let setOptions: Set<String> = ["average", "labels", "pos_label", "zero_division"]

    private static func labels(_ name: String, _ score: LabelScore, _ options: Set<String>) -> Entry {
        Entry(name: name, configs: ["multilabel"]) { config in
            if config == nil { LabelState([score], options: options) } else { MultiLabelState(score, options: options) }
        }
    }

    private static let registry: [Entry] = [
        labels("accuracy", .accuracy, ["normalize"]),
        labels("precision", .set(.precision), setOptions),
        labels("recall", .set(.recall), setOptions),
        labels("f1", .set(.f1), setOptions),
        Entry(name: "matthews_correlation", configs: ["multilabel"]) { config in
            if config == nil { LabelState([.matthews]) } else { MultiLabelState(.matthews, options: ["average"]) }
        },
        Entry(name: "confusion_matrix") { _ in LabelState([.confusionMatrix], options: ["labels", "normalize"]) },
        Entry(name: "pearsonr") { _ in PearsonState() },
        Entry(name: "spearmanr") { _ in CorrelationState() },
        Entry(name: "mse", configs: ["multilist"]) { _ in RegressionState(.mse) },
        Entry(name: "mae", configs: ["multilist"]) { _ in RegressionState(.mae) },
        Entry(name: "mape", configs: ["multilist"]) { _ in RegressionState(.mape) },
        Entry(name: "smape", configs: ["multilist"]) { _ in RegressionState(.smape) },
        Entry(name: "r_squared") { _ in DeterminationState() },
        Entry(name: "brier_score") { _ in BrierState() },
        Entry(name: "xnli") { _ in LabelState([.glueAccuracy]) },
        Entry(
            name: "indic_glue",
            configs: [
                "wnli", "copa", "sna", "csqa", "wstp", "inltkh", "bbca", "iitp-mr", "iitp-pr", "actsa-sc", "md", "wiki-ner",
            ], needsConfig: true
        ) { config in
            config == "wiki-ner" ? LabelState([.glueAccuracy, .set(.f1)]) : LabelState([.glueAccuracy])
        },
        Entry(name: "roc_auc", configs: ["multiclass", "multilabel"]) { _ in RankingState(.rocAUC) },
        Entry(name: "average_precision", configs: ["multiclass", "multilabel"]) { _ in
            RankingState(.averagePrecision)
        },
        Entry(name: "exact_match") { _ in ExactMatchState() },
        Entry(name: "squad") { _ in AnswerState(scale: 100) },
        Entry(name: "seqeval") { _ in SequenceLabelState() },
        Entry(name: "perplexity") { _ in PerplexityState() },
        Entry(name: "calibration_error") { _ in CalibrationState() },
        Entry(
            name: "glue",
            configs: [
                "sst2", "mnli", "mnli_mismatched", "mnli_matched", "cola", "stsb", "mrpc", "qqp", "qnli", "rte",
                "wnli", "hans", "ax",
            ], needsConfig: true
        ) { config in
            switch config {
            // The diagnostic set, which evaluate has no configuration for, is scored like CoLA by the benchmark.
            case "cola", "ax": LabelState([.matthews])
            case "stsb": CorrelationState(hasPearson: true)
            case "mrpc", "qqp": LabelState([.glueAccuracy, .set(.f1)])
            default: LabelState([.glueAccuracy])
            }
        },
        Entry(
            name: "super_glue",
            configs: ["boolq", "cb", "copa", "multirc", "record", "rte", "wic", "wsc", "wsc.fixed", "axb", "axg"],
            needsConfig: true
        ) { config in
            switch config {
            case "axb": LabelState([.matthews])
            case "cb": LabelState([.glueAccuracy, .set(.f1, default: .macro)])
            case "record": AnswerState(scale: 1)
            case "multirc": MultiRCState()
            default: LabelState([.glueAccuracy])
            }
        },
    ]
}
