import SwiftletIO
import SwiftletTestSupport
import SwiftletTraining
import Testing

/// The table of training arguments, against `TrainingArguments` itself and against Python's, whose names and values
/// `Tools/reference/argument_names.py` wrote.
@Suite struct ArgumentTableTests {
    private static func python(_ version: String) throws -> JSONValue {
        try JSONValue(
            contentsOf: FileSystem.join(Locations.fixture("trainer"), "training_arguments-\(version).json"))
    }

    @Test func `every property is in the table, once`() {
        let properties = Mirror(reflecting: TrainingArguments()).children.compactMap(\.label)
        #expect(properties.count == TrainingArgument.all.count)
        #expect(Set(TrainingArgument.all.map(\.name)).count == TrainingArgument.all.count)
        // A property under its Python name: evalSteps as eval_steps.
        func plain(_ text: String) -> String { text.lowercased().replacing("_", with: "") }
        #expect(Set(properties.map(plain)) == Set(TrainingArgument.all.map { plain($0.name) }))
        for argument in TrainingArgument.all { #expect(argument.help.hasSuffix("."), "\(argument.name)") }
    }

    /// Another value than the default for an argument, in JSON.
    private static func other(_ argument: TrainingArgument) -> JSONValue {
        switch argument.name {
        case "max_steps": return 7
        case "data_seed": return 5
        case "neftune_noise_alpha", "eval_steps": return 0.5
        case "optim_args", "metric_for_best_model": return "f1"
        case "lr_scheduler_kwargs": return ["num_cycles": 2]
        case "freeze": return ["bert"]
        case "class_weights": return [0.5, 1.5]
        case "greater_is_better", "tf32": return true
        default: break
        }
        if let choice = argument.choices.last(where: { .string($0) != argument.defaultValue }) {
            return argument.form == .list ? [.string(choice)] : .string(choice)
        }
        switch argument.defaultValue {
        case .bool(let value): return .bool(!value)
        case .int(let value): return .int(value + 1)
        case .double(let value): return .double(value == 0 ? 0.5 : value * 0.5)
        case .string(let text): return .string(text + "x")
        default: return 3
        }
    }

    @Test(arguments: TrainingArgument.all.map(\.name)) func `an argument is written and read`(name: String) throws {
        let argument = try #require(TrainingArgument.named(name))
        let value = Self.other(argument)
        #expect(value != argument.defaultValue)
        var args = TrainingArguments()
        try argument.set(value, in: &args)
        #expect(args.json[name] == value && argument.value(in: args) == value)
        // And nothing else changes.
        let changed = (args.json.object ?? [:]).filter { TrainingArguments().json[$0.0] != $0.1 }.map(\.0)
        #expect(changed == [name])
        // Texts of a command line mean the same.
        for element in value.array ?? [value] {
            let text = element.string ?? element.text()
            #expect(try argument.value(parsing: text) == element || element.int != nil, "\(text)")
        }
        #expect(throws: TrainingError.self) { try argument.set(argument.form == .list ? 1 : [1, 2], in: &args) }
    }

    @Test func `what is written is read again`() throws {
        var args = TrainingArguments("o")
        args.learningRate = 3e-5
        args.evalStrategy = .epoch
        args.classWeights = [1, 2.5]
        args.includeForMetrics = [.inputs]
        args.seed = 1 << 62
        args.greaterIsBetter = false
        #expect(try TrainingArguments(json: args.json).json == args.json)
    }

    @Test(arguments: ["5.23.0", "4.57.6", "4.46.3"]) func `every name of Python's is known`(version: String) throws {
        let names = try #require(try Self.python(version)["names"]?.array?.compactMap(\.string))
        #expect(names.count > 100)
        for name in names {
            #expect(TrainingArgument.named(name) != nil || PythonArgument.named(name) != nil, "\(name)")
        }
    }

    @Test(arguments: ["5.23.0", "4.57.6"]) func `what Python writes by default is read as the default`(version: String)
        throws
    {
        var values = try #require(try Self.python(version)["to_dict"]?.object)
        // All that is installed, in version 4.
        values["report_to"] = []
        var notes: [String] = []
        let args = try TrainingArguments(json: .object(values)) { notes.append($0) }
        var expected = TrainingArguments("out")
        // The one default that differs: Python's files say that callbacks begin anew.
        expected.restoreCallbackStatesFromCheckpoint = false
        #expect(args.json == expected.json)
        // Nothing was asked for, so nothing is to be said, but of what follows from the machine.
        #expect(
            notes.allSatisfy { $0.hasPrefix("'local_rank'") || $0.hasPrefix("'dataloader_pin_memory'") }, "\(notes)")
    }

