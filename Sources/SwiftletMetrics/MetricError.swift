public import SwiftletIO

/// An input, option or name that a metric can't work with.
public struct MetricError: SwiftletError, Equatable {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// No metric of this name, or none with this configuration.
        case unknownMetric
        /// Nothing to compute a value from.
        case empty
        /// Predictions, references or weights of different numbers.
        case countMismatch
        /// Predictions or references of another type or shape than the metric takes.
        case format
        /// An option that the metric does not have, that does not fit the data, or that came too late.
        case invalidOption
        /// A metric of `evaluate` that is not here, such as one that needs a model of its own.
        case unsupported
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller in Swift can do.
    ///   - commandLine: what a user of the command line can do; by default the same.
    public init(
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .invalidOption,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    static let zeroWeights = MetricError(
        "Weights sum to zero, can't be normalized", remedy: "Give at least one row a weight above 0.",
        at: ErrorLocation(option: "sample_weight"))

    /// What scikit-learn says of inputs without a row.
    static let empty = MetricError(
        "Found empty input array (e.g., `y_true` or `y_pred`) while a minimum of 1 sample is required.",
        remedy: "Add at least one prediction before computing.", commandLine: "Give a split that has rows.",
        kind: .empty, at: ErrorLocation(column: "predictions"))

    static func mismatch(_ predictions: Int, _ references: Int) -> MetricError {
        MetricError(
            "Mismatch in the number of predictions (\(predictions)) and references (\(references))",
            remedy: "Give one prediction for each reference.", kind: .countMismatch,
            at: ErrorLocation(column: "predictions"))
    }

    /// An option that came after the batches it is about.
    static func late(_ text: String, option: String) -> MetricError {
        MetricError(
            "\(text) was asked for after batches had been added without it",
            remedy: "Set the option before the first batch: Evaluate.load(...).with(...), or give compute all "
                + "predictions and references at once.",
            commandLine: "Give it with --metric-args.", at: ErrorLocation(option: option))
    }

    /// - Parameter commandLine: by default that the metric is for other tasks.
    static func format(
        _ column: String, expected: String, got: String, remedy: String? = nil,
        commandLine: String = "Give another --metric: this one is for another kind of task.", row: Int? = nil
    ) -> MetricError {
        MetricError(
            "Predictions and/or references don't match the expected format: \(column) should be \(expected), "
                + "got \(got)", remedy: remedy ?? "Give \(column) that are \(expected).", commandLine: commandLine,
            kind: .format, at: ErrorLocation(column: column, row: row))
    }

    /// A value of an option that does not fit the data or the others.
    ///
    /// - Parameter commandLine: by default that the option should have another value.
    static func option(
        _ name: String, _ message: String, remedy: String, commandLine: String? = nil
    ) -> MetricError {
        MetricError(
            message, remedy: remedy, commandLine: commandLine ?? "Give another \"\(name)\" with --metric-args.",
            at: ErrorLocation(option: name))
    }

    /// Values of a column that the metric can't take.
    static func input(
        _ column: String, _ message: String, row: Int? = nil, remedy: String, commandLine: String? = nil,
        kind: Kind = .format
    ) -> MetricError {
        MetricError(
            message, remedy: remedy, commandLine: commandLine, kind: kind, at: ErrorLocation(column: column, row: row))
    }

    /// Intervals of rows that don't count alike.
    static let weightedIntervals = option(
        "strategy", "Confidence intervals are not available for rows with sample weights",
        remedy: "Leave out .bootstrap or the weights.", commandLine: "Leave out the weights.")

    /// An option's value that makes no sense.
    static func invalid(_ option: String, _ expected: String, _ got: String) -> MetricError {
        MetricError(
            "The option '\(option)' should be \(expected), got \(got)",
            remedy: "Give .\(swiftName(option)) another value.",
            commandLine: "Give another \"\(option)\" with --metric-args.", at: ErrorLocation(option: option))
    }

    /// An option that the metric can't do without.
    static func missing(_ option: String, _ meaning: String, metric: String) -> MetricError {
        MetricError(
            "\(metric) needs the option '\(option)': \(meaning)",
            remedy: "Give compute or with .\(swiftName(option))(...).",
            commandLine: "Give --metric-args '{\"\(option)\": ...}'.", at: ErrorLocation(option: option))
    }

    /// The case of `MetricOption` with this name in Python.
    static func swiftName(_ option: String) -> String {
        let special = [
            "min_len": "minLength", "max_len": "maxLength", "n": "order", "n_bins": "bins",
            "multioutput": "multiOutput",
            "max_fpr": "maxFPR", "return_pvalue": "returnPValue", "strategy": "bootstrap", "mode": "strict",
        ]
        if let name = special[option] { return name }
        let words = option.split(separator: "_")
        return words.enumerated().map { $0 == 0 ? String($1) : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
    }
}
