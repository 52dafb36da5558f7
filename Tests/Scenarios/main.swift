// What the tests of several processes run: a training loop with the Accelerator, or a Trainer, on a tiny model.
//
// usage: swiftlet-scenario SETTINGS.json OUT
//
// Each process writes what it has seen to OUT/<rank>.json. With `runs` the settings hold several, by the name of a folder
// in OUT; they run one after the other in the same processes, whose start takes longer than any of them.
import Swiftlet
import SwiftletIO
import TinyTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

setThreadCount(1)
do {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { throw TrainingError("usage: swiftlet-scenario SETTINGS.json OUT") }
    let settings = Settings(json: try JSONValue(contentsOf: arguments[1]), folder: arguments[2])
    try run(settings)
    try ProcessGroup.shared()?.close()
} catch {
    let arguments = CommandLine.arguments
    if arguments.count == 3, let rank = try? ProcessEnvironment.current().rank {
        try? noteTime("\(rank).error-at", in: arguments[2])
    }
    var text = "\(error)\n"
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
}

/// Writes down when something happened, in seconds since 1970.
func noteTime(_ name: String, in folder: String) throws {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    try AtomicFile.write("\(Double(now.tv_sec) + Double(now.tv_nsec) / 1e9)", to: FileSystem.join(folder, name))
}

struct Settings {
    let json: JSONValue
    let folder: String

    func text(_ name: String) -> String { json[name]?.string ?? "" }
    func int(_ name: String, _ usual: Int) -> Int { json[name]?.int ?? usual }
    func double(_ name: String, _ usual: Double) -> Double { json[name]?.double ?? usual }
    func bool(_ name: String, _ usual: Bool = false) -> Bool { json[name]?.bool ?? usual }

    func model() throws -> SequenceClassifier {
        // Of a head that the checkpoint lacks.
        manualSeed(42)
        let dropout = JSONValue.double(double("dropout", 0))
        return try AutoModelForSequenceClassification.fromPretrained(
            folder: text("model"),
            options: LoadOptions(overrides: ["hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout]))
    }

    func write(_ result: JSONObject, rank: Int) throws {
        try AtomicFile.write(JSONValue.object(result).text() + "\n", to: FileSystem.join(folder, "\(rank).json"))
    }

    /// Ends the process as something outside would, at a step that the settings name.
    func failIfAsked(rank: Int, step: Int) {
        usleep(UInt32(int("pause_ms", 0)) * 1000)
        guard int("fail_rank", -1) == rank, int("fail_step", -1) == step,
            int("fail_attempt", 0) == (try? ProcessEnvironment.current().restartCount)
        else { return }
        try? noteTime("failed-at", in: folder)
        switch text("fail_how") {
        case "stop": kill(getpid(), SIGSTOP)
        case "exit": exit(3)
        default: kill(getpid(), SIGKILL)
        }
    }
}

func run(_ settings: Settings) throws {
    for entry in settings.json["runs"]?.array ?? [] {
        var own = settings.json.object ?? [:]
        own["runs"] = nil
        for (key, value) in entry.object ?? [:] { own[key] = value }
        let folder = FileSystem.join(settings.folder, entry["name"]?.string ?? "")
        try FileSystem.createDirectory(folder)
        try run(Settings(json: .object(own), folder: folder))
    }
    switch settings.text("scenario") {
    case "": return
    case "loop": try runLoop(settings)
    case "exchange": try runExchange(settings)
    case "replay": try runReplay(settings)
    case "trainer": try runTrainer(settings)
    case "map": try runMap(settings)
    case "open-files": try runOpenFiles(settings)
    case "differences": try runDifferences(settings)
    default: throw TrainingError("there is no scenario '\(settings.text("scenario"))'")
    }
}

/// A map whose result is kept beside its file, for those that let calls of the operating system fail meanwhile.
func runMap(_ settings: Settings) throws {
    let mapped = try Dataset.fromFile(settings.text("file")).map(batched: true, batchSize: 3, cacheKey: "v1") { batch in
        ["length": .ints(try batch.strings("sentence").map(\.utf8.count))]
    }
    let lengths = try mapped.ints("length").map { String($0) }.joined(separator: ",")
    try AtomicFile.write(lengths + "\n", to: FileSystem.join(settings.folder, "lengths.txt"))
}

/// The errors of processes that differ.
func runDifferences(_ settings: Settings) throws {
    var errors = JSONObject()
    for name in ["different_models", "different_seeds"] {
        var own = settings.json.object ?? [:]
        own[name] = true
        let different = Settings(json: .object(own), folder: settings.folder)
        do {
            if name == "different_models" { try runLoop(different) } else { try runTrainer(different) }
        } catch { errors[name] = .string("\(error)") }
    }
    try settings.write(errors, rank: try ProcessEnvironment.current().rank)
}

func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .double($0) }) }
func numbers(_ values: [Int]) -> JSONValue { .array(values.map { .int($0) }) }

