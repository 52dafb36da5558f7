public import SwiftletIO

/// An input, option or name that a metric can't work with.
public struct MetricError: SwiftletError, Equatable {
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    /// What scikit-learn says of inputs without a row.
    static let empty = MetricError(
        "Found empty input array (e.g., `y_true` or `y_pred`) while a minimum of 1 sample is required.",
        remedy: "Add at least one prediction before computing.")

    static func mismatch(_ predictions: Int, _ references: Int) -> MetricError {
        MetricError("Mismatch in the number of predictions (\(predictions)) and references (\(references))")
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
                + "got \(got)", remedy: remedy)
    }
}
