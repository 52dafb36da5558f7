import SwiftletIO
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// What the JSON files of a checkpoint may say, and where the best model is looked for.
@Suite(.oneAtATime) struct CheckpointFieldTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    /// Checkpoints at the end of each epoch. Nothing is learned, so the first one is the best.
    private func trainer(
        _ output: String? = nil, epochs: Double = 2, warnings: Warnings = Warnings(), loadsBest: Bool = true
    ) throws -> Trainer {
        try tinyTrainer(
            {
                $0.outputDir = output ?? folder.path
                $0.numTrainEpochs = epochs
                $0.saveStrategy = .epoch
                $0.evalStrategy = .epoch
                $0.learningRate = 0
                $0.metricForBestModel = "loss"
                $0.loadBestModelAtEnd = loadsBest
            }, logger: warnings.logger)
    }

    /// Changes a file of a checkpoint, and its manifest with it.
    private func change(_ name: String, of checkpoint: String, _ body: (inout JSONObject) -> Void) throws {
        let path = FileSystem.join(checkpoint, name)
        var json = try #require(try JSONValue(contentsOf: path).object)
        body(&json)
        try AtomicFile.write(JSONValue.object(json).text(), to: path)
        try sign(name, of: checkpoint)
    }

    /// Makes the manifest agree to a file.
    private func sign(_ name: String, of checkpoint: String) throws {
        let (path, manifest) = (FileSystem.join(checkpoint, name), FileSystem.join(checkpoint, "checkpoint.json"))
        var about = try #require(try JSONValue(contentsOf: manifest).object)
        var files = try #require(about["files"]?.object)
        files[name] = [
            "size": .int(try FileSystem.size(of: path)), "crc32c": .int(Int(try CRC32C.ofFile(path))),
        ]
        about["files"] = .object(files)
        try AtomicFile.write(JSONValue.object(about).text(), to: manifest)
    }

    // MARK: Values

    @Test func `a value that a key can't have is an error that names file and key`() throws {
        try trainer(epochs: 1).train()
        let checkpoint = folder.file("checkpoint-3")
        let other: [JSONValue] = ["x", nil, [], [:], true]
        let noCount: [JSONValue] = other + [.double(.nan), .double(1e300), .double(0.5), -1, .int(.min), .int(.max)]
        let noFlag: [JSONValue] = ["x", nil, [], [:], .double(1e300), 1]
        let rates: [JSONValue] = ["x", 1, [:], ["x"], [nil], [-1], [.double(.nan)], [.double(1e300)]]
        let cases: [(file: String, values: [(key: String, values: [JSONValue])])] = [
            (
                "progress.json",
                [
                    ("epoch", noCount), ("batches_done", noCount), ("logged_step", noCount),
                    ("num_processes", noCount + [0]), ("has_begun_epoch", noFlag), ("should_training_stop", noFlag),
                    ("total_loss", other), ("loss_since_log", other + [.double(1e300), .double(-1e39)]),
                    ("grad_norm", other + [.double(1e300), .double(-1e39)]),
                ]
            ),
            (
                "trainer_state.json",
                [
                    ("epoch", other + [-1, .double(.nan), .double(.infinity)]), ("max_steps", noCount),
                    ("num_input_tokens_seen", noCount), ("num_train_epochs", ["x", nil, [], -1, .double(0.5)]),
                    ("train_batch_size", ["x", [], true, -1, .double(0.5), .int(1 << 40)]),
                    ("log_history", ["x", nil, [:], ["x"]]),
                    ("total_flos", other + [-1, .double(.nan), .double(.infinity)]),
                    ("best_metric", ["x", [], [:], true]),
                    ("best_global_step", ["x", [], [:], true, -1, .double(0.5), .double(1e300)]),
                    ("best_model_checkpoint", [1, [], [:], true]), ("stateful_callbacks", ["x", [], 1, ["a": 1]]),
                    ("save_steps", ["x", [], true]),
                ]
            ),
            ("scheduler.json", [("last_epoch", noCount), ("_last_lr", rates), ("base_lrs", rates + [nil])]),
        ]
        for (file, keys) in cases {
            let before = try #require(try JSONValue(contentsOf: FileSystem.join(checkpoint, file)).object)
            for (key, values) in keys {
                for value in values {
                    try change(file, of: checkpoint) { json in
                        json = before
                        json[key] = value
                    }
                    let resumed = try trainer(epochs: 2)
                    let error = #expect(throws: (any Error).self, "\(file) \(key) \(value.text())") {
                        try resumed.train(resumeFrom: .last)
                    }
                    let known = try #require(error as? any SwiftletError, "\(file) \(key) \(value.text())")
                    #expect(
                        known.message.contains("\(checkpoint)/\(file)") && known.message.contains(key)
                            && known.location.key == key && known.remedy?.contains("another checkpoint") == true,
                        "\(value.text()): \(known)")
                }
            }
            try change(file, of: checkpoint) { $0 = before }
        }
        // It is as it was, so it goes on.
        #expect(try trainer(epochs: 2).train(resumeFrom: .last).globalStep == 6)
    }

    @Test func `a file that is no object is an error`() throws {
        try trainer(epochs: 1).train()
        let checkpoint = folder.file("checkpoint-3")
        for file in ["progress.json", "trainer_state.json", "training_args.json"] {
            let text = try MappedFile.text(FileSystem.join(checkpoint, file))
            try AtomicFile.write("[]", to: FileSystem.join(checkpoint, file))
            try sign(file, of: checkpoint)
            let error = try #require(throws: TrainingError.self) { try trainer().train(resumeFrom: .last) }
            #expect(error.message.contains(file) && error.message.contains("a list"), "\(error)")
            try AtomicFile.write(text, to: FileSystem.join(checkpoint, file))
            try sign(file, of: checkpoint)
        }
    }

    @Test func `numbers that a training gives are read, and keys that earlier versions lack may be missing`() throws {
        try trainer(epochs: 1).train()
        let checkpoint = folder.file("checkpoint-3")
        try change("progress.json", of: checkpoint) { json in
            for key in ["grad_norm", "should_training_stop", "num_processes"] { json[key] = nil }
            (json["total_loss"], json["loss_since_log"]) = (.double(.nan), .double(.infinity))
        }
        try change("scheduler.json", of: checkpoint) { $0["base_lrs"] = nil }
        try change("trainer_state.json", of: checkpoint) { json in
            (json["best_metric"], json["total_flos"]) = (.double(.nan), .double(1e300))
            for key in ["train_batch_size", "eval_steps", "stateful_callbacks"] { json[key] = .null }
            for key in ["max_steps", "num_train_epochs", "best_global_step"] { json[key] = nil }
        }
        #expect(try trainer(epochs: 2).train(resumeFrom: .last).globalStep == 6)
    }

    /// `json.dumps(dataclasses.asdict(TrainerState()), sort_keys=True)` of transformers 5.23, the keys of version 4.30
    /// with what a run without evaluations writes there, and a run over a stream, of which Python does not know the end.
    @Test(
        arguments: [
            """
            {"best_global_step": null, "best_metric": null, "best_model_checkpoint": null, "epoch": 0, "eval_steps": 500, \
            "global_step": 0, "is_hyper_param_search": false, "is_local_process_zero": true, \
            "is_world_process_zero": true, "log_history": [], "logging_steps": 500, "max_steps": 0, \
            "num_input_tokens_seen": 0, "num_train_epochs": 0, "save_steps": 500, "stateful_callbacks": {}, \
            "total_flos": 0, "train_batch_size": null, "trial_name": null, "trial_params": null}
            """,
            """
            {"best_metric": null, "best_model_checkpoint": null, "epoch": 1.0, "global_step": 230, \
            "is_hyper_param_search": false, "is_local_process_zero": true, "is_world_process_zero": true, \
            "log_history": [{"epoch": 1.0, "loss": NaN, "step": 230}], "max_steps": 690, "num_train_epochs": 3, \
            "total_flos": 123456789012345678901234, "trial_name": null, "trial_params": {"lr": 1e-05}}
            """,
            """
            {"best_metric": 0.875, "best_global_step": 2, "best_model_checkpoint": "out/checkpoint-2", "epoch": 0.1, \
            "eval_steps": 0.2, "global_step": 4, "log_history": [], "logging_steps": 10.0, "max_steps": 4, \
            "num_train_epochs": 9223372036854775807, "save_steps": null, "stateful_callbacks": {"TrainerControl": \
            {"args": {"should_save": true}, "attributes": {}}, "A": [{"args": {}, "attributes": {}}]}, \
            "total_flos": 1.5e+16, "train_batch_size": 8}
            """,
        ])
    func `Python's states are read`(text: String) throws {
        let json = try JSONValue(parsing: text)
        let state = try TrainerState(json, path: "trainer_state.json")
        #expect(state.globalStep == json["global_step"]?.int && state.epoch == json["epoch"]?.double)
        #expect(state.bestMetric == json["best_metric"]?.double && state.totalFlops == json["total_flos"]?.double)
        #expect(state.trainBatchSize == 8)
        for steps in [state.evalSteps, state.saveSteps] { #expect(steps == 500) }
        // What is written is read again.
        _ = try TrainerState(state.json, path: "trainer_state.json")
    }

    @Test func `the files of an accelerator's state are named in its errors`() throws {
        let place = folder.file("state")
        let accelerator = try Accelerator(group: nil, cpu: true)
        let parameter = Scope(ModelState()).parameter("weight", [2], .zeros)
        let optimizer = try accelerator.prepare(
            SGD(groups: [ParameterGroup([parameter], learningRate: 1, weightDecay: 0)]))
        _ = try accelerator.prepare(LRScheduler(.linear, optimizer: optimizer, trainingSteps: 4))
        accelerator.scaler = GradScaler()
        try accelerator.saveState(place)
        try accelerator.loadState(place)
        let cases: [(file: String, text: String, word: String)] = [
            ("accelerator.json", #"{"format": 1, "num_processes": "x", "epochs": []}"#, "num_processes"),
            ("accelerator.json", #"{"format": 1, "num_processes": 1, "epochs": ["x"]}"#, "epochs"),
            ("accelerator.json", #"{"format": 1, "num_processes": 1}"#, "epochs"), ("accelerator.json", "[]", "a list"),
            ("accelerator.json", "{", "line 1"), ("scheduler.json", "{", "line 1"),
            ("scheduler.json", #"{"last_epoch": -1, "_last_lr": [1]}"#, "last_epoch"),
            ("scaler.json", "{}", "scale"), ("scaler.json", "{", "line 1"),
        ]
        for (file, text, word) in cases {
            let path = FileSystem.join(place, file)
            let before = try MappedFile.text(path)
            try AtomicFile.write(text, to: path)
            let error = #expect(throws: (any Error).self, "\(text)") { try accelerator.loadState(place) }
            let known = try #require(error as? any SwiftletError)
            #expect(known.message.contains(path) && known.message.contains(word), "\(text): \(known)")
            try AtomicFile.write(before, to: path)
        }
        try accelerator.loadState(place)
    }

    // MARK: The best model

    @Test func `in a folder that was moved, the best checkpoint is found`() throws {
        let (before, after) = (folder.file("before"), folder.file("after"))
        try trainer(before, epochs: 1).train()
        try FileSystem.rename(before, to: after)
        let warnings = Warnings()
        let resumed = try trainer(after, warnings: warnings)
        try resumed.train(resumeFrom: .last)
        #expect(resumed.state.bestModelCheckpoint == "\(after)/checkpoint-3" && resumed.state.bestGlobalStep == 3)
        #expect(!warnings.all.contains { $0.contains("best") }, "\(warnings.all)")
        // Beside a checkpoint that lies elsewhere too.
        let third = try trainer(folder.file("third"), epochs: 3)
        try third.train(resumeFrom: .path("\(after)/checkpoint-6"))
        #expect(third.state.bestModelCheckpoint == "\(after)/checkpoint-3")
    }

    @Test(arguments: ["/etc", "other", "gone", "damaged", "..", "/", "", "checkpoint-03"])
    func `a best checkpoint that is not the run's own is told of at the start and forgotten`(kind: String) throws {
        try trainer(epochs: 2).train()
        let checkpoint = folder.file("checkpoint-6")
        var best = kind
        switch kind {
        case "other":
            // A whole one of another run, also where its name is that of the best.
            let other = folder.file("other")
            try trainer(other, epochs: 1).train()
            best = "\(other)/checkpoint-3"
            try FileSystem.remove(folder.file("checkpoint-3"))
            try FileSystem.rename(best, to: folder.file("checkpoint-3"))
            try trainer(folder.file("again"), epochs: 1).train()
            try FileSystem.rename(folder.file("again/checkpoint-3"), to: best)
        case "gone":
            best = folder.file("checkpoint-3")
            try FileSystem.remove(best)
        case "damaged":
            best = folder.file("checkpoint-3")
            try AtomicFile.write("x", to: FileSystem.join(best, "model.safetensors"))
        default: break
        }
        try change("trainer_state.json", of: checkpoint) { json in
            (json["best_model_checkpoint"], json["best_metric"]) = (.string(best), -5)
        }
        let warnings = Warnings()
        let resumed = try trainer(epochs: 3, warnings: warnings)
        try resumed.train(resumeFrom: .path(checkpoint))
        #expect(warnings.all.count { $0.contains("best_model_checkpoint") && $0.contains("'\(best)'") } == 1)
        // The best of what follows.
        #expect(resumed.state.bestModelCheckpoint == folder.file("checkpoint-9") && resumed.state.bestGlobalStep == 9)
        #expect(try #require(resumed.state.bestMetric) > 0)
    }

    @Test func `a best checkpoint that goes away meanwhile costs no model`() throws {
        final class Deletion: TrainerCallback {
            let path: String
            init(_ path: String) { self.path = path }
            func onEpochEnd(_ state: TrainerState, _ control: inout TrainerControl) {
                if state.globalStep == 6 { try? FileSystem.remove(path) }
            }
        }
        let warnings = Warnings()
        let trainer = try trainer(warnings: warnings)
        trainer.callbacks.append(Deletion(folder.file("checkpoint-3")))
        #expect(try trainer.train().globalStep == 6)
        #expect(warnings.all.contains { $0.contains("is gone") }, "\(warnings.all)")
    }
}
