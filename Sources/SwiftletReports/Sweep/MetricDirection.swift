import SwiftletIO

extension SweepSettings.Direction {
    /// The direction of a metric whose name says it: an accuracy is to be large, a loss small.
    ///
    /// What counts is the last word of the name, or else the first: `eval_loss`, `macro_f1`, `PER_f1` and `f1/macro` are
    /// known, `score` is not.
    ///
    /// - Parameter name: with or without `eval_`.
    /// - Returns: `nil` for a name that doesn't say it.
    public init?(ofMetric name: String) {
        var plain = name.lowercased()
        if plain.hasPrefix("eval_") { plain = String(plain.dropFirst("eval_".count)) }
        let words = plain.split { "_/-@ ".contains($0) }.map { TextKey($0) }
        for word in [words.last, words.first].compactMap(\.self) {
            if Self.large.contains(word) {
                self = .maximize
                return
            }
            if Self.small.contains(word) {
                self = .minimize
                return
            }
        }
        // Words that say it only together.
        guard ["r_squared", "combined_score", "per_second"].contains(where: { plain.hasSuffix($0) }) else { return nil }
        self = .maximize
    }

    private static let large: Set<TextKey> = [
        "accuracy", "acc", "f1", "precision", "recall", "auc", "auroc", "matthews", "mcc", "correlation", "pearson",
        "pearsonr", "spearman", "spearmanr", "r2", "em", "exact", "bleu", "rouge1", "rouge2", "rougel", "rougelsum",
        "meteor", "map", "mrr", "ndcg", "iou",
    ]
    private static let small: Set<TextKey> = [
        "loss", "mse", "rmse", "mae", "mape", "smape", "mase", "perplexity", "wer", "cer", "ter", "mer", "ece", "error",
        "brier", "runtime",
    ]
}
