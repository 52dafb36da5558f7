import Logging
public import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletRunLog
import SwiftletTensor

extension Trainer {
    /// Loss, metrics and speed on a dataset, by default the `evalDataset`; names begin with `eval_`.
    @discardableResult
    public func evaluate(_ dataset: Dataset? = nil) throws -> [(name: String, value: Double)] {
        let isOwn = dataset == nil
        guard let dataset = dataset ?? evalDataset else {
            throw TrainingError(
                "there is no evalDataset to evaluate", remedy: "Give the Trainer one, or evaluate(_:) a dataset.",
                commandLine: "Give --validation-file, or --validation-split 0.1.", kind: .invalidArgument,
                at: ErrorLocation(option: "eval_dataset"))
        }
        // Without metrics there is no use for predictions, and a large set's need not fit in memory.
        let keepsOutput = isOwn && keepsLatestOutput
        let keepsPredictions =
            keepsOutput || computeMetrics != nil && !args.predictionLossOnly && !args.batchEvalMetrics
        // One at a time is enough in memory.
        if isOwn { latest = nil }
        let result = try run(
            dataset, name: "the evaluation dataset", prefix: "eval", keepsPredictions: keepsPredictions)
        try log(JSONObject(result.metrics.map { ($0.name, .double($0.value)) }))
        let metrics = result.metrics + [("epoch", state.epoch)]
        if isOwn { latest = LatestEvaluation(metrics: metrics, output: keepsOutput ? result : nil) }
        return metrics
    }

    /// The logits of every row in order, with loss and metrics where the dataset has labels.
    public func predict(_ dataset: Dataset, metricKeyPrefix: String = "test") throws -> PredictionOutput {
        let output = try run(
            dataset, name: "the dataset to predict", prefix: metricKeyPrefix, keepsPredictions: true)
        callbacks.forEach { $0.onPredict(state, metrics: output.metrics) }
        return output
    }

    private func run(
        _ dataset: Dataset, name: String, prefix: String, keepsPredictions: Bool
    ) throws -> PredictionOutput {
        try withTensorErrors {
            // As in Python, a training's own evaluations run as the training does.
            let dtype = isInTraining ? nil : args.fullEvalDType
            return try model.state.store.casting(to: dtype ?? model.state.store.dtype) {
                try runInScope(dataset, name: name, prefix: prefix, keepsPredictions: keepsPredictions)
            }
        }
    }