/// All weights, one after the other, by name.
func weights(_ model: any PretrainedModel) -> JSONValue {
    .object(JSONObject(model.parameters().map { ($0.name, numbers($0.tensor.detach().doubles())) }))
}

/// Logits in training, by which masks of dropout can be told apart. Leaves the generator as it was.
func masksProbe(_ model: any PretrainedModel) throws -> JSONValue {
    let state = Generator.default.state
    defer { Generator.default.state = state }
    model.train()
    let rows = try TokenizedExamples(tinyDataset(rows: 4)).rows
    return numbers(try noGrad { try model(try TinyCollator()(rows).to(model.state.device)).predictions[0].doubles() })
}

func runLoop(_ settings: Settings) throws {
    let accelerator = try Accelerator(
        gradientAccumulationSteps: settings.int("accumulation", 1), splitBatches: settings.bool("split_batches"),
        useSeedableSampler: settings.bool("use_seedable_sampler"), shardsOptimizerState: settings.bool("sharded"),
        timeout: .seconds(settings.int("timeout", 60)))
    let fresh = try settings.model()
    if settings.bool("different_models"), accelerator.processIndex == 1 {
        fresh.parameters().first?.isTrainable = false
    }
    manualSeed(42)
    var result = JSONObject()
    let dataset = try tinyDataset(rows: settings.int("rows", 21))
    let all = try DataLoader(
        dataset, batchSize: settings.int("batch_size", 4), shuffle: settings.bool("shuffle", true),
        collate: TinyCollator(), dropLast: settings.bool("drop_last"))
    let evaluation = try DataLoader(
        try tinyDataset(rows: settings.int("eval_rows", 10)), batchSize: settings.int("eval_batch_size", 4),
        collate: TinyCollator())
    let epochs = settings.int("epochs", 2)
    let plain = AdamW(fresh.parameters(), lr: 1e-3)
    let (model, optimizer, train, validation, schedule) = try accelerator.prepare(
        fresh, plain, all, evaluation,
        try getScheduler("linear", optimizer: plain, numWarmupSteps: 2, numTrainingSteps: epochs * all.count))
    result["count"] = .int(train.count)
    var (order, losses, rates, norms, step) = ([JSONValue](), [Double](), [Double](), [Double](), 0)
    model.train()
    result["masks"] = try masksProbe(model)
    let loaded = settings.text("loads")
    if !loaded.isEmpty { try accelerator.loadState(loaded) }
    for epoch in (loaded.isEmpty ? 0 : 1)..<epochs {
        for batch in train {
            settings.failIfAsked(rank: accelerator.processIndex, step: step)
            order.append(numbers(rowNumbers(batch)))
            let loss = try accelerator.accumulate(model) {
                let loss = try model(batch).loss
                try accelerator.backward(loss)
                if accelerator.syncGradients {
                    norms.append(try accelerator.clipGradNorm(model.parameters(), maxNorm: 1).item())
                }
                optimizer.step()
                schedule.step()
                optimizer.zeroGrad()
                return loss
            }
            losses.append(loss.item())
            rates += schedule.lastLearningRates
            step += 1
        }
        if settings.bool("saves"), epoch == 0 { try accelerator.saveState(FileSystem.join(settings.folder, "state")) }
    }
    (result["order"], result["losses"], result["rates"], result["norms"]) =
        (.array(order), numbers(losses), numbers(rates), numbers(norms))
    result["weights"] = weights(model)
    result["state_bytes"] = .int(optimizer.stateTensors().reduce(0) { $0 + $1.tensor.count * 4 })

    let metric = try Evaluate.load("glue", "mrpc")
    model.eval()
    var (evalRows, logits) = ([Int](), [Double]())
    for batch in validation {
        let output = try noGrad { try model(batch) }
        evalRows += try accelerator.gatherForMetrics(Tensor(rowNumbers(batch), shape: [batch.inputIDs.shape[0]])).ints()
        let gathered = try accelerator.gatherForMetrics(output.logits)
        logits += gathered.doubles()
        let labels = try batch.labels.map { try accelerator.gatherForMetrics($0) }
        try metric.addBatch(predictions: gathered.argmax(-1), references: labels)
    }
    (result["eval_rows"], result["logits"]) = (numbers(evalRows), numbers(logits))
    for (name, value) in try metric.compute() { result["metric_\(name)"] = .double(value) }
    let length = accelerator.processIndex + 1
    let padded = try accelerator.padAcrossProcesses(Tensor.full([2, length], 1.0), dim: 1, padIndex: -100)
    result["padded"] = numbers(padded.doubles())
    result["reduced"] = .double(try accelerator.reduce(Tensor(Double(length)), .mean).item())
    result["share"] = numbers(accelerator.splitBetweenProcesses(Array(0..<7)))
    result["next_random"] = .int(Int(randomInt64()))
    result["waited"] = .double(accelerator.secondsWaited)
    try settings.write(result, rank: accelerator.processIndex)
}

