internal import SwiftletIO
internal import Synchronization

/// `evaluate.load` and `evaluate.combine`.
public enum Evaluate {
    /// A metric by the name and configuration it has in `evaluate`, such as `"glue"` with `"mrpc"`.
    public static func load(_ name: String, _ config: String? = nil) throws(MetricError) -> Metric {
        guard let entry = entry(name) else {
            if let reason = reasonUnavailable(name) {
                throw MetricError(
                    "The metric '\(name)' is not available: \(reason)",
                    remedy: "Compute it with Python, or register one of your own: Evaluate.register.",
                    commandLine: "Compute it with Python, or give another --metric.", kind: .unsupported)
            }
            let meant = nearestName(to: name, among: names).map { "Did you mean '\($0)'? " } ?? ""
            throw MetricError(
                "Couldn't find a metric named '\(name)'",
                remedy: "\(meant)Metrics are: \(names.joined(separator: ", ")).", kind: .unknownMetric)
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
            throw MetricError(
                "combine needs at least one metric, and as many names as metrics, if any: there are \(metrics.count) "
                    + "metrics and \(names?.count ?? 0) names",
                remedy: "Give a name for each metric, or none.", kind: .countMismatch)
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
    public static var names: [String] {
        (registry.map(\.name) + registered.withLock { $0.keys.map(\.text) }).sortedByCodePoints()
    }

    /// The configurations of a metric; empty if it has none.
    public static func configs(_ name: String) -> [String] { entry(name)?.configs ?? [] }

    static func isBuiltIn(_ name: String) -> Bool { registry.contains { $0.name.isSame(as: name) } }

    private static func entry(_ name: String) -> Entry? {
        if let entry = registry.first(where: { $0.name.isSame(as: name) }) { return entry }
        return registered.withLock { $0[TextKey(name)] }.map { metric in
            Entry(name: name, configs: metric.configs) { RegisteredState(name, $0, metric) }
        }
    }

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
                "wnli", "copa", "sna", "csqa", "wstp", "inltkh", "bbca", "iitp-mr", "iitp-pr", "actsa-sc", "md",
                "wiki-ner", "cvit-mkb-clsr",
            ], needsConfig: true
        ) { config in
            switch config {
            case "wiki-ner": LabelState([.glueAccuracy, .set(.f1)])
            case "cvit-mkb-clsr": SentenceRetrievalState()
            default: LabelState([.glueAccuracy])
            }
        },
        Entry(name: "roc_auc", configs: ["multiclass", "multilabel"]) { _ in RankingState(.rocAUC) },
        Entry(name: "average_precision", configs: ["multiclass", "multilabel"]) { _ in
            RankingState(.averagePrecision)
        },
        Entry(name: "exact_match") { _ in ExactMatchState() },
        Entry(name: "squad") { _ in AnswerState(scale: 100) },
        Entry(name: "squad_v2") { _ in SquadV2State() },
        Entry(name: "cuad") { _ in ContractState() },
        Entry(name: "fever") { _ in FeverState() },
        Entry(name: "coval") { _ in CoreferenceState() },
        Entry(name: "poseval") { _ in POSState() },
        Entry(name: "mase", configs: ["multilist"]) { _ in ScaledErrorState() },
        Entry(name: "top_k_accuracy") { _ in TopKState() },
        Entry(name: "mean_iou") { _ in SegmentationState() },
        Entry(name: "mahalanobis") { _ in MahalanobisState() },
        Entry(name: "wer") { _ in TextState<ErrorRates<WordErrors>>("wer") },
        Entry(name: "cer") { _ in TextState<ErrorRates<CharacterErrors>>("cer") },
        Entry(name: "rouge") { _ in TextState<ROUGE>("rouge") },
        Entry(name: "sacrebleu") { _ in TextState<SacreBLEU>("sacrebleu") },
        Entry(name: "bleu") { _ in TextState<CorpusBLEU>("bleu") },
        Entry(name: "google_bleu") { _ in TextState<GoogleBLEU>("google_bleu") },
        Entry(name: "chrf") { _ in TextState<CHRF>("chrf") },
        Entry(name: "ter") { _ in TextState<TER>("ter") },
        Entry(name: "charcut_mt") { _ in TextState<CharCut>("charcut_mt") },
        Entry(name: "meteor") { _ in TextState<METEOR>("meteor") },
        Entry(name: "nist_mt") { _ in TextState<NIST>("nist_mt") },
        Entry(name: "character") { _ in TextState<CharacTER>("character") },
        Entry(name: "sari") { _ in TextState<SARI>("sari") },
        Entry(name: "wiki_split") { _ in TextState<WikiSplit>("wiki_split") },
        Entry(
            name: "xtreme_s",
            configs: ["fleurs-asr", "mls", "voxpopuli", "babel", "covost2", "fleurs-lang_id", "minds14"],
            needsConfig: true
        ) { config in
            switch config {
            case "fleurs-lang_id": LabelState([.glueAccuracy])
            case "minds14": LabelState([.set(.f1, default: .macro), .glueAccuracy])
            case "covost2": TextState<TranslationBLEU>("xtreme_s")
            default: TextState<ErrorRates<SpeechErrors>>("xtreme_s")
            }
        },
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
