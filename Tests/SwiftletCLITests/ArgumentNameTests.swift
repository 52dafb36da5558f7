import SwiftletCLI
import SwiftletIO
import SwiftletTestSupport
import SwiftletTraining
import Testing

/// What a command line is turned into before it is parsed.
@Suite struct ArgumentNameTests {
    private func normal(_ arguments: String...) throws -> [String] { try normalized(arguments) { _ in } }

    private func message(_ arguments: String...) -> String {
        do { return "\(try normalized(arguments) { _ in })" } catch { return "\(error)" }
    }

    /// What the six example scripts take beside `TrainingArguments`, in their versions for transformers 4.20 to 5.
    static let ofScripts = [
        "model_name_or_path", "config_name", "tokenizer_name", "cache_dir", "use_fast_tokenizer", "model_revision",
        "token",
        "use_auth_token", "trust_remote_code", "low_cpu_mem_usage", "torch_dtype", "dtype", "model_type",
        "config_overrides",
        "task_name", "dataset_name", "dataset_config_name", "max_seq_length", "overwrite_cache", "pad_to_max_length",
        "train_file", "validation_file", "test_file", "text_column_names", "text_column_delimiter",
        "column_name_delimiter",
        "train_split_name", "validation_split_name", "test_split_name", "remove_splits", "remove_columns",
        "label_column_name", "shuffle_train_dataset", "shuffle_seed", "metric_name", "return_entity_level_metrics",
        "label_all_tokens", "text_column_name", "doc_stride", "n_best_size", "max_answer_length",
        "null_score_diff_threshold", "version_2_with_negative", "validation_split_percentage", "mlm_probability",
        "line_by_line", "preprocessing_num_workers", "streaming", "data_dir", "max_train_samples", "max_eval_samples",
        "max_predict_samples", "do_regression", "ignore_mismatched_sizes",
    ]

    static let ofTraining: [String] = {
        let files = ["5.23.0", "4.57.6", "4.46.3"].map { version in
            FileSystem.join(Locations.fixture("trainer"), "training_arguments-\(version).json")
        }
        let names = files.flatMap { (try? JSONValue(contentsOf: $0))?["names"]?.array?.compactMap(\.string) ?? [] }
        return Set(names).sorted()
    }()

    @Test func `the tables of names are there`() { #expect(Self.ofTraining.count >= 140) }

    /// Each is taken under its own name or another, or refused in a sentence that names it; none is unknown.
    @Test(arguments: ofScripts + ofTraining) func `every name of Python's is known`(name: String) throws {
        for spelling in ["--\(name)", "--\(name.replacing("_", with: "-"))"] {
            for words in [
                [spelling], [spelling, "1"], [spelling, "True"], [spelling, "False"], ["\(spelling)=text"],
            ] {
                do {
                    let result = try normalized(["train"] + words) { _ in }
                    #expect(result.first == "train" && result.count <= 4, "\(result)")
                } catch {
                    let text = "\(error)"
                    #expect(text.contains(spelling) && !text.contains("there is no option"), "\(text)")
                    #expect(text.split(separator: " ").count > 5, "\(text) gives no reason")
                }
            }
        }
    }

    @Test func `old names become those that the command has`() throws {
        #expect(
            try normal("train", "--model_name_or_path", "m", "--max_seq_length", "64") == [
                "train", "--model=m", "--max-length=64",
            ])
        #expect(try normal("train", "--evaluation_strategy", "epoch") == ["train", "--eval-strategy=epoch"])
        #expect(try normal("train", "--task_name", "MRPC") == ["train", "--dataset=glue", "--config=mrpc"])
        #expect(try normal("train", "--task_name", "ner") == ["train", "--task=token-classification"])
        #expect(try normal("train", "--warmup_ratio", "0.1") == ["train", "--warmup-steps=0.1"])
        #expect(try normal("train", "--warmup_ratio", "0") == ["train", "--warmup-steps=0"])
        #expect(try normal("train", "--group_by_length") == ["train", "--train-sampling-strategy=group_by_length"])
        #expect(try normal("train", "--pad_to_max_length", "True") == ["train", "--pad-to-max-length"])
        #expect(try normal("train", "--pad_to_max_length") == ["train", "--pad-to-max-length"])
        #expect(try normal("train", "--pad_to_max_length=False") == ["train"])
        #expect(try normal("train", "--text_column_names", "body") == ["train", "--text-column=body"])
        #expect(try normal("train", "--model_name_or_path", "m", "--tokenizer_name", "m") == ["train", "--model=m"])
        #expect(message("train", "--model_name_or_path", "m", "--tokenizer_name", "n").contains("--tokenizer_name"))
        // Python's inputs that hold labels, and names of classes.
        #expect(try normal("train", "--label_names", "labels") == ["train"])
        #expect(try normal("train", "--label_names", "good", "bad") == ["train", "--label-names", "good", "bad"])
        #expect(try normal("train", "--log_level", "debug") == ["train", "--verbose"])
        #expect(try normal("train", "--validation_split_percentage", "5") == ["train", "--validation-split=0.05"])
    }

