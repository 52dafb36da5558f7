public import ArgumentParser
public import Swiftlet
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet-benchmark", abstract: "One side of the programs in Benchmarks/.",
        subcommands: [ModelBenchmark.self, DatasetsBenchmark.self], defaultSubcommand: ModelBenchmark.self)
}

/// Trains or predicts for a few steps and prints one line of JSON with the keys of `Benchmarks/python`, so that
/// `Benchmarks/run` can compare the two.
struct ModelBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Measures training and inference on sentence pairs; the default.")

    enum Task: String, ExpressibleByArgument { case train, infer }

    @Argument(help: "train or infer.") var task: Task
    @Argument(help: "A checkpoint folder.") var model: String
    @Argument(help: "A dataset folder in the Hub's layout.") var dataset: String
    @Option(help: "The dataset's configuration, such as mrpc.") var config: String?
    @Option(help: "Measured steps, after the warm-up; 0 is all.") var steps = 40
    @Option(help: "Steps that are run but not measured.") var warmUp = 5
    @Option var batchSize = 8
    @Option(help: "By default what libtorch chooses.") var threads: Int?
    @Option var seed: UInt64 = 42
    @Option(help: "fused or reference.") var kernels = Kernels.fused
    @Flag(help: "bfloat16 where autocast allows.") var bf16 = false
    @Flag(help: "Products of linear layers in 8-bit integers; for infer.") var int8 = false
    @Option(help: "Give every row exactly this many tokens, its own over and over.") var length: Int?
    @Option(help: "Fewer or more layers than the checkpoint has.") var layers: Int?
    @Flag(help: "Measure the limit too: the linear layers' products alone.") var limit = false

    func run() throws {
        try Kernels.readEnvironment()
        if let threads { setThreadCount(threads) }
        let tokenizer = try AutoTokenizer.fromPretrained(folder: model)
        let tokenized = try loadDataset(folder: dataset, config).map(batched: true) { batch in
            let encoded = try tokenizer(batch.strings("sentence1"), batch.strings("sentence2"), truncation: true)
            guard let length else {
                return [
                    "input_ids": .intLists(encoded.inputIDs), "token_type_ids": .intLists(encoded.tokenTypeIDs),
                    "attention_mask": .intLists(encoded.attentionMask),
                ]
            }
            let rows = encoded.inputIDs.map { Self.stretched($0, to: length) }
            return [
                "input_ids": .intLists(rows),
                "token_type_ids": .intLists(rows.map { [Int32](repeating: 0, count: $0.count) }),
                "attention_mask": .intLists(rows.map { [Int32](repeating: 1, count: $0.count) }),
            ]
        }
        manualSeed(seed)
        let classifier = try AutoModelForSequenceClassification.fromPretrained(
            folder: model, numLabels: 2,
            options: LoadOptions(overrides: layers.map { ["num_hidden_layers": .int($0)] } ?? [:]))
        if int8 {
            guard task == .infer else { throw ValidationError("--int8 is for infer.") }
            classifier.state.execution.quantization = .int8
        }
        var args = TrainingArguments("benchmark")
        args.seed = seed
        args.kernels = kernels
        args.perDeviceTrainBatchSize = batchSize
        args.perDeviceEvalBatchSize = batchSize
        args.maxSteps = warmUp + steps
        args.loggingSteps = 1
        args.saveStrategy = .no
        args.bf16 = bf16
        let clock = StepClock(warmUp: warmUp)
        var split = try tokenized.split(task == .train ? "train" : "validation")
        if task == .infer, steps > 0 {
            split = try split.select(0..<min(split.numRows, (warmUp + steps) * batchSize))
        }
        func trainer(_ split: Dataset, _ collator: (any DataCollator)?, _ callback: any TrainerCallback) throws
            -> Trainer
        {
            try Trainer(
                model: classifier, args: args, trainDataset: split, dataCollator: collator, tokenizer: tokenizer,
                callbacks: [callback])
        }
        // What it would take by itself, counted.
        func collator() throws -> CountingCollator {
            CountingCollator(try trainer(split, nil, clock).collator(isTraining: task == .train))
        }
        let counter = try collator()
        let first = try trainer(split, counter, clock)
        var figures: JSONObject
        switch task {
        case .train:
            clock.accelerator = first.accelerator
            defer { first.accelerator.endTraining() }
            try first.train()
            let logs = first.state.logHistory.filter { $0["loss"] != nil }
            figures = clock.figures(examples: steps * batchSize * first.accelerator.numProcesses)
            figures["parameters"] = .int(classifier.parameters().reduce(0) { $0 + $1.count })
            figures["cpu_seconds"] = .double(clock.cpuSeconds * Double(first.accelerator.numProcesses))
            figures["all_reduce_wait_share"] = .double(clock.waitShare)
            figures["losses"] = .array(logs.compactMap { $0["loss"] })
            figures["grad_norms"] = .array(logs.compactMap { $0["grad_norm"] })
        case .infer:
            let output = try first.predict(split)
            figures = clock.figures(examples: split.numRows - warmUp * batchSize)
            figures["loss"] = output.metrics.first { $0.name == "test_loss" }.map { .double($0.value) }
        }
        let count = figures["steps"].flatMap(\.int) ?? 0
        figures["tokens"] = .int(counter.tokens.prefix(count + warmUp).dropFirst(warmUp).reduce(0, +))
        figures["peak_rss_mb"] = .double(Self.peakMemory)
        if limit {
            // In a run of its own: the products' matrices would count as the step's memory.
            args.maxSteps = warmUp + min(count, Self.limitSteps)
            let (tokens, rows) = (try collator(), min(split.numRows, args.maxSteps * batchSize))
            let clock = LimitClock(
                try MatrixLimit(
                    classifier.config, dtype: bf16 ? .bfloat16 : .float32, isTraining: task == .train), warmUp: warmUp
            ) { tokens.tokens }
            let second = try trainer(split, tokens, clock)
            switch task {
            case .train: try second.train()
            case .infer: _ = try second.predict(split.select(0..<rows))
            }
            figures["share_of_limit"] = .double(clock.share)
        }
        figures["threads"] = .int(threadCount)
        figures["torch"] = .string(torchVersion)
        first.accelerator.print(JSONValue.object(figures).text(.line))
    }

    /// Steps that are compared with their products.
    private static let limitSteps = 24

    /// A row of one length: the tokens between its first and its last over and over.
    private static func stretched(_ ids: [Int32], to length: Int) -> [Int32] {
        let body = ids.dropFirst().dropLast()
        return ids.prefix(1) + (0..<(length - 2)).map { body[body.startIndex + $0 % body.count] } + ids.suffix(1)
    }

    /// In MiB.
    private static var peakMemory: Double {
        var usage = rusage()
        // 0 is RUSAGE_SELF, whose type differs between the C libraries.
        getrusage(0, &usage)
        #if canImport(Darwin)
        let unit = 1024.0 * 1024
        #else
        let unit = 1024.0
        #endif
        return (Double(usage.ru_maxrss) / unit * 10).rounded() / 10
    }
}

