import SwiftletIO

/// A command line that names an option wrongly.
struct UsageError: SwiftletError {
    var message: String
    var remedy: String? { nil }
}

/// Options that the Python stack has had under other names.
private let renamed = [
    "--evaluation-strategy": "--eval-strategy",
    "--tokenizer-name": "--model",
    "--model-name-or-path": "--model",
    "--dataset-name": "--dataset",
    "--dataset-config-name": "--config",
    "--warmup-ratio": "--warmup-steps",
    "--num-epochs": "--num-train-epochs",
]

/// Options of the Python Trainer that would change the result and are not there yet: refused by name, not ignored.
private let notImplemented: Set<String> = [
    "--bf16", "--fp16", "--tf32", "--bf16-full-eval", "--fp16-full-eval", "--gradient-checkpointing",
    "--activation-checkpointing", "--label-smoothing-factor", "--neftune-noise-alpha", "--optim", "--optim-args",
    "--save-strategy", "--save-steps", "--save-total-limit", "--load-best-model-at-end", "--metric-for-best-model",
    "--greater-is-better", "--resume-from-checkpoint", "--group-by-length", "--train-sampling-strategy",
    "--dataloader-num-workers", "--report-to", "--logging-dir", "--push-to-hub", "--hub-model-id",
    "--lr-scheduler-kwargs", "--full-determinism", "--auto-find-batch-size", "--torch-compile", "--deepspeed",
    "--eval-delay", "--eval-on-start", "--eval-accumulation-steps", "--include-for-metrics", "--kernels", "--task",
]

/// Turns `--snake_case` names into `--kebab-case`, maps old names to new ones with a message, and refuses what is not
/// implemented by its name.
func normalized(_ arguments: [String]) throws -> [String] {
    var result: [String] = []
    for (index, argument) in arguments.enumerated() {
        if argument == "--" { return result + arguments[index...] }
        guard argument.hasPrefix("--") else {
            result.append(argument)
            continue
        }
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        var name = String(parts[0]).replacing("_", with: "-")
        if notImplemented.contains(name) {
            throw UsageError(message: "error: option '\(parts[0])' is not implemented yet")
        }
        if let new = renamed[name] {
            writeToStandardError("note: '\(parts[0])' is now '\(new)'\n")
            name = new
        }
        result.append(parts.count == 2 ? "\(name)=\(parts[1])" : name)
    }
    return result
}