/// Measures the all-reduce of this machine, or network: seconds by number of bytes.
func runExchange(_ settings: Settings) throws {
    let accelerator = try Accelerator()
    var result = JSONObject()
    for count in [1, 256, 65_536, 1 << 20, 6 << 20, 24 << 20] {
        let tensor = Tensor.full([count], 1.0)
        let times = count > 1 << 19 ? 10 : 200
        var seconds: [Double] = []
        for _ in 0..<times {
            try accelerator.waitForEveryone()
            let start = ContinuousClock.now
            try accelerator.group?.allReduce(tensor)
            seconds.append(Double((ContinuousClock.now - start) / .seconds(1)))
        }
        result["\(count * 4)"] = .double(seconds.sorted()[times / 2])
    }
    accelerator.print(JSONValue.object(result).text())
    try settings.write(result, rank: accelerator.processIndex)
}

/// One process with the batches that several had together: the rows of all of them at each step.
func runReplay(_ settings: Settings) throws {
    let orders = try (0..<settings.int("processes", 1)).map { rank in
        try JSONValue(contentsOf: FileSystem.join(settings.text("of"), "\(rank).json"))["order"]?.array ?? []
    }
    let rows = try TokenizedExamples(tinyDataset(rows: settings.int("rows", 21))).rows
    let model = try settings.model()
    let optimizer = AdamW(model.parameters(), lr: 1e-3)
    let steps = orders[0].count
    let schedule = try getScheduler(
        "linear", optimizer: optimizer, numWarmupSteps: 2, numTrainingSteps: settings.int("schedule_steps", steps))
    model.train()
    var losses: [Double] = []
    for step in 0..<steps {
        let batch = orders.flatMap { $0[step].array?.compactMap(\.int) ?? [] }
        let loss = try model(try TinyCollator()(batch.map { rows[$0] })).loss
        loss.backward()
        losses.append(loss.item())
        clipGradNorm(model.parameters().compactMap(\.gradient), maxNorm: 1)
        optimizer.step()
        for _ in orders { schedule.step() }
        optimizer.zeroGrad()
    }
    let metric = try Evaluate.load("glue", "mrpc")
    model.eval()
    let evalRows = try TokenizedExamples(tinyDataset(rows: settings.int("eval_rows", 10))).rows
    for start in stride(from: 0, to: evalRows.count, by: 16) {
        let batch = try TinyCollator()(Array(evalRows[start..<min(start + 16, evalRows.count)]))
        let output = try noGrad { try model(batch) }
        try metric.addBatch(predictions: output.logits.argmax(-1), references: batch.labels)
    }
    var result: JSONObject = ["losses": numbers(losses), "weights": weights(model)]
    for (name, value) in try metric.compute() { result["metric_\(name)"] = .double(value) }
    try settings.write(result, rank: 0)
}

