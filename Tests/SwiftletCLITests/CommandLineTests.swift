import SwiftletIO
import SwiftletTestSupport
import Testing

/// Runs the built `swiftlet` and looks at exit status, standard output and standard error.
@Suite(.serialized) struct CommandLineTests {
    let folder: TemporaryDirectory
    let program: Program
    init() throws {
        folder = try TemporaryDirectory()
        program = Program(files: folder)
    }

    @Test func `a wrong command line has status 2`() throws {
        #expect(try program.run(["train"]).status == 2)
        #expect(try program.run(["fly"]).status == 2)
        #expect(
            try program.run(["train", "--model", "m", "--dataset", "d", "--output-dir", "o", "--learning-rate", "fast"])
                .status == 2)
        let train = ["train", "--model", "m", "--dataset", "d", "--output-dir", "o"]
        let unknown = try program.run(train + ["--deepspeed", "z.json"])
        #expect(unknown.status == 2 && unknown.error.contains("--deepspeed"))
        for (options, remedy) in [
            (["--fp16", "--use-cpu"], "--bf16"), (["--fp16", "--bf16"], "--fp16"), (["--tf32", "--use-cpu"], "--tf32"),
            (["--fp16-full-eval", "--bf16-full-eval"], "--bf16-full-eval"),
            (["--auto-find-batch-size", "--max-tokens-per-batch", "9"], "--max-tokens-per-batch"),
        ] {
            let refused = try program.run(train + options)
            #expect(refused.status == 2 && refused.error.contains(remedy), "\(refused.error)")
        }
        for (options, name) in [
            (["--nproc-per-node", "\(Int.max)"], "--nproc-per-node is"),
            (["--nproc-per-node", "1025"], "from 1 to 1024"),
            (["--nnodes", "\(Int.max)", "--master-addr", "a"], "--nnodes is"),
            (["--nproc-per-node", "1024", "--nnodes", "65", "--master-addr", "a"], "66560 processes"),
            (["--max-restarts", "\(Int.max)"], "--max-restarts is"),
            (["--grace-period", "\(Int.max)"], "--grace-period is"),
        ] {
            let refused = try program.run(["launch"] + options + ["--", "train"])
            #expect(refused.status == 2 && refused.error.contains(name), "\(refused.error)")
        }
        #expect(try program.run(["--help"]).status == 0)
    }

    @Test func `input that is not there has status 1 and one clear message`() throws {
        let model = try program.run(["predict", "--model", "/nowhere/model", "--text", "a"])
        #expect(model.status == 1 && model.error.contains("/nowhere/model") && model.output.isEmpty)
        let data = try program.run([
            "train", "--model", Locations.fixture("tiny-bert"), "--dataset", "/nowhere/data", "--output_dir",
            folder.file("o"),
        ])
        #expect(data.status == 1 && data.error.contains("/nowhere/data"))
    }

    @Test(.enabled(if: FileSystem.isDirectory(Locations.miniLM), "scripts/bootstrap has not fetched MiniLM"))
    func `tokenize prints one object a line`() throws {
        let result = try program.run(
            ["tokenize", "--model", Locations.miniLM], input: "Hello, world!\nA pair\tof texts\n\n")
        #expect(result.status == 0)
        #expect(
            result.output == """
                {"input_ids": [101, 7592, 1010, 2088, 999, 102], "token_type_ids": [0, 0, 0, 0, 0, 0], "attention_mask": [1, 1, 1, 1, 1, 1]}
                {"input_ids": [101, 1037, 3940, 102, 1997, 6981, 102], "token_type_ids": [0, 0, 0, 0, 1, 1, 1], "attention_mask": [1, 1, 1, 1, 1, 1, 1]}
                {"input_ids": [101, 102], "token_type_ids": [0, 0], "attention_mask": [1, 1]}

                """)
    }

    @Test(.enabled(if: FileSystem.isDirectory(Locations.miniLM), "scripts/bootstrap has not fetched MiniLM"))
    func `train, evaluate and predict on files`() throws {
        let rows = (0..<16).map { #"{"sentence1": "text \#($0)", "sentence2": "other \#($0)", "label": \#($0 % 2)}"# }
        try AtomicFile.write(rows.joined(separator: "\n") + "\n", to: folder.file("train.jsonl"))
        let output = folder.file("model")
        let train = try program.run([
            "train", "--model", Locations.miniLM, "--train-file", folder.file("train.jsonl"), "--validation-file",
            folder.file("train.jsonl"), "--output_dir", output, "--max_steps", "2", "--logging_steps", "1",
        ])
        #expect(train.status == 0, "\(train.error)")
        #expect(train.output.contains("'loss': '") && train.output.contains("eval_accuracy"))
        let names = try FileSystem.names(in: output)
        for name in [
            "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "trainer_state.json",
            "all_results.json",
        ] {
            #expect(names.contains(name))
        }
        let predict = try program.run(["predict", "--model", output, "--text", "text 1", "--text-pair", "other 1"])
        #expect(predict.status == 0, "\(predict.error)")
        let line = try JSONValue(parsing: predict.output)
        #expect(line["probabilities"]?["0"]?.double != nil && line["sentence1"] == nil && line["text"] == "text 1")
        #expect(
            line["index"] == 0 && line["logits"]?.array?.count == 2 && ["0", "1"].contains(line["prediction"]?.string))
        let evaluate = try program.run(["evaluate", "--model", output, "--validation-file", folder.file("train.jsonl")])
        #expect(evaluate.status == 0 && evaluate.output.contains("eval_f1"), "\(evaluate.error)")
        let columns = try program.run([
            "train", "--model", Locations.miniLM, "--train-file", folder.file("train.jsonl"), "--text-column", "body",
            "--output-dir", output,
        ])
        #expect(columns.status == 1 && columns.error.contains("body") && columns.error.contains("sentence1"))
    }
}