    private func runInScope(
        _ dataset: Dataset, name: String, prefix: String, keepsPredictions: Bool
    ) throws -> PredictionOutput {
        let examples = try self.examples(dataset, name: name)
        // Test splits of benchmarks have -1 for labels that are kept secret: predictions yes, loss and metrics no.
        let isUnlabelled =
            !collator.makesLabels && examples.rows.allSatisfy { $0.label == nil || $0.label == .id(-1) }
        if !isUnlabelled, let count = try model.classCount { try examples.checkLabels(labelCount: count, name: name) }
        try requireMemory(for: examples.rows, isTraining: false)
        let rounds = rounds(batches(of: Array(0..<examples.count), size: args.perDeviceEvalBatchSize))
        // The batches of one process, dealt out: the same losses and metrics on any number of them. Who has none in the
        // last round works on the first one's without a result, since all must take part in what is exchanged.
        let own = rounds.map { $0.count > accelerator.processIndex ? $0[accelerator.processIndex] : $0[0] }
        let clock = ContinuousClock()
        let start = clock.now
        // As in training: every pass over Python's DataLoader draws once.
        _ = Generator.default.randomInt64()
        var rows = examples.rows
        if isUnlabelled { for row in rows.indices { rows[row].label = nil } }
        var source = BatchSource(own, rows: rows, collator(isTraining: false), args)
        defer { source.cancel() }
        var (gathered, tokenLabels) = ([GatheredArrays](), GatheredArrays())
        var (lossSum, losses) = (EvaluationLoss(), [Double]())
        let streamed = isUnlabelled || args.predictionLossOnly ? [] : metrics
        let computeByBatch =
            args.batchEvalMetrics && !isUnlabelled && !args.predictionLossOnly ? computeMetrics : nil
        var ofBatches = MetricValues()
        try model.state.evaluating {
            try noGrad {
                for (index, batches) in rounds.enumerated() {
                    let round = batches.flatMap(\.self)
                    let kept = batches.count > accelerator.processIndex ? own[index].count : 0
                    let inputs = try source.next().to(model.state.device)
                    let outputs: [Tensor]
                    var rowLosses: [Double] = []
                    if isUnlabelled {
                        let dtype = args.autocastDType
                        let output: any ModelOutput = try autocast(dtype, on: model.state.device) { try model(inputs) }
                        outputs = try output.predictions.map { try ofAll($0.to(.float32), kept) }
                    } else {
                        let output = try loss(model, inputs)
                        outputs = try output.outputs.map { try ofAll($0, kept) }
                        let mean = Tensor.full(
                            [output.outputs.first?.shape[0] ?? 0, 1], output.loss.item(), dtype: .float32)
                        rowLosses = try ofAll(mean, kept).doubles()
                        lossSum.add(rowLosses)
                        if args.includeForMetrics.contains(.loss) { losses += rowLosses }
                    }
                    try checkTensorErrors()
                    let isOfTokens = inputs.labels.map { $0.rank > 1 && $0.dtype == .int64 } ?? false
                    let labels = try isOfTokens ? inputs.labels.map { try ofAll($0, kept) } : nil
                    if let logits = outputs.first {
                        try feed(streamed, logits, labels, labels: round.compactMap { rows[$0].label })
                    }
                    if let computeByBatch {
                        let found = outputs.map { NumberArray($0.floats(), shape: $0.shape) }
                        var prediction = evalPrediction(
                            found, labels?.ints() ?? [], rows: round.map { rows[$0] }, losses: rowLosses)
                        prediction.computesResult = index == rounds.count - 1
                        ofBatches = try computeByBatch(prediction)
                    }
                    if keepsPredictions {
                        if gathered.isEmpty { gathered = outputs.map { _ in GatheredArrays() } }
                        for (index, output) in outputs.enumerated() { gathered[index].add(output) }
                        if let labels { tokenLabels.add(labels) }
                    }
                    callbacks.forEach { $0.onPredictionStep(state, done: index + 1, total: own.count) }
                }
            }
        }
        let seconds = (clock.now - start).seconds
        let outputs = gathered.map { $0.array() }

        var metrics: [(name: String, value: Double)] = []
        func add(_ key: String, _ value: Double) {
            metrics.append((key.hasPrefix("\(prefix)_") ? key : "\(prefix)_\(key)", value))
        }
        func add(_ values: MetricValues) { for (key, value) in values { add(key, value) } }
        let all = evalPrediction(
            outputs, tokenLabels.array().values.map { Int($0) }, rows: examples.rows, losses: losses)
        if !isUnlabelled {
            metrics.append(("\(prefix)_loss", lossSum.mean(onlyFinite: args.loggingNaNInfFilter)))
            if computeByBatch != nil {
                add(ofBatches)
            } else if let computeMetrics, !args.predictionLossOnly {
                add(try computeMetrics(all))
            }
        }
        var computed: [(metric: Metric, values: MetricValues)] = []
        for metric in streamed {
            let values = try metric.compute()
            for warning in values.warnings { logger.warning("\(metric.name): \(warning)") }
            computed.append((metric, values))
        }
        for (key, value) in Self.named(computed) { add(key, value) }
        metrics += speedMetrics(
            prefix, seconds: seconds, samples: Double(examples.count), steps: Double(own.count))
        return PredictionOutput(outputs: outputs, labelIDs: examples.hasLabels ? all.labelIDs : nil, metrics: metrics)
    }

