/// `evaluate.load` and `evaluate.combine`.
public enum Evaluate {
    /// A metric by the name and configuration it has in `evaluate`, such as `"glue"` with `"mrpc"`.
    public static func load(_ name: String, _ config: String? = nil) throws(MetricError) -> Metric {
        guard let entry = registry.first(where: { $0.name == name }) else {
            throw MetricError(
                "Couldn't find a metric named '\(name)'",
                remedy: "Metrics are: \(names.joined(separator: ", ")).")
        }
        guard let state = entry.state(config) else {
            if entry.needsConfig {
                let configs = entry.configs.map { "\"\($0)\"" }.joined(separator: ", ")
                throw MetricError(
                    "You should supply a configuration name selected in [\(configs)]",
                    remedy: config.map { "'\(name)' has no configuration '\($0)'." }
                        ?? "For example: Evaluate.load(\"\(name)\", \"\(entry.configs[0])\").")
            }
            throw MetricError(
                "'\(name)' has no configuration '\(config ?? "")'",
                remedy: entry.configs.isEmpty
                    ? "Leave the configuration out." : "It has: \(entry.configs.joined(separator: ", ")).")
        }
        return Metric(name, config, state)
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

    private static let registry: [Entry] = [
        Entry(name: "accuracy") { _ in LabelState([.accuracy], options: ["normalize"]) },
        Entry(name: "precision") { _ in LabelState([.set(.precision)], options: setOptions) },
        Entry(name: "recall") { _ in LabelState([.set(.recall)], options: setOptions) },
        Entry(name: "f1") { _ in LabelState([.set(.f1)], options: setOptions) },
        Entry(name: "matthews_correlation") { _ in LabelState([.matthews]) },
        Entry(name: "confusion_matrix") { _ in LabelState([.confusionMatrix], options: ["labels", "normalize"]) },
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
            case "stsb": CorrelationState(pearson: "pearson", spearman: "spearmanr")
            case "mrpc", "qqp": LabelState([.glueAccuracy, .set(.f1)])
            default: LabelState([.glueAccuracy])
            }
        },
    ]
}
