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
        guard let dataset = dataset ?? evalDataset else { throw TrainingError("there is no evalDataset to evaluate") }
        // Without metrics there is no use for predictions, and a large set's need not fit in memory.
        let keepsPredictions = computeMetrics != nil && !args.predictionLossOnly
        let result = try run(
            dataset, name: "the evaluation dataset", prefix: "eval", keepsPredictions: keepsPredictions)
        try log(JSONObject(result.metrics.map { ($0.name, .double($0.value)) }))
        return result.metrics + [("epoch", state.epoch)]
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
        let examples = try self.examples(dataset, name: name)
        // Test splits of benchmarks have -1 for labels that are kept secret: predictions yes, loss and metrics no.
        let isUnlabelled = examples.rows.allSatisfy { $0.label == nil || $0.label == .id(-1) }
        let labelCount = try model.config.labelCount
        if !isUnlabelled { try examples.checkLabels(labelCount: labelCount, name: name) }
        let all = batches(of: Array(0..<examples.count), size: args.perDeviceEvalBatchSize)
        let clock = ContinuousClock()
        let start = clock.now
        // As in training: every pass over Python's DataLoader draws once.
        _ = Generator.default.randomInt64()
        var rows = examples.rows
        if isUnlabelled { for row in rows.indices { rows[row].label = nil } }
        var source = BatchSource(all, rows: rows, collator, args)
        defer { source.cancel() }
        var (logits, lossSum, losses) = ([Float](), 0.0, [Double]())
        let streamed = isUnlabelled || args.predictionLossOnly ? [] : metrics
        if keepsPredictions { logits.reserveCapacity(examples.count * labelCount) }
        try model.state.evaluating {
            try noGrad {
                for (index, batch) in all.enumerated() {
                    let inputs = try source.next().to(model.state.device)
                    let values: Tensor
                    if isUnlabelled {
                        let dtype: DType? = args.bf16 ? .bfloat16 : nil
                        values = try autocast(dtype, on: model.state.device) { try model(inputs) }.logits.to(.float32)
                    } else {
                        let output = try loss(model, inputs)
                        values = output.logits
                        let mean = output.loss.item()
                        lossSum += mean * Double(batch.count)
                        if args.includeForMetrics.contains(.loss) {
                            losses += [Double](repeating: mean, count: batch.count)
                        }
                    }
                    if keepsPredictions || !streamed.isEmpty {
                        let numbers = values.floats()
                        try feed(streamed, numbers, labels: batch.compactMap { rows[$0].label }, width: labelCount)
                        if keepsPredictions { logits += numbers }
                    }
                    callbacks.forEach { $0.onPredictionStep(state, done: index + 1, total: all.count) }
                }
            }
        }
        let seconds = (clock.now - start).seconds
        let predictions = keepsPredictions
            ? NumberArray(logits, shape: [examples.count, labelCount]) : NumberArray([], shape: [0, labelCount])

        var metrics: [(name: String, value: Double)] = []
        func add(_ values: MetricValues) {
            for (key, value) in values { metrics.append((key.hasPrefix("\(prefix)_") ? key : "\(prefix)_\(key)", value)) }
        }
        let labels = examples.rows.compactMap(\.label)
        let ids = labels.compactMap { if case .id(let id) = $0 { id } else { nil } }
        if !isUnlabelled {
            metrics.append(("\(prefix)_loss", lossSum / Double(examples.count)))
            if let computeMetrics, !args.predictionLossOnly {
                let prediction = EvalPrediction(
                    predictions: predictions, labelIDs: ids, labelValues: labels.flatMap(\.numbers),
                    inputIDs: args.includeForMetrics.contains(.inputs) ? examples.rows.map(\.inputIDs) : nil,
                    losses: args.includeForMetrics.contains(.loss) ? losses : nil)
                add(try computeMetrics(prediction))
            }
        }
        for metric in streamed { add(try metric.compute()) }
        metrics += speedMetrics(prefix, seconds: seconds, samples: examples.count, steps: all.count)
        return PredictionOutput(predictions: predictions, labelIDs: examples.hasLabels ? ids : nil, metrics: metrics)
    }

    /// Gives a batch to metrics: classes by the largest logit, several labels by the sign of theirs, numbers as they are.
    private func feed(_ metrics: [Metric], _ logits: [Float], labels: [Label], width: Int) throws {
        guard !metrics.isEmpty, let first = labels.first else { return }
        let predictions = NumberArray(logits, shape: [labels.count, width])
        for metric in metrics {
            switch first {
            case .id:
                let ids = labels.map { if case .id(let id) = $0 { id } else { -1 } }
                try metric.addBatch(predictions: predictions.argmax(), references: ids)
            case .value:
                try metric.addBatch(predictions: logits.map(Double.init), references: labels.flatMap(\.numbers))
            case .values:
                try metric.addBatch(
                    predictions: labels.indices.map { predictions[row: $0].map { $0 > 0 ? 1 : 0 } },
                    references: labels.map { $0.numbers.map(Int.init) })
            }
        }
    }

    /// Calls `computeMetrics` with made-up predictions for a few rows, before the training: what fails here would fail
    /// after the first epoch, and so would a `metricForBestModel` of another name.
    func tryMetrics(_ dataset: Dataset) throws {
        let count = min(dataset.numRows, 8)
        guard count > 0, !args.predictionLossOnly else { return }
        var names = ["eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "epoch"]
        if computeMetrics != nil || !metrics.isEmpty {
            let examples = try TokenizedExamples(try dataset.select(0..<count), name: "the evaluation dataset")
            let labelCount = try model.config.labelCount
            let labels = examples.rows.compactMap(\.label)
            guard labels.count == count else { return }
            // Not all alike, for metrics that correlate.
            let logits = (0..<count * labelCount).map { Float($0 * 7 % 5) / 4 }
            let prediction = EvalPrediction(
                predictions: NumberArray(logits, shape: [count, labelCount]),
                labelIDs: labels.compactMap { if case .id(let id) = $0 { id } else { nil } },
                labelValues: labels.flatMap(\.numbers),
                inputIDs: args.includeForMetrics.contains(.inputs) ? examples.rows.map(\.inputIDs) : nil,
                losses: args.includeForMetrics.contains(.loss) ? [Double](repeating: 0.5, count: count) : nil)
            do {
                try feed(metrics, logits, labels: labels, width: labelCount)
                var values = MetricValues()
                for metric in metrics { values.merge(try metric.compute()) }
                if let computeMetrics { values.merge(try computeMetrics(prediction)) }
                names += values.map { $0.0.hasPrefix("eval_") ? $0.0 : "eval_\($0.0)" }
            } catch {
                throw TrainingError(
                    "the metrics fail on the first rows of the evaluation dataset: \(error)",
                    remedy: "Mend it before training; it would have failed after the first evaluation.")
            }
        }
        if let name = args.bestMetricName, !names.contains(name) { throw TrainingError.noMetric(name, among: names) }
    }
}

extension TrainingError {
    static func noMetric(_ name: String, among names: [String]) -> TrainingError {
        TrainingError(
            "metric_for_best_model is '\(name)', but evaluations give \(names.joined(separator: ", "))",
            remedy: "Name one of those, with or without 'eval_'.")
    }
}