func runTrainer(_ settings: Settings) throws {
    var args = TrainingArguments(FileSystem.join(settings.folder, "run"))
    args.perDeviceTrainBatchSize = settings.int("batch_size", 4)
    args.perDeviceEvalBatchSize = settings.int("eval_batch_size", 4)
    args.gradientAccumulationSteps = settings.int("accumulation", 1)
    args.numTrainEpochs = settings.double("epochs", 2)
    args.learningRate = 1e-3
    args.loggingSteps = 1
    args.evalStrategy = settings.bool("evaluates", true) ? .epoch : .no
    args.labelSmoothingFactor = settings.double("label_smoothing", 0)
    args.averageTokensAcrossDevices = settings.bool("averages_tokens", true)
    args.saveSteps = settings.double("save_steps", 3)
    args.includeNumInputTokensSeen = true
    args.shardsOptimizerState = settings.bool("sharded")
    args.ddpTimeout = settings.int("timeout", 60)
    args.kernels = settings.text("kernels") == "fused" ? .fused : .reference
    if settings.bool("different_seeds") { args.seed = UInt64(42 + (try ProcessEnvironment.current().rank)) }
    let environment = try ProcessEnvironment.current()
    let recorder = Recorder(settings, rank: environment.rank)
    let trainer = try Trainer(
        model: try settings.model(), args: args,
        trainDataset: try tinyDataset(rows: settings.int("rows", 21)) { row in
            settings.bool("ignores_a_third") && row % 3 == 0 ? -100 : row % 2
        },
        evalDataset: try tinyDataset(rows: settings.int("eval_rows", 10)), dataCollator: recorder,
        computeMetrics: { prediction in
            try Evaluate.load("accuracy").compute(
                predictions: prediction.predictions.argmax(), references: prediction.labelIDs)
        }, callbacks: [recorder])
    recorder.model = trainer.model
    // What the launch before this start has written, as `swiftlet train` does.
    let own = try Checkpoint.ofThisLaunch(in: args.outputDir, ProcessGroup.shared())
    let hasCheckpoint = try !Checkpoint.all(in: args.outputDir).isEmpty
    try trainer.train(
        resumeFrom: own.map(ResumePoint.path) ?? (settings.bool("resumes") && hasCheckpoint ? .last : nil))
    let output = try trainer.predict(try tinyDataset(rows: settings.int("eval_rows", 10)))
    var result = JSONObject()
    result["weights"] = weights(trainer.model)
    result["order"] = .array(recorder.order)
    result["masks"] = recorder.masks
    result["logs"] = .array(trainer.state.logHistory.map { .object($0) })
    result["logits"] = numbers(output.predictions.values.map(Double.init))
    result["tokens"] = .int(trainer.state.inputTokensSeen)
    try settings.write(result, rank: environment.rank)
    try trainer.saveModel()
    try trainer.saveState()
}

/// Keeps the rows of training batches, and fails where the settings say so.
final class Recorder: DataCollator, TrainerCallback {
    private let settings: Settings
    private let rank: Int
    var order: [JSONValue] = []
    var masks: JSONValue?
    var model: (any PretrainedModel)?

    init(_ settings: Settings, rank: Int) {
        self.settings = settings
        self.rank = rank
    }

    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        let inputs = try TinyCollator()(examples)
        order.append(numbers(rowNumbers(inputs)))
        return inputs
    }

    func onStepBegin(_ state: TrainerState, _ control: inout TrainerControl) {
        if masks == nil { masks = try? model.map(masksProbe) }
        settings.failIfAsked(rank: rank, step: state.globalStep)
    }
}