    /// What metrics are given of rows.
    ///
    /// - Parameters:
    ///   - tokenLabels: `[rows, tokens]` where tokens have labels, else empty.
    ///   - losses: of each row's batch.
    private func evalPrediction(
        _ outputs: [NumberArray], _ tokenLabels: [Int], rows: [TokenizedExample], losses: [Double]
    ) -> EvalPrediction {
        let labels = rows.compactMap(\.label)
        let ids = labels.compactMap { if case .id(let id) = $0 { id } else { nil } }
        return EvalPrediction(
            outputs: outputs, labelIDs: tokenLabels.isEmpty ? ids : tokenLabels, labelValues: labels.flatMap(\.numbers),
            inputIDs: args.includeForMetrics.contains(.inputs) ? rows.map(\.inputIDs) : nil,
            losses: args.includeForMetrics.contains(.loss) ? losses : nil)
    }

    /// The batches that all processes work on at once, in order.
    private func rounds(_ batches: [[Int]]) -> [[[Int]]] {
        stride(from: 0, to: batches.count, by: accelerator.numProcesses).map { start in
            Array(batches[start..<min(start + accelerator.numProcesses, batches.count)])
        }
    }

    /// What all processes have computed in a round, of this one the first `kept` rows.
    /// Where tokens have values, rows are filled up with -100 to the length of the longest.
    private func ofAll(_ values: Tensor, _ kept: Int) throws -> Tensor {
        guard accelerator.numProcesses > 1 else { return values }
        var values = values.narrow(0, 0, kept)
        for axis in values.shape.indices.dropFirst().dropLast(values.rank > 2 ? 1 : 0) {
            values = try accelerator.padAcrossProcesses(values, dim: axis, padIndex: -100)
        }
        return try accelerator.gather(values)
    }

    /// Gives a batch to metrics, each of which takes classes, probabilities or numbers.
    private func feed(_ metrics: [Metric], _ logits: Tensor, _ tokenLabels: Tensor?, labels: [Label]) throws {
        guard !metrics.isEmpty else { return }
        let predictions = NumberArray(logits.floats(), shape: logits.shape)
        if logits.rank == 3, let tokenLabels, tokenLabels.rank == 2 {
            let ids = tokenLabels.ints()
            for metric in metrics { try metric.addBatch(tokenLogits: predictions, labels: ids) }
            return
        }
        let problem = try model.config.problemType
        for metric in metrics { try metric.addBatch(logits: predictions, labels: labels, problem: problem) }
    }

    /// Tries metrics on made-up predictions, so that one that does not fit costs no pass over the rows.
    ///
    /// - Throws: `TrainingError` of kind `metrics`.
    package func checkMetrics(on dataset: Dataset) throws { try tryMetrics(dataset) }

    /// Checks before a training what would make the evaluation after it fail: metrics that don't fit, batches beyond memory.
    package func checkEvaluation(of dataset: Dataset) throws {
        try tryMetrics(dataset)
        let examples = try TokenizedExamples(dataset, name: "the evaluation dataset")
        try requireMemory(for: examples.rows, isTraining: false)
    }

