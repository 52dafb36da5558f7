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
        let result = try run(dataset, name: "the evaluation dataset", prefix: "eval")
        let metrics = result.metrics
        try log(JSONObject(metrics.map { ($0.name, .double($0.value)) }))
        return metrics + [("epoch", state.epoch)]
    }

    /// The logits of every row in order, with loss and metrics where the dataset has labels.
    public func predict(_ dataset: Dataset, metricKeyPrefix: String = "test") throws -> PredictionOutput {
        try run(dataset, name: "the dataset to predict", prefix: metricKeyPrefix)
    }

    private func run(_ dataset: Dataset, name: String, prefix: String) throws -> PredictionOutput {
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
        var (logits, lossSum) = ([Float](), 0.0)
        logits.reserveCapacity(examples.count * labelCount)
        try model.state.evaluating {
            try noGrad {
                for (index, batch) in all.enumerated() {
                    var rows = batch.map { examples.rows[$0] }
                    if isUnlabelled { for row in rows.indices { rows[row].label = nil } }
                    let output = try model(try collator(rows).to(model.state.device))
                    logits += output.logits.floats()
                    if let loss = output.loss { lossSum += loss.item() * Double(batch.count) }
                    callbacks.forEach { $0.onPredictionStep(done: index + 1, total: all.count) }
                    if stop.isSet { throw TrainingError("interrupted") }
                }
            }
        }
        let seconds = (clock.now - start).seconds
        let predictions = NumberArray(logits, shape: [examples.count, labelCount])

        var metrics: [(name: String, value: Double)] = []
        let labels = examples.rows.compactMap(\.label)
        let ids = labels.compactMap { if case .id(let id) = $0 { id } else { nil } }
        if !isUnlabelled {
            metrics.append(("\(prefix)_loss", lossSum / Double(examples.count)))
            if let computeMetrics {
                let values = try computeMetrics(
                    EvalPrediction(predictions: predictions, labelIDs: ids, labelValues: labels.flatMap(\.numbers)))
                for (key, value) in values {
                    metrics.append((key.hasPrefix("\(prefix)_") ? key : "\(prefix)_\(key)", value))
                }
            }
        }
        metrics += speedMetrics(prefix, seconds: seconds, samples: examples.count, steps: all.count)
        return PredictionOutput(
            predictions: predictions, labelIDs: examples.hasLabels ? ids : nil, metrics: metrics)
    }
}

extension Label {
    var numbers: [Double] {
        switch self {
        case .id(let id): [Double(id)]
        case .value(let value): [value]
        case .values(let values): values
        }
    }
}
