import SwiftletIO
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
        let isInteger = !labels.dtype.isFloatingPoint
        let type =
            problemType
            ?? (labelCount == 1 ? .regression : isInteger ? .singleLabelClassification : .multiLabelClassification)
        let loss =
            switch type {
            case .regression: try regressionLoss(logits, labels)
            case .singleLabelClassification: try classLoss(logits, labels, "labels", state)
            case .multiLabelClassification: try multiLabelLoss(logits, labels)
            }
        problemType = type
        return loss
    }

    private func regressionLoss(_ logits: Tensor, _ labels: Tensor) throws -> Tensor {
        let (shape, rows) = (labels.shape, logits.shape[0])
        if labelCount == 1 {
            guard shape == [rows] || shape == [rows, 1] else {
                throw ModelError(
                    "labels of shape \(shape) for a regression of \(rows) rows",
                    remedy: "Give one number for each row, [\(rows)].", kind: .labels,
                    at: ErrorLocation(option: "labels"))
            }
            return F.mse(logits.reshape([-1]), labels.reshape([-1]).to(logits.dtype))
        }
        guard shape == logits.shape else {
            throw ModelError(
                "labels of shape \(shape) for a regression of \(labelCount) numbers a row, whose answers are \(logits.shape)",
                remedy:
                    "Give each row \(labelCount) numbers; for classes, load the model with problemType: .singleLabelClassification.",
                kind: .labels, at: ErrorLocation(option: "labels"))
        }
        return F.mse(logits, labels.to(logits.dtype))
    }

    private func multiLabelLoss(_ logits: Tensor, _ labels: Tensor) throws -> Tensor {
        guard labels.dtype.isFloatingPoint, labels.shape == logits.shape else {
            throw ModelError(
                "multi-label classification needs float labels of shape \(logits.shape), not \(labels.dtype.name) \(labels.shape)",
                remedy: "Give each row a list of 0.0 and 1.0, one for each label.", kind: .labels,
                at: ErrorLocation(option: "labels"))
        }
        return F.bceWithLogits(logits, labels.to(logits.dtype))
    }
}

extension ClassificationLoss {
    /// No problem type is chosen, nor kept.
    private func debertaLoss(_ logits: Tensor, _ labels: Tensor, _ state: ModelState) throws -> Tensor {
        if labelCount == 1 { return try regressionLoss(logits, labels) }
        guard labels.shape.first == logits.shape[0] else {
            throw ModelError(
                "labels of shape \(labels.shape) for \(logits.shape[0]) rows",
                remedy: "Give a class a row, or a probability for each class.", kind: .labels,
                at: ErrorLocation(option: "labels"))
        }
        if labels.rank == 1 || labels.shape.last == 1 {
            // Python cuts off fractions; here only whole numbers pass, of whatever type.
            if labels.dtype.isFloatingPoint, let wrong = labels.doubles().first(where: { $0.rounded() != $0 }) {
                throw ModelError(
                    "a label is \(wrong), and classes are whole numbers", remedy: "Give them as int64.", kind: .labels,
                    at: ErrorLocation(option: "labels"))
            }
            let classes = labels.reshape([-1]).to(.int64)
            let known = Tensor.where(
                classes.lt(0), Tensor.full(classes.shape, -100, dtype: .int64, device: classes.device), classes)
            // The mean over no rows would not be a number.
            return known.lt(0).all() ? logits.sum() * 0 : try classLoss(logits, known, "labels", state)
        }
        guard labels.shape == logits.shape else {
            throw ModelError(
                "labels of shape \(labels.shape) for logits of shape \(logits.shape)",
                remedy: "Give a class a row, or a probability for each class.", kind: .labels,
                at: ErrorLocation(option: "labels"))
        }
        return -((logits.logSoftmax(-1) * labels.to(logits.dtype)).sum(-1)).mean()
    }
}

/// The cross-entropy of classes, -100 for none, over all positions.
///
/// - Parameters:
///   - logits: `[..., classes]`
///   - labels: whole numbers, shaped as the logits without their classes
///   - name: what the classes are, for messages
func classLoss(
    _ logits: Tensor, _ labels: Tensor, _ name: String, _ state: ModelState
) throws -> Tensor {
    let shape = Array(logits.shape.dropLast())
    try ModelInputs.checkLabels(labels, of: shape)
    let count = logits.shape[shape.count]
    let rows = logits.reshape([-1, count])
    let targets = labels.reshape([-1]).to(.int64)
    // libtorch would stop the process on some builds and give an unclear message on others.
    let values = targets.ints()
    let most = values.max() ?? 0
    if let wrong = values.first(where: { $0 != -100 && !(0..<count).contains($0) }) {
        throw ModelError(
            "a label is \(wrong), but the model has \(count) \(name) (0 to \(count - 1))",
            remedy: name == "labels"
                ? "Check the label column\((count..<ModelConfig.Limit.labels).contains(most) ? ", or load the model with numLabels: \(most + 1)" : "")."
                : nil,
            kind: .labels, at: ErrorLocation(option: "labels"))
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