    @Test func `flags take truth values, and values that begin with a dash stay values`() throws {
        #expect(try normal("train", "--bf16", "True", "--load_best_model_at_end", "False") == ["train", "--bf16"])
        #expect(try normal("train", "--bf16", "--bf16", "0") == ["train"])
        #expect(try normal("train", "--logging_nan_inf_filter", "False") == ["train", "--no-logging-nan-inf-filter"])
        #expect(try normal("train", "--max_steps", "-1") == ["train", "--max-steps=-1"])
        #expect(try normal("train", "--max-steps", "1", "--max_steps=2") == ["train", "--max-steps=2"])
        #expect(try normal("train", "--greater_is_better") == ["train", "--greater-is-better=true"])
        #expect(
            try normal("train", "--class-weights", "1", "2", "--bf16") == [
                "train", "--class-weights", "1", "2", "--bf16",
            ])
        #expect(try normal("train", "--no_dataloader_pin_memory", "--fp16", "False") == ["train"])
        #expect(message("train", "--bf16=maybe").contains("'--bf16'"))
        #expect(
            try normal("launch", "--nproc-per-node", "2", "--", "train", "--x_y") == [
                "launch", "--nproc-per-node=2", "--", "train", "--x_y",
            ])
    }

    @Test func `what is mistyped is named, with what was meant`() {
        #expect(message("trian").contains("'trian'") && message("trian").contains("'train'"))
        #expect(message("hub", "downlod").contains("'download'"))
        #expect(message("frobnicate").contains("evaluate"))
        // Also where --model is missing.
        #expect(message("train", "--evalstrategy", "no").contains("'--eval-strategy'"))
        #expect(message("train", "--learning_rat", "1").contains("'--learning_rate'"))
        #expect(message("predict", "--txet", "a").contains("'--text'"))
        #expect(message("evaluate", "--learning-rate", "1").contains("swiftlet train"))
    }

    @Test func `what is for metrics of one's own is taken with a word`() throws {
        var notes: [String] = []
        let words = [
            "train", "--include_for_metrics", "inputs", "loss", "--batch_eval_metrics", "--include-for-metrics=inputs",
        ]
        #expect(try normalized(words) { notes.append($0) } == ["train"])
        #expect(notes.count == 3 && notes.allSatisfy { $0.contains("in a program") }, "\(notes)")
        #expect(message("train", "--include_for_metrics", "x").contains("'--include_for_metrics'"))
        #expect(message("train", "--batch_eval_metrics=maybe").contains("'--batch_eval_metrics'"))
        #expect(message("evaluate", "--batch_eval_metrics").contains("--batch_eval_metrics"))
    }

    @Test func `callbacks and tokens of several processes have their options`() throws {
        #expect(
            try normal(
                "train", "--restore_callback_states_from_checkpoint", "False", "--average_tokens_across_devices=false")
                == ["train", "--no-restore-callback-states-from-checkpoint", "--no-average-tokens-across-devices"])
        #expect(
            try normal("train", "--restore_callback_states_from_checkpoint") == [
                "train", "--restore-callback-states-from-checkpoint",
            ])
    }

    // MARK: Files of options

    @Test(arguments: ["json", "yaml"]) func `a file of options comes before those of the command line`(ending: String)
        throws
    {
        let folder = try TemporaryDirectory()
        let file = folder.file("args.\(ending)")
        let text =
            ending == "json"
            ? """
            {"model_name_or_path": "m", "learning_rate": 2e-5, "bf16": true, "fp16": false, "hub_token": "<HUB_TOKEN>",
             "class_weights": [1, 2.5], "evaluation_strategy": "no", "max_steps": -1, "report_to": ["jsonl"],
             "lr_scheduler_kwargs": {"num_cycles": 2}, "eval_steps": null, "debug": [], "optim_args": ""}
            """
            : """
            # as in Python
            model_name_or_path: "m"
            learning_rate: 2e-5
            bf16: yes
            fp16: no
            hub_token: <HUB_TOKEN>
            class_weights: [1, 2.5]
            evaluation_strategy: no
            max_steps: -1
            report_to:
            - jsonl
            lr_scheduler_kwargs: {num_cycles: 2}
            eval_steps: null
            debug: []
            optim_args: ''
            """
        try AtomicFile.write(text + "\n", to: file)
        let all = [
            "train", "--model=m", "--learning-rate=\(ending == "json" ? "2e-05" : "2e-5")", "--bf16", "--class-weights",
            "1",
            "2.5", "--eval-strategy=no", "--max-steps=-1", "--report-to", "jsonl",
            "--lr-scheduler-kwargs={\"num_cycles\": 2}",
        ]
        let found = try normal("train", file)
        #expect(
            found.count == all.count
                && zip(found, all).allSatisfy { $0 == $1 || $0.hasPrefix("--learning-rate=2e-05") }, "\(found)")
        // By any of its names.
        let over = try normal(
            "train", file, "--model", "n", "--bf16", "False", "--eval_strategy", "epoch", "--class_weights", "3")
        #expect(over.contains("--model=n") && !over.contains("--model=m") && !over.contains("--bf16"))
        #expect(over.contains("--eval-strategy=epoch") && !over.contains("--eval-strategy=no"))
        #expect(!over.contains("2.5"))
    }

    @Test func `what Python writes of its arguments is a file of options`() throws {
        let folder = try TemporaryDirectory()
        for version in ["5.23.0", "4.57.6"] {
            let fixture = FileSystem.join(Locations.fixture("trainer"), "training_arguments-\(version).json")
            let values = try #require(try JSONValue(contentsOf: fixture)["to_dict"])
            try AtomicFile.write(values.text(), to: folder.file("args.json"))
            let result = try normal("train", folder.file("args.json"))
            #expect(result.contains("--output-dir=out") && result.contains("--learning-rate=5e-05"), "\(result)")
        }
    }

    @Test func `a broken file of options is an error that names it`() throws {
        let folder = try TemporaryDirectory()
        for (name, text) in [
            ("a.json", "[1]"), ("b.json", "{"), ("c.yaml", "a: [1"), ("d.yaml", "- 1"), ("e.yml", "a: 1\na: 2"),
            ("f.yaml", "a: &x [1]\nb: *x"), ("g.yaml", String(repeating: "[", count: 60_000)),
            ("h.yaml", String(repeating: "- ", count: 30_000)), ("i.json", String(repeating: "[", count: 70_000)),
            ("j.json", #"{"learning_rat": 1}"#), ("k.json", #"{"deepspeed": "z.json"}"#),
        ] {
            try AtomicFile.write(text, to: folder.file(name))
            #expect(message("train", folder.file(name)).contains(name), "\(message("train", folder.file(name)))")
        }
        #expect(message("train", folder.file("none.json")).contains("none.json"))
    }
}
