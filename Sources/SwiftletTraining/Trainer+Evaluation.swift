#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
public import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletNN
import SwiftletTensor

extension Trainer {
    /// Loss, metrics and speed on a dataset, by default the `evalDataset`; names begin with `eval_`.
    @discardableResult
    public func evaluate(_ dataset: Dataset? = nil) throws -> [(name: String, value: Double)] {
        let isOwn = dataset == nil
        guard let dataset = dataset ?? evalDataset else { throw TrainingError("there is no evalDataset to evaluate") }
        // Without metrics there is no use for predictions, and a large set's need not fit in memory.
        let keepsPredictions = computeMetrics != nil && !args.predictionLossOnly
        let result = try run(
            dataset, name: "the evaluation dataset", prefix: "eval", keepsPredictions: keepsPredictions)
        try log(JSONObject(result.metrics.map { ($0.name, .double($0.value)) }))
        let metrics = result.metrics + [("epoch", state.epoch)]
        if isOwn { latestEvaluation = metrics }
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
            try runInScope(dataset, name: name, prefix: prefix, keepsPredictions: keepsPredictions)
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
        var (lossSum, losses) = (0.0, [Double]())
        let streamed = isUnlabelled || args.predictionLossOnly ? [] : metrics
        try model.state.evaluating {
            try noGrad {
                for (index, batches) in rounds.enumerated() {
                    let round = batches.flatMap(\.self)
                    let kept = batches.count > accelerator.processIndex ? own[index].count : 0
                    let inputs = try source.next().to(model.state.device)
                    let outputs: [Tensor]
                    if isUnlabelled {
                        let dtype: DType? = args.bf16 ? .bfloat16 : nil
                        let output: any ModelOutput = try autocast(dtype, on: model.state.device) { try model(inputs) }
                        outputs = try output.predictions.map { try ofAll($0.to(.float32), kept) }
                    } else {
                        let output = try loss(model, inputs)
                        outputs = try output.outputs.map { try ofAll($0, kept) }
                        let mean = Tensor.full([output.outputs.first?.shape[0] ?? 0, 1], output.loss.item(), dtype: .float32)
                        let rowLosses = try ofAll(mean, kept).doubles()
                        lossSum += rowLosses.reduce(0, +)
                        if args.includeForMetrics.contains(.loss) { losses += rowLosses }
                    }
                    try checkTensorErrors()
                    let isOfTokens = inputs.labels.map { $0.rank > 1 && $0.dtype == .int64 } ?? false
                    let labels = try isOfTokens ? inputs.labels.map { try ofAll($0, kept) } : nil
                    if let logits = outputs.first {
                        try feed(streamed, logits, labels, labels: round.compactMap { rows[$0].label })
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
        func add(_ values: MetricValues) {
            for (key, value) in values { metrics.append((key.hasPrefix("\(prefix)_") ? key : "\(prefix)_\(key)", value)) }
        }
        let labels = examples.rows.compactMap(\.label)
        let ofTokens = tokenLabels.array().values.map { Int($0) }
        let ids = ofTokens.isEmpty ? labels.compactMap { if case .id(let id) = $0 { id } else { nil } } : ofTokens
        if !isUnlabelled {
            metrics.append(("\(prefix)_loss", lossSum / Double(examples.count)))
            if let computeMetrics, !args.predictionLossOnly {
                let prediction = EvalPrediction(
                    outputs: outputs, labelIDs: ids, labelValues: labels.flatMap(\.numbers),
                    inputIDs: args.includeForMetrics.contains(.inputs) ? examples.rows.map(\.inputIDs) : nil,
                    losses: args.includeForMetrics.contains(.loss) ? losses : nil)
                add(try computeMetrics(prediction))
            }
        }
        for metric in streamed { add(try metric.compute()) }
        metrics += speedMetrics(
            prefix, seconds: seconds, samples: Double(examples.count), steps: Double(own.count))
        return PredictionOutput(outputs: outputs, labelIDs: examples.hasLabels ? ids : nil, metrics: metrics)
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

    /// Gives a batch to metrics: classes by the largest logit, of each token that has a label where tokens have some;
    /// several labels by the sign of theirs, numbers as they are. Metrics of scores get probabilities.
    private func feed(_ metrics: [Metric], _ logits: Tensor, _ tokenLabels: Tensor?, labels: [Label]) throws {
        guard !metrics.isEmpty else { return }
        let predictions = NumberArray(logits.floats(), shape: logits.shape)
        if logits.rank == 3, let tokenLabels, tokenLabels.rank == 2 {
            let counted = zip(predictions.argmax(), tokenLabels.ints()).filter { $0.1 != -100 }
            for metric in metrics { try metric.addBatch(predictions: counted.map(\.0), references: counted.map(\.1)) }
            return
        }
        for metric in metrics {
            switch labels.first {
            case nil: return
            case .id:
                let ids = labels.map { if case .id(let id) = $0 { id } else { -1 } }
                if metric.takesScores {
                    try metric.addBatch(predictions: predictions.probabilities(of: metric), references: ids)
                } else {
                    try metric.addBatch(predictions: predictions.argmax(), references: ids)
                }
            case .value:
                try metric.addBatch(predictions: predictions.values.map(Double.init), references: labels.flatMap(\.numbers))
            case .values, .ids:
                let references = labels.map { $0.numbers.map(Int.init) }
                if metric.takesScores {
                    let scores = labels.indices.map { predictions[row: $0].map { 1 / (1 + exp(-Double($0))) } }
                    try metric.addBatch(predictions: scores, references: references)
                } else {
                    try metric.addBatch(
                        predictions: labels.indices.map { predictions[row: $0].map { $0 > 0 ? 1 : 0 } },
                        references: references)
                }
            case .span:
                throw TrainingError(
                    "the metric '\(metric.name)' takes no answers of questions",
                    remedy: "Search the answers in computeMetrics, and score them with answerScores(...).",
                    kind: .metrics)
            }
        }
    }

    /// Calls `computeMetrics` with made-up predictions for a few rows, before the training: what fails here would fail
    /// after the first epoch, and so would a `metricForBestModel` of another name.
    func tryMetrics(_ dataset: Dataset) throws {
        let count = min(dataset.numRows, 8)
        guard count > 0, !args.predictionLossOnly else { return }
        var names = ["eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "epoch"]
        // What other tasks give can't be made up.
        guard model.task == .sequenceClassification else { return }
        if computeMetrics != nil || !metrics.isEmpty {
            let examples = try TokenizedExamples(try dataset.select(0..<count), name: "the evaluation dataset")
            let labelCount = try model.config.labelCount
            let labels = examples.rows.compactMap(\.label)
            guard labels.count == count else { return }
            // Not all alike, for metrics that correlate.
            let logits = (0..<count * labelCount).map { Float($0 * 7 % 5) / 4 }
            let prediction = EvalPrediction(
                outputs: [NumberArray(logits, shape: [count, labelCount])],
                labelIDs: labels.compactMap { if case .id(let id) = $0 { id } else { nil } },
                labelValues: labels.flatMap(\.numbers),
                inputIDs: args.includeForMetrics.contains(.inputs) ? examples.rows.map(\.inputIDs) : nil,
                losses: args.includeForMetrics.contains(.loss) ? [Double](repeating: 0.5, count: count) : nil)
            do {
                try feed(metrics, Tensor(logits, shape: [count, labelCount]), nil, labels: labels)
                var values = MetricValues()
                for metric in metrics { values.merge(try metric.compute()) }
                if let computeMetrics { values.merge(try computeMetrics(prediction)) }
                names += values.map { $0.0.hasPrefix("eval_") ? $0.0 : "eval_\($0.0)" }
            } catch {
                throw TrainingError(
                    "the metrics fail on the first rows of the evaluation dataset", error,
                    remedy: "Mend it before training; it would have failed after the first evaluation.", kind: .metrics)
            }
        }
        if let name = args.bestMetricName, !names.contains(name) { throw TrainingError.noMetric(name, among: names) }
    }
}

extension TrainingError {
    static func noMetric(_ name: String, among names: [String]) -> TrainingError {
        TrainingError(
            "metric_for_best_model is '\(name)', but evaluations give \(names.joined(separator: ", "))",
            remedy: "Name one of those, with or without 'eval_'.",
            kind: .metrics, at: ErrorLocation(option: "metric_for_best_model"))
    }
}

extension NumberArray {
    /// The softmax of each row of logits, shape `[rows, classes]`; of two classes the second one's alone, which is the
    /// positive one, but for a calibration, which looks at all.
    fileprivate func probabilities(of metric: Metric) -> [[Double]] {
        let width = shape.last ?? 1
        return stride(from: 0, to: values.count, by: max(width, 1)).map { start in
            let logits = values[start..<(start + width)].map(Double.init)
            let largest = logits.max() ?? 0
            let powers = logits.map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            let row = powers.map { $0 / sum }
            return width == 2 && metric.name != "calibration_error" ? [row[1]] : row
        }
    }
}
