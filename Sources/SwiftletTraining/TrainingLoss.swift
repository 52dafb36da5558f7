import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

/// The loss of a batch as the arguments want it: the model's own, or with label smoothing or class weights.
struct TrainingLoss {
    private let smoothing: Double
    private let classWeights: Tensor?
    private let weights: [Float]
    private let sumsGroups: Bool
    private let dtype: DType?

    /// - Throws: `TrainingError` for settings that the model's labels don't allow.
    init(_ args: TrainingArguments, _ model: any PretrainedModel) throws {
        smoothing = args.labelSmoothingFactor
        weights = args.classWeights.map(Float.init)
        classWeights =
            args.classWeights.isEmpty
            ? nil : Tensor(args.classWeights.map(Float.init), shape: [args.classWeights.count])
        sumsGroups = args.sumsAccumulatedGradients
        dtype = args.autocastDType
        let classCount = try model.classCount
        if !args.classWeights.isEmpty, let labelCount = classCount, args.classWeights.count != labelCount {
            throw TrainingError(
                "class_weights has \(args.classWeights.count) numbers; the model has \(labelCount) labels",
                remedy: "Give one for each label.", kind: .invalidArgument, at: ErrorLocation(option: "class_weights"))
        }
        if !weights.isEmpty, !weights.contains(where: { $0 > 0 }) {
            throw TrainingError(
                "class_weights are all 0, so that no row counts", remedy: "Give one class a weight above 0 at least.",
                kind: .invalidArgument, at: ErrorLocation(option: "class_weights"))
        }
        if isOwn, classCount == 1 {
            throw TrainingError(
                "label_smoothing_factor and class_weights are for classes; this model predicts a number",
                remedy: "Leave them out.", kind: .invalidArgument, at: ErrorLocation(option: "label_smoothing_factor"))
        }
        if !args.classWeights.isEmpty, classCount == nil {
            throw TrainingError(
                "class_weights are for classes; a model for \(model.taskName) has none", remedy: "Leave them out.",
                kind: .invalidArgument, at: ErrorLocation(option: "class_weights"))
        }
        if smoothing > 0, [.questionAnswering, .featureExtraction, .sentenceEmbeddings].contains(model.task) {
            throw TrainingError(
                "label_smoothing_factor is for labels; a model for \(model.taskName) has none", remedy: "Leave it out.",
                kind: .invalidArgument, at: ErrorLocation(option: "label_smoothing_factor"))
        }
    }

    private var isOwn: Bool { smoothing > 0 || classWeights != nil }

    /// Whether `labelCount(in:)` matters.
    var countsLabels: Bool { smoothing > 0 && classWeights == nil }
    /// Whether a process's loss is its part of a sum over all processes, where a mean of means is usual: with label
    /// smoothing, which divides by all labels, and where Python's way of adding up is wanted.
    var isShareOfAll: Bool { countsLabels || sumsGroups }

    /// Labels that count, over all batches of one update.
    func labelCount(in group: [ModelInputs]) -> Int {
        guard smoothing > 0 else { return 0 }
        return group.reduce(0) { count, inputs in
            count + (inputs.labels.map { Int($0.ne(-100).to(.int64).sum().item()) } ?? 0)
        }
    }

    /// - Parameters:
    ///   - groupSize: batches of the update; the loss is divided by it, so that gradients are a mean.
    ///   - labelCount: what `labelCount(in:)` gave; `nil` in evaluation, where the batch stands alone.
    /// - Returns: the loss, float32 `[]`, and what metrics are given, float32.
    func callAsFunction(
        _ model: any PretrainedModel, _ inputs: ModelInputs, groupSize: Int = 1, labelCount: Int? = nil
    ) throws -> (loss: Tensor, outputs: [Tensor]) {
        guard isOwn else {
            let output: any ModelOutput = try autocast(dtype, on: model.state.device) { try model(inputs) }
            return (scaled(try output.loss.to(.float32), groupSize), output.predictions.map { $0.to(.float32) })
        }
        guard let labels = inputs.labels else {
            throw TrainingError(
                "the batch has no labels", remedy: "Name the dataset's label column 'label' or 'labels'.",
                kind: .noLabels, at: ErrorLocation(column: "labels"))
        }
        guard labels.dtype == .int64 else {
            throw TrainingError(
                "label_smoothing_factor and class_weights need one class a row",
                remedy: "Leave them out, or give each row one class.", kind: .invalidArgument,
                at: ErrorLocation(option: "label_smoothing_factor"))
        }
        var inputs = inputs
        inputs.labels = nil
        let output: any ModelOutput = try autocast(dtype, on: model.state.device) { try model(inputs) }
        let outputs = output.predictions.map { $0.to(.float32) }
        guard let logits = outputs.first, let width = logits.shape.last else {
            throw TrainingError(
                "the model gave no logits", remedy: "Give the Trainer a model whose answer has logits.",
                kind: .unsupported)
        }
        let rows = logits.reshape([-1, width])
        let targets = labels.reshape([-1])
        guard classWeights == nil else {
            // The mean of no weight is not a number, and would be the end of all parameters.
            if weights.contains(0), !targets.ints().contains(where: { weights.indices.contains($0) && weights[$0] > 0 })
            {
                return (rows.sum() * 0, outputs)
            }
            let loss = F.crossEntropy(
                rows, targets, labelSmoothing: smoothing, weight: classWeights?.to(rows.device))
            return (scaled(loss, groupSize), outputs)
        }
        // As in the reference: sums over the batch, divided by the labels of the whole update.
        let count = labelCount ?? Int(labels.ne(-100).to(.int64).sum().item())
        let sum = F.crossEntropy(rows, targets, labelSmoothing: smoothing, reduction: .sum)
        return (sum / Double(max(count, 1)), outputs)
    }

    private func scaled(_ loss: Tensor, _ groupSize: Int) -> Tensor {
        groupSize > 1 && !sumsGroups ? loss / Double(groupSize) : loss
    }
}
