import SwiftletTensor

/// The loss of a sequence-classification head, by the rule of the Python models: without a `problem_type`, one label
/// means regression, integer labels mean one class a row, float labels mean several.
struct ClassificationLoss {
    /// Chosen at the first batch with labels and kept.
    private(set) var problemType: ProblemType?
    let labelCount: Int

    /// - Parameters:
    ///   - logits: `[batch, labels]`
    ///   - labels: `[batch]`, or `[batch, labels]` with several labels a row
    mutating func callAsFunction(_ logits: Tensor, _ labels: Tensor) throws -> Tensor {
        let isInteger = [.int64, .int32, .int16, .int8, .uint8, .bool].contains(labels.dtype)
        let type = problemType ?? (labelCount == 1 ? .regression : isInteger ? .singleLabelClassification : .multiLabelClassification)
        problemType = type
        switch type {
        case .regression:
            let targets = labels.to(logits.dtype)
            return labelCount == 1
                ? F.mse(logits.reshape([-1]), targets.reshape([-1])) : F.mse(logits, targets)
        case .singleLabelClassification:
            let targets = labels.reshape([-1]).to(.int64)
            // libtorch would stop the process on some builds and give an unclear message on others.
            let values = targets.ints()
            if let wrong = values.first(where: { $0 != -100 && !(0..<labelCount).contains($0) }) {
                throw ModelError(
                    "a label is \(wrong), but the model has \(labelCount) labels (0 to \(labelCount - 1))",
                    remedy: "Check the label column, or load the model with numLabels: \((values.max() ?? 0) + 1).")
            }
            return F.crossEntropy(logits.reshape([-1, labelCount]), targets)
        case .multiLabelClassification:
            guard !isInteger, labels.shape == logits.shape else {
                throw ModelError(
                    "multi-label classification needs float labels of shape \(logits.shape), not \(labels.dtype.name) \(labels.shape)",
                    remedy: "Give each row a list of 0.0 and 1.0, one for each label.")
            }
            return F.bceWithLogits(logits, labels)
        }
    }
}