extension Kernels: ExpressibleByArgument {}

/// Starts after the last step of the warm-up and stops after the last step.
final class StepClock: TrainerCallback {
    private let clock = ContinuousClock()
    private var started: ContinuousClock.Instant
    private var stopped: ContinuousClock.Instant
    private var steps = 0
    private var last: ContinuousClock.Instant
    /// Of each step after the warm-up, in seconds.
    private var durations: [Double] = []
    private let warmUp: Int
    private var waited = (start: 0.0, stop: 0.0)
    private var worked = (start: 0.0, stop: 0.0)
    /// Whose waiting for other processes is measured.
    var accelerator: Accelerator?

    init(warmUp: Int) {
        self.warmUp = warmUp
        started = clock.now
        stopped = started
        last = started
    }

    func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) { tick(state.globalStep) }
    func onPredictionStep(_ state: TrainerState, done: Int, total: Int) { tick(done) }

    private func tick(_ step: Int) {
        steps = step
        stopped = clock.now
        if step > warmUp { durations.append((stopped - last) / .seconds(1)) }
        last = stopped
        waited.stop = accelerator?.secondsWaited ?? 0
        worked.stop = Self.processorSeconds
        if step == warmUp {
            started = stopped
            waited.start = waited.stop
            worked.start = worked.stop
        }
    }

    /// What this process's threads have worked in the measured time, as user and in the kernel: on a busy machine it
    /// tells more than the clock.
    var cpuSeconds: Double { worked.stop - worked.start }

    /// What all threads of this process have worked so far, as user and in the kernel.
    static var processorSeconds: Double {
        var usage = rusage()
        getrusage(0, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
    }

    /// The part of the measured time in which there was nothing to do but wait for the gradients of other processes.
    var waitShare: Double {
        let seconds = (stopped - started) / .seconds(1)
        return seconds > 0 ? (waited.stop - waited.start) / seconds : 0
    }

    func figures(examples: Int) -> JSONObject {
        let seconds = (stopped - started) / .seconds(1)
        return [
            "examples_per_second": .double(Double(examples) / seconds), "seconds": .double(seconds),
            "steps": .int(steps - warmUp), "examples": .int(examples),
            "p50_ms": .double(durations.sorted().dropFirst(durations.count / 2).first.map { $0 * 1000 } ?? 0),
        ]
    }
}
