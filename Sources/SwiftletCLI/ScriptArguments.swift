import Swiftlet
import SwiftletIO

extension PythonArgument {
    /// A name of Python's that a command line may have: of a script, or of `TrainingArguments`.
    static func ofCommandLine(_ name: String) -> PythonArgument? { byScriptName[name] ?? named(name) }

    /// Without dashes, in kebab-case: for guesses at what was meant.
    static var namesOfCommandLine: [String] { (ofPythonScripts + all).map { $0.name.replacing("_", with: "-") } }

    /// What `--no-dataloader-pin-memory` switches off, as Python's argument parser has it for what is on by default.
    static func switchedOff(_ name: String) -> String? {
        guard name.hasPrefix("no-") else { return nil }
        let rest = String(name.dropFirst(3))
        return ofCommandLine(rest.replacing("-", with: "_"))?.isFlag == true ? rest : nil
    }

    private static let byScriptName = Dictionary(ofPythonScripts.map { ($0.name, $0) }) { first, _ in first }

    /// The arguments of `run_glue.py`, `run_classification.py`, `run_ner.py`, `run_qa.py`, `run_swag.py` and
    /// `run_mlm.py` that `swiftlet train` has under another name or not at all.
    static let ofPythonScripts: [PythonArgument] =
        models + datasets + texts + tasks + older + [logLevel]

    private static let models: [PythonArgument] = [
        .renamed("model_name_or_path", "model"),
        sameAsModel("config_name", "configuration"),
        sameAsModel("tokenizer_name", "tokenizer"),
        .refused("cache_dir", "is set for all programs alike: HF_HUB_CACHE for downloads, HF_HOME for every cache"),
        .only(
            "use_fast_tokenizer", true, isFlag: true, default: true, note: "there is one tokenizer, and it is fast",
            else: "can't be switched off: there is one tokenizer, whose tokens are those of Python's fast ones"),
        .refused(
            "use_slow_tokenizer", isFlag: true, default: false,
            "is not implemented: tokens are those of Python's fast tokenizers"),
        .refused("token", "would show the token to everybody on this machine; set HF_TOKEN"),
        .only(
            "use_auth_token", true, isFlag: true, default: false,
            note: "the token of HF_TOKEN, or of the login, is used anyway", else: "would show the token; set HF_TOKEN"),
        .refused(
            "trust_remote_code", isFlag: true, default: false,
            "is not implemented: no code of a repository is run, only its files are read"),
        PythonArgument("low_cpu_mem_usage", isFlag: true, default: false) { _, _ in
            .anyway(note: "weights are read from the mapped file anyway")
        },
        weightType("torch_dtype"), weightType("dtype"),
        .refused("model_type", "is for training from nothing, which --model does with a folder of a model"),
        .refused("config_overrides", "is for training from nothing; change config.json in the folder of --model"),
        .refused("do_lower_case", isFlag: true, default: false, "follows from the tokenizer's files"),
    ]

    private static let datasets: [PythonArgument] = [
        .renamed("dataset_name", "dataset"),
        .renamed("dataset_config_name", "config"),
        .refused(
            "data_dir", "is --dataset with the path of the folder, or --train-file, --validation-file, --test-file"),
        .only(
            "overwrite_cache", true, false, isFlag: true, default: false,
            note: "rows are tokenized anew in every run anyway", else: "must be true or false"),
        PythonArgument("preprocessing_num_workers") { value, _ in
            (value.int ?? 0) > 0
                ? .anyway(note: "rows are tokenized on all cores anyway") : .refused("must be at least 1")
        },
        .refused(
            "streaming", isFlag: true, default: false,
            "is not implemented for training: every row is read once, and kept as tokens"),
        PythonArgument("validation_split_percentage", default: 5) { value, _ in
            guard let percentage = value.double, percentage > 0, percentage < 100 else {
                return .refused("must be above 0 and below 100")
            }
            return .settings([("validation_split", .double(percentage / 100))], note: nil)
        },
    ]

    private static let joined = "joins columns to one text, which is not implemented"

    private static let texts: [PythonArgument] = [
        .renamed("max_seq_length", "max_length"),
        PythonArgument("text_column_names") { value, _ in
            let names = (value.string ?? "").split(separator: ",")
            return names.count == 1
                ? .settings([("text_column", value)], note: nil)
                : .refused("\(joined); a pair is --text-column and --text-pair-column")
        },
        .refused("text_column_delimiter", default: " ", "\(joined); leave it out"),
        .refused("column_name_delimiter", default: " ", "\(joined); leave it out"),
        .renamed("text_column_name", "text_column"),
        .renamed("label_column_name", "label_column"),
    ]

    private static let tasks: [PythonArgument] = [
        taskName,
        .renamed("metric_name", "metric"),
        .refused(
            "return_entity_level_metrics", isFlag: true, default: false,
            "is not implemented: precision, recall and F1 are of all entities together"),
        .refused(
            "line_by_line", isFlag: true, default: false,
            "is not implemented: texts are joined, and cut into blocks of --max-length tokens"),
    ]

    private static let older: [PythonArgument] = [
        .renamed("num_epochs", "num_train_epochs"),
        .renamed("batch_size", "per_device_train_batch_size"),
        .renamed("block_size", "max_length"),
        .renamed("resume", "resume_from_checkpoint"),
    ]

    /// Before the meaning that `TrainingArguments` give it: a command says more or less.
    private static let logLevel = PythonArgument("log_level", default: "passive") { value, _ in
        switch value.string {
        case "passive", "info": .anyway(note: "this is how much is said anyway")
        case "debug", "detail": .settings([("verbose", true)], note: nil)
        case "error", "critical": .settings([("quiet", true)], note: nil)
        default: .refused("is one of debug, info, passive, error and critical")
        }
    }

    /// Model, configuration and tokenizer come from one place.
    private static func sameAsModel(_ name: String, _ what: String) -> PythonArgument {
        PythonArgument(name) { value, others in
            value == others("model") || value == others("model_name_or_path")
                ? .anyway(note: "the \(what) is that of --model anyway")
                : .refused("must be the --model itself: the \(what) is read from the same place as the weights")
        }
    }

    private static func weightType(_ name: String) -> PythonArgument {
        .only(
            name, "float32", note: "weights are float32 anyway",
            else: "is float32 here; --bf16 multiplies in bfloat16, which keeps the weights exact")
    }

    /// `run_glue.py` takes one of GLUE's tasks, `run_ner.py` the first part of the column of tags.
    private static let taskName = PythonArgument("task_name") { value, others in
        let name = (value.string ?? "").lowercased()
        let glue = ["cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb", "wnli"]
        if glue.contains(name) { return .settings([("dataset", "glue"), ("config", .string(name))], note: nil) }
        let tokens: [(name: String, value: JSONValue)] = [("task", "token-classification")]
        switch name {
        // The script looks for that column, and takes another one without it; so does the task.
        case "ner":
            return others("task") == nil
                ? .settings(tokens, note: nil) : .anyway(note: "ner_tags is looked for anyway")
        case "pos", "chunk":
            let column: [(name: String, value: JSONValue)] = [("label_column", .string("\(name)_tags"))]
            return .settings((others("task") == nil ? tokens : []) + column, note: nil)
        default:
            let names = glue.joined(separator: ", ")
            return .refused("is one of \(names), ner, pos and chunk; name other data with --dataset")
        }
    }
}