    /// Calls `computeMetrics` with made-up predictions for a few rows, before the training: what fails here would fail
    /// after the first epoch, and so would a `metricForBestModel` of another name.
    private func tryMetrics(_ dataset: Dataset) throws {
        guard dataset.numRows > 0, !args.predictionLossOnly else { return }
        // What adds up batches of its own must not be given made-up ones.
        if args.batchEvalMetrics, computeMetrics != nil { return }
        var names = ["eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "epoch"]
        // What other tasks give can't be made up.
        guard model.task == .sequenceClassification else { return }
        if computeMetrics != nil || !metrics.isEmpty {
            let sample = Self.sample(dataset)
            let count = sample.count
            let examples = try TokenizedExamples(try dataset.select(sample), name: "the evaluation dataset")
            let labelCount = try model.config.labelCount
            let labels = examples.rows.compactMap(\.label)
            guard labels.count == count, !labels.allSatisfy({ $0 == .id(-1) }) else { return }
            // Not all alike, for metrics that correlate.
            let logits = (0..<count * labelCount).map { Float($0 * 7 % 5) / 4 }
            let prediction = evalPrediction(
                [NumberArray(logits, shape: [count, labelCount])], [], rows: examples.rows,
                losses: [Double](repeating: 0.5, count: count))
            do {
                try feed(metrics, Tensor(logits, shape: [count, labelCount]), nil, labels: labels)
                var keys = Self.named(try metrics.map { ($0, try $0.compute()) }).map { $0.0 }
                if let computeMetrics { keys += try computeMetrics(prediction).map { $0.0 } }
                names += keys.map { $0.hasPrefix("eval_") ? $0 : "eval_\($0)" }
            } catch {
                throw TrainingError(
                    "the metrics fail on the first rows of the evaluation dataset", error,
                    remedy: "It would have failed at the end of the first evaluation.", kind: .metrics)
            }
        }
        if args.evalStrategy != .no, let name = args.bestMetricName, !names.contains(name) {
            throw TrainingError.noMetric(name, among: names)
        }
    }
}

extension Trainer {
    /// The values of several metrics. Where two have a value of the same name, what tells the metrics apart comes behind it,
    /// as in `f1_macro` and `f1_micro`, or else their number.
    static func named(_ computed: [(metric: Metric, values: MetricValues)]) -> [(String, Double)] {
        var counts: [String: Int] = [:]
        for (_, values) in computed { for (key, _) in values { counts[key, default: 0] += 1 } }
        var used: Set<String> = []
        return computed.enumerated().flatMap { index, item in
            item.values.map { key, value in
                var name = key
                if counts[key, default: 0] > 1 {
                    name = item.metric.variant.map { "\(key)_\($0)" } ?? key
                    if used.contains(name) { name = "\(key)_\(index)" }
                }
                used.insert(name)
                return (name, value)
            }
        }
    }

    /// A few rows, among them one of each class: metrics that need all classes to be there fail where one is missing.
    private static func sample(_ dataset: Dataset) -> [Int] {
        var rows = Set(0..<min(dataset.numRows, 8))
        let column = TokenizedExamples.labelColumns.first(where: dataset.columnNames.contains)
        var seen: Set<Int> = []
        let ids = column.flatMap { try? dataset.ints($0) } ?? []
        for (row, id) in ids.enumerated() where seen.count < 1000 && seen.insert(id).inserted { rows.insert(row) }
        return rows.sorted()
    }
}

/// The mean loss of the rows of an evaluation.
private struct EvaluationLoss {
    private var sum = 0.0
    private var count = 0
    private var finiteSum = 0.0
    private var finiteCount = 0

    mutating func add(_ losses: [Double]) {
        sum += losses.reduce(0, +)
        count += losses.count
        let finite = losses.filter(\.isFinite)
        finiteSum += finite.reduce(0, +)
        finiteCount += finite.count
    }

    /// - Parameter onlyFinite: leaves out losses that are not finite, if there are others.
    func mean(onlyFinite: Bool) -> Double {
        onlyFinite && finiteCount > 0 ? finiteSum / Double(finiteCount) : sum / Double(count)
    }
}

extension TrainingError {
    static func noMetric(_ name: String, among names: [String]) -> TrainingError {
        // Speeds can be named, too, and are nobody's wish.
        let choices = names.filter { !MetricName.isBookkeeping($0) }
        var error = TrainingError(
            "metric_for_best_model is '\(name)', but evaluations give \(choices.joined(separator: ", "))",
            remedy: "Name one of those, with or without 'eval_'.",
            kind: .metrics, at: ErrorLocation(option: "metric_for_best_model"))
        error.metricChoices = choices
        return error
    }
}
