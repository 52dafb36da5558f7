import SwiftletIO
import SwiftletNN
import SwiftletTokenizers

extension FuzzTarget {
    static let texts: [FuzzTarget] = [tokenizer, scheduler]

    private static let tokenizer = FuzzTarget(
        "tokenizer", .json,
        seeds: [
            "bert-tiny", "models-bpe-bytes", "models-bpe-fuse", "models-bpe-prefix", "models-byte-level",
            "models-unigram",
            "models-unigram-bytes", "models-word-level", "models-family-deberta-json", "models-family-albert-json",
            "models-family-camembert-json", "models-family-generic", "surface-generic",
        ].map { "tokenizers/\($0)/tokenizer.json" }
    ) { folder in
        let path = FileSystem.join(folder, "tokenizer.json")
        return { input in
            try put(input, path)
            let tokenizer = try AutoTokenizer.fromPretrained(folder: folder)
            let texts = ["", "Hello, wörld! 12345 [MASK] <s>", "a b\u{301}  \u{1f600}\n日本語", "xx yy"]
            let batch = try tokenizer(texts, Array(texts.reversed()), truncation: .longestFirst, maxLength: 12)
            for row in batch.rows { _ = (row.tokens, row.offsets, row.wordIDs, tokenizer.decode(row.inputIDs)) }
            _ = try tokenizer(texts[1]).tokens
        }
    }

    private static let scheduler = FuzzTarget(
        "scheduler", .json,
        texts: [
            #"{"type": "linear", "warmup": 10, "steps": 100, "kwargs": {}}"#,
            #"{"type": "cosine_with_restarts", "warmup": 0, "steps": 7, "kwargs": {"num_cycles": 2}}"#,
            #"{"type": "polynomial", "warmup": 1, "steps": 9, "kwargs": {"lr_end": 1e-7, "power": 2.0}}"#,
            #"{"type": "inverse_sqrt", "warmup": 3, "kwargs": {"timescale": 10}}"#,
            #"{"type": "cosine_with_min_lr", "warmup": 1, "steps": 9, "kwargs": {"min_lr_rate": 0.1}}"#,
            #"{"type": "warmup_stable_decay", "warmup": 1, "steps": 9, "kwargs": {"num_decay_steps": 2, "num_stable_steps": 3}}"#,
            #"{"type": "reduce_lr_on_plateau", "kwargs": {"factor": 0.5, "patience": 2, "cooldown": 1, "mode": "min"}}"#,
        ]
    ) { _ in
        { input in
            let json = try input.withUnsafeBytes { try JSONValue(parsing: $0) }
            guard let type = SchedulerType(rawValue: json["type"]?.string ?? "") else { return }
            let options = try SchedulerOptions(json["kwargs"]?.object ?? [:], for: type)
            try options.check(type)
            // As a run has made sure of.
            let (warmup, steps) = (json["warmup"]?.int ?? 0, json["steps"]?.int ?? 0)
            guard (0...1 << 53).contains(warmup), (0...1 << 53).contains(steps) else { return }
            let schedule = LearningRateSchedule(type, warmupSteps: warmup, trainingSteps: steps, options: options)
            for step in [0, 1, warmup, steps / 2, steps, 1 << 53] {
                _ = schedule.factor(step: step, baseLearningRate: 1e-3)
            }
        }
    }
}
