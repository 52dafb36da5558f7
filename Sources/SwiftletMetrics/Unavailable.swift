import SwiftletIO

extension Evaluate {
    /// Why a metric of `evaluate` is not here; `nil` for those that are, and for names that are none.
    public static func reasonUnavailable(_ name: String) -> String? { unavailable[name] }

    /// The metrics of `evaluate` 0.4.6 that are not here, in alphabetical order.
    public static var unavailableNames: [String] { Array(unavailable.keys).sortedByCodePoints() }

    private static let unavailable = [
        "bertscore": "it compares hidden states of a model of its own, which it chooses and downloads",
        "bleurt": "it is a model of its own, in TensorFlow's format",
        "code_eval": "it runs the predicted programs",
        "comet": "it is a model of its own, in the format of the package unbabel-comet",
        "competition_math":
            "its only definition is the program math_equivalence, which is in no package and which nothing here was "
            + "compared with",
        "frugalscore": "it is a model of its own, which it downloads",
        "mauve": "it clusters hidden states of GPT-2 by a random start of its own",
        "trec_eval":
            "the package that it calls, trectools 0.0.50, mixes up queries with pandas 3: its R-precision can be above 1",
        "rl_reliability":
            "it is about rewards in time, not about predictions; its only definition is a package that no registry has, "
            + "and nothing here was compared with it",
    ]
}
