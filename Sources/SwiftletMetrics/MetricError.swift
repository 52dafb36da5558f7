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

    /// What scikit-learn says of inputs without a row.
    static let empty = MetricError(
        "Found empty input array (e.g., `y_true` or `y_pred`) while a minimum of 1 sample is required.",
        remedy: "Add at least one prediction before computing.", kind: .empty)

    static func mismatch(_ predictions: Int, _ references: Int) -> MetricError {
        MetricError(
            "Mismatch in the number of predictions (\(predictions)) and references (\(references))",
            kind: .countMismatch)
    }

    /// An option that came after the batches it is about.
    static func late(_ option: String) -> MetricError {
        MetricError(
            "\(option) was asked for after batches had been added without it",
            remedy: "Set the option before the first batch: Evaluate.load(...).with(...), or give compute all "
                + "predictions and references at once.")
    }

    static func format(_ column: String, expected: String, got: String, remedy: String? = nil) -> MetricError {
        MetricError(
            "Predictions and/or references don't match the expected format: \(column) should be \(expected), "
                + "got \(got)", remedy: remedy, kind: .format)
    }
}
