import SwiftletIO

/// Names that runs log their results under.
package enum MetricName {
    /// What evaluations log about themselves, which says nothing about a model.
    private static let bookkeeping = [
        "runtime", "samples_per_second", "steps_per_second", "compilation_time", "model_preparation_time", "epoch",
        "step",
        "total_flos",
    ]

    /// Whether a name is about the run, such as `eval_runtime` and `epoch`, and not about how good the model is. What a
    /// training itself logs (`train_loss`) is of this kind.
    ///
    /// - Parameter name: with or without its stage, as in `eval_loss`.
    package static func isBookkeeping(_ name: String) -> Bool {
        name.hasPrefix("train_") || bookkeeping.contains { name.isSame(as: $0) || name.hasSuffix("_\($0)") }
    }
}
