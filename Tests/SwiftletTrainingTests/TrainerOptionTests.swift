import Logging
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Synchronization
import Testing
import TinyTraining

/// Options about metrics, losses and callbacks held to Python's Trainer; see Tools/reference/trainer_options.py.
@Suite(.oneAtATime) struct TrainerOptionTests {
    static let document = Result { try JSONValue(contentsOf: Locations.fixture("trainer/options.json")) }

    /// What `computeMetrics` was called with.
    private final class Calls {
        var seen: [EvalPrediction] = []

        func compute(_ prediction: EvalPrediction) -> MetricValues {
            seen.append(prediction)
            let rows = seen.reduce(0) { $0 + $1.labelIDs.count }
            return ["rows": Double(rows), "calls": Double(seen.count)]
        }
    }

    private func trainer(
        _ change: (inout TrainingArguments) -> Void, compute: Trainer.ComputeMetrics? = nil,
        evalLabel: (Int) -> Int = { $0 % 2 },
        callbacks: [any TrainerCallback] = [],
        logger: Logger = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws -> Trainer {
        var args = TrainingArguments("unused")
        (args.loggingSteps, args.saveStrategy, args.perDeviceEvalBatchSize) = (1, .no, 4)
        change(&args)
        return try Trainer(
            model: try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert")),
            args: args,
            trainDataset: try tinyDataset(rows: 20), evalDataset: try tinyDataset(rows: 10, label: evalLabel),
            dataCollator: TinyCollator(), computeMetrics: compute, callbacks: callbacks, logger: logger)
    }

    private func expect(_ calls: Calls, _ expected: JSONValue?) throws {
        let wanted = try #require(expected?.array)
        #expect(calls.seen.count == wanted.count)
        for (found, wanted) in zip(calls.seen, wanted) {
            #expect(found.labelIDs == wanted["labels"]?.array?.compactMap(\.int))
            #expect(found.predictions.shape == [wanted["rows"]?.int ?? -1, 2])
            #expect(found.computesResult == wanted["compute_result"]?.bool)
            #expect(found.inputIDs?.count == wanted["rows"]?.int && found.losses?.count == wanted["rows"]?.int)
        }
    }

    @Test func `metrics are computed batch by batch`() throws {
        let expected = try #require(try Self.document.get()["batches"])
        let calls = Calls()
        let trainer = try trainer(
            {
                $0.batchEvalMetrics = true
                $0.includeForMetrics = [.inputs, .loss]
            }, compute: { calls.compute($0) })
        let metrics = try trainer.evaluate()
        try expect(calls, expected["calls"])
        for (name, wanted) in expected["metrics"]?.object ?? [:] {
            let found = metrics.first { $0.name == name }?.value
            #expect(abs(try #require(found) - (wanted.double ?? .nan)) < 1e-5, "\(name)")
        }
        // All at once the same rows give the same predictions.
        let parts = calls.seen.flatMap(\.predictions.values)
        calls.seen = []
        let output = try trainer.predict(try tinyDataset(rows: 10))
        let predicted = expected["predicted"]
        try expect(calls, predicted?["calls"])
        #expect(output.predictions.values == parts && output.predictions.shape[0] == predicted?["rows"]?.int)
        #expect(output.metrics.first { $0.name == "test_rows" }?.value == predicted?["test_rows"]?.double)
    }

    @Test func `without it there is one call, which wants a result`() throws {
        let calls = Calls()
        try trainer({ _ in }, compute: { calls.compute($0) }).evaluate()
        #expect(calls.seen.map(\.computesResult) == [true] && calls.seen[0].labelIDs.count == 10)
        #expect(calls.seen[0].inputIDs == nil && calls.seen[0].losses == nil)
    }

    @Test func `made-up predictions are kept from metrics that add up batches`() throws {
        let calls = Calls()
        let trainer = try trainer(
            {
                $0.batchEvalMetrics = true
                $0.evalStrategy = .epoch
                $0.numTrainEpochs = 1
                $0.metricForBestModel = "rows"
            }, compute: { calls.compute($0) })
        try trainer.train()
        #expect(calls.seen.map(\.labelIDs.count) == [4, 4, 2])
    }

    @Test(arguments: ["some", "all"], [true, false])
    func `a loss that is not finite counts as Python counts it`(labels: String, filters: Bool) throws {
        let trainer = try trainer(
            { $0.loggingNaNInfFilter = filters },
            evalLabel: { row in labels == "all" || 4..<8 ~= row ? -100 : row % 2 })
        let loss = try #require(try trainer.evaluate().first { $0.name == "eval_loss" }?.value)
        let wanted = try #require(try Self.document.get()["losses"]?["\(labels)-\(filters)"])
        if let wanted = wanted.double { #expect(abs(loss - wanted) < 1e-5) } else { #expect(loss.isNaN) }
    }

    // MARK: Callbacks of a resumed run

    private func run(
        _ folder: String, patience: [Int], restores: Bool? = nil, logger: Logger? = nil, resumes: Bool = false
    ) throws -> Int {
        let trainer = try trainer(
            {
                $0.outputDir = folder
                $0.numTrainEpochs = 10
                // Nothing is learned, so nothing becomes better after the first evaluation.
                $0.learningRate = 0
                ($0.evalStrategy, $0.saveStrategy, $0.metricForBestModel) = (.epoch, .epoch, "accuracy")
                if let restores { $0.restoreCallbackStatesFromCheckpoint = restores }
            },
            compute: { prediction in
                try Evaluate.load("accuracy").compute(
                    predictions: prediction.predictions.argmax(), references: prediction.labelIDs)
            }, callbacks: patience.map { EarlyStoppingCallback(patience: $0) },
            logger: logger ?? Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() }))
        let point = resumes ? ResumePoint.path(FileSystem.join(folder, "checkpoint-9")) : nil
        return try trainer.train(resumeFrom: point).globalStep
    }