    @Test func `other names stand for those of today`() throws {
        var notes: [String] = []
        let args = try TrainingArguments(json: [
            "evaluation_strategy": "epoch", "per_gpu_train_batch_size": 4, "warmup_ratio": 0.1, "no_cuda": true,
            "group_by_length": true, "adafactor": true, "activation_checkpointing": true,
            "include_inputs_for_metrics": true, "overwrite_output_dir": true, "include_num_input_tokens_seen": "all",
            "gradient_checkpointing_kwargs": ["use_reentrant": false], "hub_token": "<HUB_TOKEN>",
        ]) { notes.append($0) }
        #expect(args.evalStrategy == .epoch && args.perDeviceTrainBatchSize == 4 && args.warmupSteps == 0.1)
        #expect(args.useCPU && args.trainSamplingStrategy == .groupByLength && args.optim == .adafactor)
        #expect(args.gradientCheckpointing && args.includeForMetrics == [.inputs] && args.includeNumInputTokensSeen)
        #expect(notes.count == 10, "\(notes)")
    }

    @Test func `what can't be had is refused with its name`() throws {
        for (name, value) in [
            ("fp16", "half"), ("tf32", "sometimes"), ("deepspeed", "z.json"), ("warmup_ratio", 1.5),
            ("save_safetensors", false),
            ("learning_rat", 1), ("learning_rate", "fast"), ("learning_rate", .double(.infinity)), ("optim", "sgdd"),
            ("seed", -1), ("max_steps", 1.5), ("logging_steps", 2.5),
            ("gradient_checkpointing_kwargs", ["offload": true]),
            ("accelerator_config", ["split_batches": true]), ("hub_token", "hf_1"), ("report_to", "wandb"),
            ("class_weights", [1, -1]), ("eval_strategy", "sometimes"), ("output_dir", ""),
            ("include_for_metrics", ["x"]),
        ] as [(String, JSONValue)] {
            let error = try #require(throws: TrainingError.self, "\(name)") {
                try TrainingArguments(json: [name: value])
            }
            #expect(error.message.contains("\(name)"), "\(error)")
        }
        let error = try #require(throws: TrainingError.self) { try TrainingArguments(json: ["evalstrategy": "no"]) }
        #expect(error.remedy == "Did you mean 'eval_strategy'?")
    }

    /// Numbers at the ends of their types either fail with the argument's name or can be planned with.
    @Test(
        arguments: TrainingArgument.all.filter { $0.defaultValue.double != nil || $0.defaultValue.isNull }.map(\.name))
    func `no number is beyond planning`(name: String) throws {
        let argument = try #require(TrainingArgument.named(name))
        let numbers: [JSONValue] = [
            .double(.infinity), .double(-.infinity), .double(.nan), 1e30, -1e30, 1e18, 0.5, 1e-300, .int(.max),
            .int(.min), 0,
            -1, .int(1 << 53), .int(1 << 20), .int(1 << 10),
        ]
        for number in numbers {
            var args = TrainingArguments()
            args.evalStrategy = .steps
            do throws(TrainingError) {
                try argument.set(number, in: &args)
                if name == "dataloader_prefetch_factor" { args.dataloaderNumWorkers = 1024 }
                try args.validate()
                for (batches, rows) in [(1, 1), (1 << 31, 1 << 34), (0, 0)] {
                    let plan = try TrainingPlan(args, batchesPerEpoch: batches, rowCount: rows)
                    #expect(plan.maxSteps > 0 && plan.epochCount > 0 && plan.loggingSteps > 0 && plan.evalSteps > 0)
                    #expect(plan.saveSteps > 0 && plan.warmupSteps >= 0 && plan.updatesPerEpoch > 0)
                }
            } catch {
                #expect(
                    error.message.contains(name) || error.message.contains("rows give no batch"), "\(number): \(error)")
            }
        }
        for text in ["inf", "nan", "1e400", "9223372036854775808", "-9223372036854775809", "", "0x", "١"] {
            if let value = try? argument.value(parsing: text) {
                // Only an argument that takes any text has one of those.
                #expect(argument.defaultValue.isNull && value.string != nil, "\(text)")
            }
        }
    }

    @Test func `a run shorter than logging_steps is logged ten times`() throws {
        var args = TrainingArguments()
        args.maxSteps = 37
        #expect(try TrainingPlan(args, batchesPerEpoch: 5, rowCount: 40).loggingSteps == 4)
        args.maxSteps = 3
        #expect(try TrainingPlan(args, batchesPerEpoch: 5, rowCount: 40).loggingSteps == 1)
        args.maxSteps = 500
        let plan = try TrainingPlan(args, batchesPerEpoch: 5, rowCount: 40)
        #expect(plan.loggingSteps == 500 && plan.evalSteps == 500 && plan.saveSteps == 500)
        args.maxSteps = 499
        // Evaluations come where they were asked for.
        #expect(try TrainingPlan(args, batchesPerEpoch: 5, rowCount: 40).evalSteps == 500)
    }
}
