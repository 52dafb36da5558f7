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
    "--max-seq-length": "--max-length",
    "--batch-size": "--per-device-train-batch-size",
    "--no-cuda": "--use-cpu",
    "--activation-checkpointing": "--gradient-checkpointing",
]

/// Old flags that became the value of an option.
private let replaced = ["--group-by-length": ["--train-sampling-strategy", "group_by_length"]]

/// Options of the Python Trainer that make no sense here or are not there yet: refused with the reason, not ignored.
private let refused: [String: String] = [
    "--fp16": "is not implemented; use --bf16, or leave it out",
    "--fp16-full-eval": "is not implemented; leave it out",
    "--bf16-full-eval": "is not implemented; --bf16 evaluates with bfloat16 products too",
    "--tf32": "is not implemented; use --bf16, or leave it out",
    "--auto-find-batch-size": "is not implemented: it finds the batch size by running out of a GPU's memory, and on a CPU "
        + "the system would end the program. Lower --per-device-train-batch-size",
    "--eval-accumulation-steps": "is not needed: predictions leave a GPU after every batch",
    "--torch-compile": "compiles Python; there is none here",
    "--torch-empty-cache-steps": "is not implemented; leave it out",
    "--deepspeed": "is a Python library; leave it out",
    "--fsdp": "is not implemented; --shards-optimizer-state shares the optimizer's state out to the processes",
    "--hub-token": "would show the token to everybody on this machine; set HF_TOKEN",
    "--hub-strategy": "the upload comes at the end of the training; leave it out",
    "--logging-dir": "was removed in Python too; event files go to <output_dir>/runs",
    "--overwrite-output-dir": "was removed in Python too; a run always may write to its output_dir",
]

/// Flags, which Python users may write with a value: `--load_best_model_at_end True`.
private let flags: Set<String> = [
    "--sums-accumulated-gradients", "--bf16", "--gradient-checkpointing", "--logging-first-step", "--disable-tqdm", "--include-num-input-tokens-seen",
    "--eval-on-start", "--prediction-loss-only", "--save-only-model", "--load-best-model-at-end", "--ignore-data-skip",
    "--label-all-tokens", "--version-2-with-negative", "--whole-word-mask",
    "--full-determinism", "--dataloader-drop-last", "--use-cpu", "--do-train", "--do-eval", "--do-predict",
    "--push-to-hub", "--hub-private-repo", "--ddp-find-unused-parameters", "--shards-optimizer-state",
]

/// Turns `--snake_case` names into `--kebab-case`, maps old names to new ones with a message, takes flags with a value,
/// and refuses what makes no sense with the reason.
func normalized(_ arguments: [String]) throws -> [String] {
    var result: [String] = []
    var index = 0
    while index < arguments.count {
        let argument = arguments[index]
        index += 1
        if argument == "--" { return result + arguments[(index - 1)...] }
        guard argument.hasPrefix("--") else {
            result.append(argument)
            continue
        }
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        var name = String(parts[0]).replacing("_", with: "-")
        var value = parts.count == 2 ? String(parts[1]) : nil
        if let new = renamed[name] {
            writeToStandardError("note: '\(parts[0])' is now '\(new)'\n")
            name = new
        }
        let isFlag = flags.contains(name) || replaced[name] != nil
        if value == nil, index < arguments.count, truth(arguments[index]) != nil, isFlag || refused[name] != nil {
            value = arguments[index]
            index += 1
        }
        if let reason = refused[name] {
            if value.flatMap(truth) == false { continue }
            throw UsageError(message: "error: option '\(parts[0])' \(reason)")
        }
        guard isFlag else {
            result.append(value.map { "\(name)=\($0)" } ?? name)
            continue
        }
        if let value, truth(value) == nil {
            throw UsageError(message: "error: option '\(parts[0])' is '\(value)'; it must be true or false")
        }
        if value.flatMap(truth) == false { continue }
        if let new = replaced[name] {
            writeToStandardError("note: '\(parts[0])' is now '\(new.joined(separator: " "))'\n")
            result += new
        } else {
            result.append(name)
        }
    }
    return result
}

private func truth(_ text: String) -> Bool? {
    switch text {
    case "true", "True": true
    case "false", "False": false
    default: nil
    }
}