    private func states(_ folder: String) throws -> JSONValue? {
        try JSONValue(contentsOf: FileSystem.join(folder, "checkpoint-9/trainer_state.json"))["stateful_callbacks"]?[
            "EarlyStoppingCallback"]
    }

    @Test func `callbacks go on where they were, or begin anew`() throws {
        let expected = try #require(try Self.document.get()["callbacks"])
        let folder = try TemporaryDirectory()
        #expect(try run(folder.path, patience: [4]) == expected["whole"]?.int)
        #expect(try states(folder.path) == expected["state"])
        #expect(try run(folder.path, patience: [4], resumes: true) == expected["resumed-true"]?.int)
        #expect(try run(folder.path, patience: [4], restores: false, resumes: true) == expected["resumed-false"]?.int)
    }

    @Test func `several callbacks of one name have a state each`() throws {
        let expected = try #require(try Self.document.get()["callbacks"])
        let folder = try TemporaryDirectory()
        #expect(try run(folder.path, patience: [5, 3]) == expected["of several"]?.int)
        let kept = try #require(try states(folder.path)?.array)
        #expect(kept.map { $0["args"]?["early_stopping_patience"] } == expected["states"]?.array)
        #expect(kept.map { $0["attributes"]?["early_stopping_patience_counter"]?.int } == [2, 2])
        #expect(try run(folder.path, patience: [5, 3], resumes: true) == expected["of several"]?.int)
    }

    @Test func `a run that was ended early goes on if callbacks begin anew`() throws {
        let folder = try TemporaryDirectory()
        #expect(try run(folder.path, patience: [2]) == 9)
        #expect(try run(folder.path, patience: [2], resumes: true) == 9)
        #expect(try run(folder.path, patience: [2], restores: false, resumes: true) == 15)
    }

    @Test func `states of callbacks that are not there are named`() throws {
        let folder = try TemporaryDirectory()
        #expect(try run(folder.path, patience: [4]) == 15)
        let messages = Messages()
        let logger = Logger(label: "test") { _ in messages }
        #expect(try run(folder.path, patience: [], logger: logger, resumes: true) == 30)
        #expect(messages.all.contains { $0.contains("EarlyStoppingCallback") })
    }
}

/// Keeps what is logged.
private struct Messages: LogHandler {
    final class Lines: Sendable { let all = Mutex<[String]>([]) }
    let lines = Lines()
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var all: [String] { lines.all.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
}
