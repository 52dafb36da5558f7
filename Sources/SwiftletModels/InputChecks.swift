import SwiftletIO
import SwiftletNN
import SwiftletTensor

extension ModelInputs {
    /// Whether a model can read these tensors at all: their types, and where they lie. Every model call begins with it.
    ///
    /// - Throws: `ModelError` naming the tensor, what it is and what it should be.
    func checkTensors(for state: ModelState) throws {
        if let parameter = state.store.parameters.first(where: { !$0.isInitialized }) {
            throw ModelError(
                "the model's parameter '\(parameter.name)' has no values yet",
                remedy: "Load a checkpoint, or call state.initializeMissing().", kind: .weights,
                at: ErrorLocation(tensor: parameter.name))
        }
        let ids: [(name: String, argument: String, tensor: Tensor?)] = [
            ("input ids", "input_ids", inputIDs), ("token type ids", "token_type_ids", tokenTypeIDs),
            ("position ids", "position_ids", positionIDs), ("start positions", "start_positions", startPositions),
            ("end positions", "end_positions", endPositions),
        ]
        for case let (name, argument, tensor?) in ids where ![.int64, .int32].contains(tensor.dtype) {
            throw ModelError(
                "the \(name) are \(tensor.dtype.name)", remedy: "Give them as int64 or int32.", kind: .inputs,
                at: ErrorLocation(option: argument))
        }
        if let inputsEmbeds, inputsEmbeds.dtype != state.store.dtype {
            throw ModelError(
                "the input embeddings are \(inputsEmbeds.dtype.name), and the model is \(state.store.dtype.name)",
                remedy: "Convert them: inputsEmbeds.to(.\(state.store.dtype.name)).", kind: .inputs,
                at: ErrorLocation(option: "inputs_embeds"))
        }
        let device = state.store.device
        let others: [(name: String, argument: String, tensor: Tensor?)] = [
            ("attention mask", "attention_mask", attentionMask), ("input embeddings", "inputs_embeds", inputsEmbeds),
            ("labels", "labels", labels),
        ]
        for case let (name, argument, tensor?) in ids + others where tensor.device != device {
            throw ModelError(
                "the \(name) lie on \(tensor.device), and the model on \(device)",
                remedy: "Move the inputs: inputs.to(model.state.device).", kind: .inputs,
                at: ErrorLocation(option: argument))
        }
    }

    /// One label each for the rows or tokens of a batch.
    ///
    /// - Parameters:
    ///   - shape: of the logits without the classes
    ///   - what: "labels", "start positions"
    /// - Throws: `ModelError` for another shape, or numbers with fractions.
    static func checkLabels(_ labels: Tensor, of shape: [Int], _ what: String = "labels") throws {
        let given = labels.shape
        guard given == shape || given == shape + [1] || given == [shape.reduce(1, *)] else {
            throw ModelError(
                "\(what) of shape \(given); the model's answers need \(shape)",
                remedy: "Give one for each row or token of the batch.", kind: .labels,
                at: ErrorLocation(option: "labels"))
        }
        guard !labels.dtype.isFloatingPoint else {
            throw ModelError(
                "the \(what) are \(labels.dtype.name), and classes are whole numbers", remedy: "Give them as int64.",
                kind: .labels, at: ErrorLocation(option: "labels"))
        }
    }
}
