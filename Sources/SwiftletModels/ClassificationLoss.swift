import SwiftletNN
import SwiftletTensor

/// How a family's Python class computes the loss of sequence classification where `problem_type` is not given.
public enum ClassificationLossRule: Sendable {
    /// By the labels' type: one class a row, or several, each of which is right or wrong.
    case standard
    /// As DeBERTa: labels below 0 count for nothing, and several labels a row are the probabilities of the classes.
    case deberta
}

/// The loss of a sequence-classification head, by the rule of the Python models: without a `problem_type`, one label
/// means regression, integer labels mean one class a row, float labels mean several.
struct ClassificationLoss {
    /// Chosen at the first batch with labels and kept.
    private(set) var problemType: ProblemType?
    let labelCount: Int
    let rule: ClassificationLossRule

    init(problemType: ProblemType?, labelCount: Int, rule: ClassificationLossRule = .standard) {
        self.problemType = problemType
        self.labelCount = labelCount
        self.rule = rule
    }

    /// - Parameters:
    ///   - logits: `[batch, labels]`
    ///   - labels: `[batch]`, or `[batch, labels]` with several labels a row
    ///   - state: the model's, which says with which kernels it runs
    mutating func callAsFunction(_ logits: Tensor, _ labels: Tensor, _ state: ModelState) throws -> Tensor {
        if problemType == nil, rule == .deberta { return try debertaLoss(logits, labels, state) }
        let isInteger = [.int64, .int32, .int16, .int8, .uint8, .bool].contains(labels.dtype)
        let type = problemType ?? (labelCount == 1 ? .regression : isInteger ? .singleLabelClassification : .multiLabelClassification)
        problemType = type
        switch type {
        case .regression:
            let targets = labels.to(logits.dtype)
            return labelCount == 1
                ? F.mse(logits.reshape([-1]), targets.reshape([-1])) : F.mse(logits, targets)
        case .singleLabelClassification:
            return try classLoss(logits, labels, of: labelCount, "labels", state)
        case .multiLabelClassification:
            guard !isInteger, labels.shape == logits.shape else {
                throw ModelError(
                    "multi-label classification needs float labels of shape \(logits.shape), not \(labels.dtype.name) \(labels.shape)",
                    remedy: "Give each row a list of 0.0 and 1.0, one for each label.", kind: .inputs)
            }
            return F.bceWithLogits(logits, labels)
        }
    }
}

extension ClassificationLoss {
    /// No problem type is chosen, nor kept.
    private func debertaLoss(_ logits: Tensor, _ labels: Tensor, _ state: ModelState) throws -> Tensor {
        if labelCount == 1 { return F.mse(logits.reshape([-1]), labels.reshape([-1]).to(logits.dtype)) }
        if labels.rank == 1 || labels.shape.last == 1 {
            let classes = labels.reshape([-1]).to(.int64)
            let known = Tensor.where(classes.lt(0), Tensor.full(classes.shape, -100, dtype: .int64, device: classes.device), classes)
            // The mean over no rows would not be a number.
            return known.lt(0).all() ? logits.sum() * 0 : try classLoss(logits, known, of: labelCount, "labels", state)
        }
        guard labels.shape == logits.shape else {
            throw ModelError(
                "labels of shape \(labels.shape) for logits of shape \(logits.shape)",
                remedy: "Give a class a row, or a probability for each class.", kind: .inputs)
        }
        return -((logits.logSoftmax(-1) * labels.to(logits.dtype)).sum(-1)).mean()
    }
}

/// The cross-entropy of classes, -100 for none, over all places.
///
/// - Parameters:
///   - logits: `[..., classes]`
///   - labels: int64, as many as there are rows of logits
///   - name: what the classes are, for messages
func classLoss(
    _ logits: Tensor, _ labels: Tensor, of count: Int, _ name: String, _ state: ModelState
) throws -> Tensor {
    let rows = logits.reshape([-1, count])
    let targets = labels.reshape([-1]).to(.int64)
    guard targets.count == rows.shape[0] else {
        throw ModelError("labels of shape \(labels.shape) for logits of shape \(logits.shape)", kind: .inputs)
    }
    // libtorch would stop the process on some builds and give an unclear message on others.
    let values = targets.ints()
    if let wrong = values.first(where: { $0 != -100 && !(0..<count).contains($0) }) {
        throw ModelError(
            "a label is \(wrong), but the model has \(count) \(name) (0 to \(count - 1))",
            remedy: name == "labels"
                ? "Check the label column, or load the model with numLabels: \((values.max() ?? 0) + 1)." : nil,
            commandLine: name == "labels" ? "Check the label column of the dataset." : nil,
            kind: .inputs)
    }
    return state.crossEntropy(rows, targets)
}

extension ModelState {
    /// The mean cross-entropy, with the kernels that the model runs with.
    func crossEntropy(_ logits: Tensor, _ targets: Tensor, ignoreIndex: Int = -100) -> Tensor {
        runsFused
            ? FusedF.crossEntropy(logits, targets, ignoreIndex: ignoreIndex)
            : F.crossEntropy(logits, targets, ignoreIndex: ignoreIndex)
    }
}
